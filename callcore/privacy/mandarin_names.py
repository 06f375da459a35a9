"""Names in Mandarin, beyond what the rules for entities find.

Those rules look for what is certain, since a wrong name in a work order is a nuisance. Here a name that is missed is a
leak, and what is masked for nothing costs a word.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence

from callcore.pinyin import syllables
from callcore.privacy.mandarin_lexicon import any_of, is_nationality
from callcore.privacy.spans import DOUBT, HAN, NEVER, Secret
from callcore.privacy.view import View
from callcore.types import Role
from callcore.understand.entities.zh.people import COMMON, COMPOUND, RARE

_ANY = f"{COMMON}{RARE}付代占仵过户才门么厍粟亓妥谯淦爨漆亢侴佴镡笪骆羿庹宓麦狄裘湛鄞宿暴琚璩笃郇禄"
#: the most frequent ones, nine people of ten
_FREQUENT = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎余潘杜戴夏钟汪"
    "田任姜范方石姚谭"
    "廖邹熊金陆郝孔白崔康毛邱秦江史顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕"
    "聂焦向柳邢"
)
_HAN = "\u4e00-\u9fff"
#: begin no given name, and end one that is being read
_STOP = (
    "我是的这那吧啊呢哈了在有想要你您他她它不就也手身电卡来打请和跟吗嘛呀哦嗯住尾账号码对没说因什么到从被把给需求咨询"
    "办查开投诉问取"
    "挂失还已经先帮去呃额噢诶吱哪怎几个位们得着过会能可以应该麻烦谢"
)
_GIVEN = f"(?:[{_HAN}](?<![{_STOP}]))"
_GIVEN_NAME = f"(?:可[欣心儿可馨昕盈人]|{_GIVEN}{{1,2}})"  #: 可 is a word of talk, and begins names of women
_GAP = "[ ,:、]{0,2}"
FILLER = "(?:嗯+|呃|啊|额|哦|那个|就是|对|是的?|好的?|你好|您好|喂|行)"
_PERSON = (
    "老公|老婆|丈夫|妻子|儿子|女儿|爸爸?|妈妈?|父亲|母亲|先生|太太|爱人|朋友|同事|哥哥?|姐姐?|弟弟?|妹妹?|室友|房东|"
    "老板|孩子|爷爷|奶奶|外公|"
    "外婆|姥姥|姥爷|公公|婆婆|岳父|岳母|舅舅|叔叔|阿姨|姑姑|侄子|侄女|外甥女?|外孙女?|孙子|孙女|媳妇|闺女|老伴|邻居|"
    "前?男友|前?女友|男朋友|女朋友|前夫|前妻|嫂子?|姐夫|妹夫|[表堂][哥姐弟妹]|徒弟|师父|房客|租客|亲家|女婿"
)
_CUE = re.compile(
    rf"(?:(?:我|他|她|本人|也)(?:的名字)?叫(?:做)?|(?:名字|姓名|全名|户名|真名|大名|名儿?)(?:就?是|叫做?|(?:写|填|留|"
    rf"登记)的?是?)?"
    rf"|(?:收款|付款|持卡|开户|联系|经办|申请|投保|被保险|受益|代办|担保|收件|寄件|紧急联系|办理|借款|共同借款|户)人"
    rf"(?:的?(?:名字|姓名))?(?:就?是|叫|为|(?:写|填|留)的?是?)|(?:机主|户主|法人(?:代表)?|对方|推荐人)(?:就?是|叫|"
    rf"姓名是?)"
    rf"|(?:{_PERSON})(?:的名字)?(?:是叫|叫|名字是)|叫做|名叫|本人(?=[{_FREQUENT}]))"
    rf"{_GAP}(?:{FILLER}{_GAP})?(?:是|叫)?"
)
_FAMILY = re.compile(
    rf"(?:免贵|我|本人|也|他|她|客户|先生|女士|"
    rf"机主)?(?<!您贵)(?<!请问贵)(?<!^贵)姓(?:是)?{_GAP}(?P<name>{COMPOUND}|[{_HAN}])"
)
#: surnames that are words elsewhere: 我姓那，对
_OWN_FAMILY = re.compile(r"(?:免贵|我|本人)姓(?P<name>[那和别有不老])(?=[ ,.。!?啊呀]|$)")
_NO_FAMILY = re.compile("[名什么氏的啥谁甚质别和与不我您你他她这那大老有在,. ]")
_NO_NAME = re.compile(
    "什么|啥|谁|哪|怎|不|做|您|你|他|她|我|了|的|是|吗|呢|一[下个样致]|对[不吗]|错|正确|和|跟|与|没|有|多少|车|外卖|"
    "人工|保安|警察|来|起来"
    "|停|好|出|上|下|这|那|变|改|过|写|登记|号|卡|账|银|手机|身份|信息|必须|需要|要|核|匹配|相[同符]|填|也|都|还|先|"
    "就|可以|能|会|应该|因为|但"
    "|[ ,.。?!:]|$|栏|字|拼|全"
)
_TALK = re.compile("那边|那个|那[位里么些样天]|这|什么|怎么|哪|和[您你我]")
_WHOLE = re.compile(
    rf"(?:[ ,.。!?]|{FILLER}|我叫|我是|叫|本人|免贵)*(?P<name>(?:{COMPOUND}){_GIVEN}{{1,2}}|"
    rf"[{_FREQUENT}]{_GIVEN}{{1,2}})"
    r"(?:[ ,.。!?]|啊|呀|哈|吧|先生|女士|对|本人)*"
)
_ANSWER = re.compile(
    rf"(?:[ ,.。!?]|{FILLER}|我叫|我是|叫|姓|本人|免贵|一个|我)*(?P<name>[{_HAN}]{{1,4}}?)"
    "(?:[ ,.。!?啊呀哈吧的]|对|先生|女士)*"
)
ANSWER_CLAUSE = re.compile("[^ ,.。!?]+")
_NAME_CLAUSE = re.compile(
    rf"(?:{FILLER}|我叫|我是|叫|本人|免贵)*(?P<name>(?:{COMPOUND}|"
    rf"[{_ANY}]){_GIVEN_NAME})(?:啊|呀|哈|先生|女士)?"
)
_LATIN_NAME = re.compile(r"[a-z][a-z'-]+(?: [a-z][a-z'-]+){0,2}")
_ANSWERING = 4  # clauses of an answer in which a name is looked for
_SHORT_ANSWER = 16  # characters
NO_ANSWER = re.compile(
    "稍等|等一?下|等等|什么|怎么|为什么|不用|不是|没有|不要|可以|知道|不知道|谢谢|明白|听|没事|没错|正确|不对|干嘛|好|"
    "行|对|嗯|哦|啊|我|你|您|请问|喂|这"
)
_WORDS = re.compile(
    "高级|高兴|高铁|高额|高速|高考|马上|马虎|方便|方法|方式|方案|何时|何必|何况|黄金|周[一二三四五六日末天期]|金额|"
    "金卡|金融|金条|白金|白天|白条|白名|于是|许多|许可|安全|安排|"
    "安装|安心|万一|万能|万[元块]|常用|常见|常规|程序|余额|余下|任何|任意|任务|石油|毛病|谢谢|郑重|曾经|杜绝|夏天|"
    "钟头|范围|陆续|顾客|"
    "段时|钱[都是就没包]|江苏|江西|吴江|苏州|苏宁|龙卡|温馨|严重|严格|文件|文字|申请|申诉|尤其|章程|施工|方面|"
    "马[甲路]|牛奶|高[一二三]|康复|孔雀|白色|黄色|石家庄|张家|王府|王者"
    "|李宁|陈述|林业|罗马|宋[词体]|韩国|唐人|董事|曹操|邓小|许[久可多]|沈阳|苏打|卢布|叶子|杜[绝撰]|田地|"
    "任[何意务职命性用]|方[便法式案面向]|石[油头化]|金[额卡融条牌葵色管]|陆续|毛[病利]"
    "|秦皇|江[湖山南北]|史[上料]|万[分一能元]|段[落位]|雷同|汤圆|易[于方]|常[常用见规住年]|武汉|乔迁|"
    "张[图表单纸卡嘴照票罗]|[伍陆][万千百仟佰拾元]|买[牛羊车房菜卖东]|"
    "安[全排心装静检徽]|牛[奶肉年]|温[度馨州]|季[度节]|章[程节]|文[件字化案]"
)
#: characters that given names are made of; by themselves they prove nothing, three in a row with a surname do
_TYPICAL = (
    "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀霞平刚桂英华玉萍红梅鹏飞宇浩轩梓涵欣怡建国志文俊凯峰辉婷雪琳慧莹颖倩璐瑶佳嘉"
    "雨晨阳旭东斌波彬兵林海燕琴兰凤"
    "莲珍淑翠菊贞荣洁珊莉萱诺妍熙豪博睿哲瀚翔航龙晓云岚琪瑞祥庆福贵德昌永春生清荷思雅诗语若曦一依心悦彤晴薇蕾馨蓉茜茹"
    "菲宁宏毅立培振亮鑫森焱垚铭钧锋锐松柏楠桦"
    "丹亚媛婉娅娇婵媚嫣芬芝芸苗苑茵莎蓓蕊子紫可佩佑俐俪健儒元光全兆克利加勤友双叶启和喜坤城增天奇威学安定宗"
    "家富宾寿小少尚山岩川帅广弘彦忠恒恺成才承昊昕"
)
_NAME_LIKE = re.compile(
    rf"(?P<name>[{_FREQUENT}][{_TYPICAL}]{{2}})(?![{_HAN}]?(?:路|街|镇|市|区|县|省|村|店|大厦|小区|支行|分行|银行|"
    rf"公司|集团|学校|医院))"
)
#: before 先生 and 女士, where any other character is a surname
NO_SURNAME = f"{_STOP}老小大女男每各该某两几多新前后好美俊帅另和与跟叫让替帮如请"
#: a rare surname before a title, where a name is likely: after an answer, a greeting, a question, at the beginning
_ADDRESSED = re.compile(
    rf"(?:^|[ ,.。!?、]|好的|您好|你好|请问|[您就]是|感谢|谢谢|嗯|哦|啊)(?P<name>{COMPOUND}|"
    rf"[{_HAN}](?<![{NO_SURNAME}])(?=先生|女士)|[{_ANY}](?<![和都来全应时成位解保那的老小大]))"
    r"(?:女士|先生|小姐|太太|老太太|老先生|老爷子|老人家|老师|阿姨|叔叔|大爷|大妈|大叔|大娘|爷爷|奶奶|伯伯|大哥|大姐|师傅|大夫|经理|医生|同学)"
)
#: whom somebody is said to have spoken to: 说“陆姐，这个稳”
_QUOTED = re.compile(
    rf"[\"“‘「说道喊][ ,:\"“]{{0,2}}(?P<name>{COMPOUND}|[{_HAN}](?<![{NO_SURNAME}]))"
    "(?=(?:姐|哥|叔|姨|总|工|老师|女士|先生|小姐|师傅|老板|阿姨)(?:[ ,.。!?]|放心|您|你|我))"
)
_TAKEN_UP = re.compile(
    rf"(?P<name>[{_FREQUENT}]{_GIVEN}{{1,2}})(?:(?:这个名字|的名字|就是我|是我本人|是我(?:{_PERSON}))|(?:女士|先生|"
    rf"小姐)?(?:您好|你好)|本人)"
)
#: what an agent writes down: 我写段青云可以吗
_WRITTEN = re.compile(
    rf"(?:写|登记|记)(?:成|的是|作)?(?P<name>(?:{COMPOUND}|[{_FREQUENT}]){_GIVEN}{{1,2}})(?=(?:可以|行|对|好|是)(?:吗|不|吧))"
)
_OF_MINE = re.compile(rf"(?:我们?|他|她|您|你)?家?(?:{_PERSON}),?(?P<name>(?:{COMPOUND}|[{_ANY}]){_GIVEN_NAME})")
_TO_SOMEBODY = re.compile(
    rf"(?:转给|汇给|打给|付给|寄给|发给|还给|借给|交给|转到|汇到|帮|替)(?P<name>(?:{COMPOUND}|[{_ANY}]){_GIVEN}{{1,2}})"
    r"(?=[ ,.。!?的]|[一二两三四五六七八九十百千万\d]|$|转|汇|打|还|交|存|取|办)"
)
#: who says who they are: 我是司马青衫, 我是李雷的太太
_I_AM = re.compile(
    rf"(?:^|[ ,.。!?、])(?:{FILLER}[ ,]?)*(?:我|这边|这里)是"
    rf"(?P<name>(?:(?:{COMPOUND}){_GIVEN}{{1,2}}|[{_FREQUENT}]{_GIVEN}{{2}})(?=[ ,.。!?]|$|的(?:{_PERSON}))|"
    rf"[{_FREQUENT}]{_GIVEN}(?=的(?:{_PERSON})))"
)
#: a nickname behind whom it belongs to: 我单位领导老邱
_NICKNAME = re.compile(
    rf"(?:{_PERSON}|领导|哥们儿?|兄弟|战友|同学|工友|老乡|师兄|师弟|闺蜜)[ ,]?(?P<name>[老大小阿][{_FREQUENT}])"
    rf"(?=[ ,.。!?的]|说|$|那|名下|转|打|帮)"
)
#: others of a caller's, told at the end of a clause or where something is told of them: 我小叔子鲁明让我办的
_OTHERS_NAME = re.compile(
    rf"(?:{any_of('others')}|媳妇儿?|{_PERSON})[ ,]?"
    rf"(?P<name>(?:{COMPOUND}|[{_FREQUENT}{COMMON}])(?:[{_HAN}](?<![{_STOP}])){{1,2}}?)"
    r"(?=[ ,.。!?、](?!路|街)|$|的(?:[,.。]|钱|卡|账|名)|让|用|借|说|都是|帮|转|拿|把|给)"
)
_OTHERS_NICKNAME = re.compile(
    rf"(?:(?:{any_of('others')}|{_PERSON})(?:那个|楼[上下]|[一二三四五六七八九\d]楼)?|"
    "(?:小区|门口|楼下)(?:的)?(?:保安|门卫)(?:师傅)?)"
    rf"(?P<name>[老小阿][{_HAN}](?<![{_STOP}板公婆伙弟妹姐哥家区店学时孩姨])|"
    rf"[{_ANY}](?=[叔婶姨伯嫂姐哥](?:[ ,.。!?的]|$)))"
    r"(?=[ ,.。!?的]|说|用|偷|拿|借|$|那|让|名下|转|打|帮|[叔婶姨伯嫂姐哥])"
)
#: a stranger in a story: 有个叫鲁明的打电话来, 有个自称鲁明的人
_STRANGER = re.compile(
    rf"(?:(?:有|是|那)个|一个|一位|有位)(?:人|女的|男的)?(?:叫做?|自称(?:是|叫)?|名叫)(?P<name>(?:{COMPOUND}|[{_ANY}])(?!警[官察]|主任|经理|[科处局队]长|老师|先生|女士|小姐|专员|客服)"
    rf"[{_HAN}](?<![{_STOP}])(?:[{_HAN}](?<![{_STOP}]))?)(?=的(?!店|公司|平台|软件|网站|产品|商家|游戏|餐|饭|app|东西|牌子|"
    r"[客经主柜员]))"
)
#: a post in a village, which is no bank's: 苏支书
_VILLAGE_POST = re.compile(rf"(?P<name>[{_ANY}])(?=支书|村长|队长家|书记家|会计家)")
_CANTONESE = re.compile(rf"(?:我系|我是|叫我)(?P<name>[{_FREQUENT}{COMMON}])(?=(?:太|生)(?:[ ,.。]|$))")
_SINGLE = re.compile(rf"单名(?:就?是)?(?:一个|个)?(?P<name>[{_HAN}])")
_BEFORE_DESCRIBED = re.compile(rf"(?P<name>(?:{COMPOUND}|[{_ANY}])[{_HAN}]{{0,2}})[ ,、]*$")
_DESCRIBED = re.compile(
    rf"(?P<all>(?:[{_HAN}](?:呢|啊|呀|嘛)?(?:就?是|,|、|"
    rf" )?)?(?P<word>[{_HAN}]{{2,4}})的(?P<one>[{_HAN}]))(?P<after>[{_HAN}]?)"
)
_PARTS = re.compile(
    rf"(?:单人|双人|三点水|两点水|草字|宝盖|木字|言字|王字|竖心|提手|金字|女字|绞丝|火字|走之|反犬|耳刀|日字|月字|"
    rf"口字|立刀|雨字|山字)"
    rf"(?:旁|头|底|儿)?(?:儿)?(?:的|加|一个)(?P<one>[{_HAN}])"
)
_HEADED = re.compile(
    rf"(?:[草竹雨]字?头|[女木言王日月口火土]字旁)(?:儿)?(?:那个|的|加)?(?P<one>[{_HAN}])(?=[ ,.。!?、]|$)"
)
#: a name of one character, and after it how that is written: 郦，郦道元的郦; 姓鄂，湖北那个鄂
_SELF_TOLD = re.compile(
    rf"(?:^|[ ,.。!?、姓])(?P<one>{COMPOUND}|[{_HAN}])(?:[ ,.。、]{{1,2}}|字)"
    rf"(?P<told>[{_HAN}]{{1,6}}?(?:的那个|那个|的|个)(?P=one))(?=[ ,.。!?、]|$)"
)
_SAID_FIRST = re.compile(
    rf"(?:^|[ ,.。!?、姓])(?P<name>{COMPOUND}|[{_ANY}])[ ,、]+(?=(?P=name){_GIVEN}{{1,2}}(?:[ ,.。]|$))"
)
_DESCRIBED_LEAST = 0.3  #: probability below which the tagger takes back 明天的明 where no name was asked for
_THAT_ONE = re.compile(rf"[{_HAN}]{{1,6}}(?:那个|这个)(?P<one>[{_HAN}])$")  #: 草字头那个蔺
_NAME_CHARACTERS = re.compile(f"(?:我叫|我是|叫|姓)?(?P<name>[{_HAN}]{{2,4}})")
_LIKE_NAME = re.compile(rf"(?:{COMPOUND}|[{_ANY}]){_GIVEN}{{1,2}}")
#: 覃就是西字头..., 库字少上头一点, 不是仓库的库: what begins to tell how a character is written
_TOLD_OF = re.compile(
    rf"(?:不是|就是|也?就是)?(?:(?P<one>[{_HAN}])(?:就是|是|字|呢是)|(?=[{_HAN}]{{1,3}}的|草|上面|下面|左边|右边))"
)
_PART_WORDS = re.compile(
    "[字草竹雨宝][头盖]|偏旁|[字人边]旁|字底|去掉|少(?:了|上头|下头|个|一)?.?[点横竖撇捺]|多一?[点横竖撇捺]|"
    "(?:上|下|左|右|里|中)(?:面|边|头|间)(?:加|是|一个|个|那个|的|早|那)|那[一两]?[点横竖撇捺]"
)
_IN_LETTERS = re.compile(rf"(?P<one>[{_HAN}])是(?P<letters>[a-z](?: ?[a-z]){{1,5}})(?![a-z])")
#: a name and two syllables that a recogniser may have written otherwise than as a title, by themselves in a clause
_LOOKED_AFTER = frozenset("宿楼库城协保店")  #: before 管, of those who look after it
_WISH = re.compile(
    "祝(?:阿姨|叔叔|大爷|大妈|爷爷|奶奶|先生|女士|老师|师傅|大哥|大姐)(?:也|您)?(?:早|身体|健康|平安|生活|一切|顺|新年|节日)"
)
_TITLED = re.compile(
    rf"(?:^|[,。!?、])(?:{FILLER}[,、]?)?(?P<name>[{_HAN}])(?!先生|女士|小姐)(?P<title>[{_HAN}]{{2}})(?=[,。!?、]|您|$)"
)
_TITLES = {("xian", "sheng"), ("nv", "shi")}
_FOREIGNER = re.compile(r"叫(?:做)?(?P<name>[a-z][a-z'-]+(?: [a-z][a-z'-]+){0,2}) ?(?=的?(?:人|男|女|先生|小姐|家伙))")
_FOREIGN = re.compile(rf"[a-z][a-z'.-]*(?: [a-z][a-z'.-]*){{0,2}}|[{_HAN}]+(?:[·・.][{_HAN}]+)+")
_SURNAME = re.compile(f"{COMPOUND}|[{_HAN}]")


def names(view: View) -> Iterator[Secret]:
    """Names after words that introduce one, as whole answers, and spelled by their characters."""
    text = view.text
    for match in _CUE.finditer(text):
        end = _name_end(view, match.end())
        if end > match.end():
            yield Secret("name", match.end(), end, least=HAN)
    for match in _FAMILY.finditer(text):
        if not _NO_FAMILY.match(match["name"]):
            yield Secret("name", *match.span("name"))
    for match in _OWN_FAMILY.finditer(text):
        yield Secret("name", *match.span("name"), least=NEVER)
    for pattern in (_NAME_LIKE, _TAKEN_UP, _WRITTEN, _OF_MINE, _TO_SOMEBODY, _ADDRESSED, _I_AM, _NICKNAME):
        least = NEVER if pattern in (_I_AM, _NICKNAME) else HAN
        for match in pattern.finditer(text):
            if not _WORDS.match(match["name"]):
                yield Secret("name", *match.span("name"), least=least)
    if view.speaker is not Role.AGENT:
        for pattern in (_OTHERS_NAME, _OTHERS_NICKNAME, _STRANGER, _VILLAGE_POST, _CANTONESE):
            for match in pattern.finditer(text):
                if not _WORDS.match(match["name"]):
                    yield Secret("name", *match.span("name"), least=NEVER)
    for pattern in (_SINGLE, _SAID_FIRST, _FOREIGNER, _QUOTED):
        for match in pattern.finditer(text):
            yield Secret("name", *match.span("name"))
    for match in _SELF_TOLD.finditer(text):
        surname = len(match["one"]) > 1 or match["one"] in _ANY or text[: match.start("one")].endswith("姓")
        if surname or view.asked == "name":
            yield Secret("name", *match.span("one"), least=NEVER)
            yield Secret("name", *match.span("told"), least=NEVER)
    for match in _TITLED.finditer(text):
        if tuple(syllables(match["title"])) in _TITLES:
            yield Secret("name", match.start("name"), match.end("title"), least=NEVER)
    yield from _answered(view)
    yield from _spelled(text, DOUBT if view.asked == "name" else _DESCRIBED_LEAST)
    yield from _told_after(text)


def is_no_name(name: str) -> bool:
    """Whether what looks like a name is something else."""
    return _WORDS.match(name) is not None or _TALK.match(name) is not None or is_nationality(name)


def is_no_surname(text: str, start: int, end: int) -> bool:
    """Whether what stands before a title is no surname: 宿管阿姨, 祝叔叔早日康复."""
    if end - start == 1 and _WISH.match(text, start):
        return True
    return end - start < 3 and text[end - 1] == "管" and text[end - 2 : end - 1] in _LOOKED_AFTER


def _name_end(view: View, start: int) -> int:
    """Where a name ends that begins at ``start``; ``start`` where there is none."""
    text = view.text
    if foreign := _FOREIGN.match(text, start):
        return foreign.end()
    if _NO_NAME.match(text, start):
        return start
    surname = _SURNAME.match(text, start)
    if surname is None:
        return start
    most = 2 if surname[0] in _ANY or len(surname[0]) > 1 else 5  # other peoples have longer names
    given = re.compile(f"{_GIVEN}{{0,{most}}}").match(text, surname.end())
    assert given is not None  # it also matches nothing
    return given.end()


def _answered(view: View) -> Iterator[Secret]:
    """A text that is a name and nothing else; less like a name will do where one was asked for."""
    text = view.text
    whole = _WHOLE.fullmatch(text)
    if (
        whole
        and not _WORDS.match(whole["name"])
        and (view.asked == "name" or len(whole["name"]) > 2 or view.unfinished)
    ):
        lasting = view.asked == "name" or not view.unfinished
        yield Secret("name", *whole.span("name"), lasting=lasting, least=DOUBT if view.asked == "name" else HAN)
    if view.asked != "name":
        return
    for clause in list(ANSWER_CLAUSE.finditer(text))[:_ANSWERING]:
        answer = _NAME_CLAUSE.fullmatch(clause[0])
        if answer and not _WORDS.match(answer["name"]) and not NO_ANSWER.match(answer["name"]):
            yield Secret("name", clause.start() + answer.start("name"), clause.start() + answer.end("name"))
    if len(text) > _SHORT_ANSWER:
        return
    answer = _ANSWER.fullmatch(text)
    if answer and not NO_ANSWER.match(answer["name"]):
        yield Secret("name", *answer.span("name"))
    elif foreign := _LATIN_NAME.search(text):
        yield Secret("name", *foreign.span())


def _spelled(text: str, least: float) -> Iterator[Secret]:
    """明天的明, 三点水的江: how people tell which characters they mean."""
    for match in _DESCRIBED.finditer(text):
        word, one = match["word"], match["one"]
        if (
            one in word
            and not (match["after"] and word.startswith(one + match["after"]))
            and one not in "我你他她这那的是不"
        ):
            before = _BEFORE_DESCRIBED.search(text, 0, match.start())
            yield Secret("name", before.start() if before else match.start(), match.end("all"), least=least)
    for pattern in (_PARTS, _HEADED):
        for match in pattern.finditer(text):
            yield Secret("name", *match.span(), least=least)


def _told_after(text: str) -> Iterator[Secret]:
    """Whole clauses of which two characters or more are described: 妥得禄, 妥当的妥, 得到的得."""
    told = {match["one"] for match in _DESCRIBED.finditer(text) if match["one"] in match["word"]}
    for clause in ANSWER_CLAUSE.finditer(text):
        said = _NAME_CHARACTERS.fullmatch(clause[0])
        if said and len(told.intersection(said["name"])) > 1:
            yield Secret("name", clause.start() + said.start("name"), clause.start() + said.end("name"))


def more_of_names(view: View, found: Sequence[Secret]) -> Iterator[Secret]:
    """What else tells the characters of names that were found: of which parts they are, and their sounds in letters."""
    text = view.text
    known = {one for secret in found if secret.kind in ("name", "email") for one in text[secret.start : secret.end]}
    near = view.asked == "name" or any(secret.kind == "name" for secret in found)
    for clause in ANSWER_CLAUSE.finditer(text):
        head = _TOLD_OF.match(clause[0])
        if head and near and _PART_WORDS.search(clause[0]) and (head["one"] in known or not head["one"]):
            yield Secret("name", *clause.span())
    for match in _DESCRIBED.finditer(text):
        if match["one"] in known and match["one"] in match["word"]:
            yield Secret("name", *match.span("all"))
    for match in _IN_LETTERS.finditer(text):
        if "".join(syllables(match["one"])) == match["letters"].replace(" ", ""):
            yield Secret("name", *match.span())


def tells_characters_of(said: str, name: str) -> bool:
    """Whether what is said tells how characters of a name are written (明天的明), or is such a character."""
    told = [match["one"] for pattern in (_DESCRIBED, _HEADED, _PARTS, _THAT_ONE) for match in pattern.finditer(said)]
    return bool(told) and all(one in name for one in told)


def looks_like_name(said: str) -> bool:
    """Whether Han characters are a surname and a given name."""
    likely = _LIKE_NAME.fullmatch(said) or (len(said) > 1 and all(one in _TYPICAL for one in said))
    return bool(likely) and not _WORDS.match(said)
