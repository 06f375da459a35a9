"""Names of people: 我姓王, 我叫李小明, 王女士, 弓长张."""

from __future__ import annotations

import re
from collections.abc import Iterator

from callcore.understand.entities.spans import Context, Span
from callcore.understand.entities.spoken import Spoken

COMMON = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧肖曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛"
    "叶阎闫余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史"
    "顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦"
    "向柳邢岳齐梅莫庄辛管祝左涂谷祁时舒耿牟卜路詹关苗凌费纪靳盛童欧甄项曲成游"
    "阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧"
    "畅宫来嵺苟全褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾郁商蒙计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝都巩稽"
    "井练仲乐虞卞封竺冼原官衣楚佟栗匡宗应台巫鞠僧桑荆谌银扬明沙薄伏岑习胥保和蔺"
)
_NEVER_BEFORE_TITLE = "成都来位和全应时明官保台安万方常文向谈解盖计木"
_TITLE_SURNAMES = "".join(sorted(set(COMMON) - set(_NEVER_BEFORE_TITLE) | set("万文方安常")))
_FREQUENT = COMMON[:100]
COMPOUND = (
    "欧阳|上官|司马|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|夏侯|端木|百里|南宫|东郭|闻人|轩辕|呼延|"
    "长孙|宇文|赫连|澹台|独孤|西门|濮阳|亓官|公良|第五(?![个次条张笔名位行步年天月期季])|淳于|单于|申屠|钟离|万俟|"
    "闾丘|鲜于|司空|仲孙|乐正|拓跋|漆雕|公冶|公西|公羊|巫马|颛孙|子车|太叔|梁丘|左丘|谷梁|段干|羊舌|完颜|纳兰|贺兰|叶赫|"
    "富察|那拉"
)
RARE = (
    "佘芮储靖麻权晁戈乌巴牧班伊厉戎束幸蓟印蒲邰鄂索籍阴闻莘党贡劳扶宰郦雍濮寿扈郏浦尚农茹宦容慎庾居衡"
    "步满弘寇广阙东沃利蔚越隆师勾融訾阚那饶空毋须丰巢蒯相红逯益桓仝帅初"
    "禹钮禤禚缪矫逄睢邝昝郗郄邴贲雒隗嵇仉乜妫檀敬"
)  #: surnames that only a clear cue makes one of
_SURNAME = f"(?:{COMPOUND}|[{COMMON}])"
_ANY_SURNAME = f"(?:{COMPOUND}|[{COMMON}{RARE}])"
_STOP = (
    "我是的这那吧啊呢哈了在有想要你您他她不就也手身电卡来今打请和跟吗嘛呀哦嗯住,。.、 ?!;:尾账号码前"
    "后现女先对没说因为什么到从被把给叫需求咨询办查开投诉问取挂失姓还已经名字先生帮去"
)
_GIVEN = f"(?:[\u4e00-\u9fff](?<![{_STOP}]))"
_TITLE = (
    "女士|先生|小姐|太太|经理|主任|老师|师傅|阿姨|同学|总(?!行|共|是|额|数|的|部|计|之|算|体|会|公司)|"
    "行长|大爷|大妈|大叔|大娘|爷爷|奶奶|伯伯|大哥|大姐|叔叔|医生|律师|教授|警官|老板"
)

_FAMILY_NAME = re.compile(
    rf"(?:免贵姓|贵姓|本人姓|我是姓|姓)(?:是)?[ ,]?(?P<name>(?!都[不没懒给要])(?:{_ANY_SURNAME}))(?!氏)"
)
_PERSON = "老公|老婆|儿子|女儿|爸爸?|妈妈?|父亲|母亲|先生|爱人|朋友|同事|哥哥?|姐姐?|弟弟?|妹妹?|室友|房东|老板"
_CALLED = re.compile(
    rf"(?:我叫|本人叫|名字叫做?|名字是|姓名是?|户名是?|名叫|叫做|我的名字|他叫|她叫|我是叫|"
    rf"(?:{_PERSON})(?:叫|名字是|名字叫|姓名是?|是叫)|(?:持卡人|办卡人|持有人|担保人|户主|账户名|开户名|收款方|对方是|户名|收款人|开户人|对方|联系人|经办人|"
    rf"客户经理|客服|坐席)(?:叫|名字是|名字叫|姓名是?|是叫|是)?|我是客服|我是客户经理|机主是?|法人代表|"
    rf"法人|本人|申请人|投保人|代办人|付款人|叫)"
    rf"(?:是|:|,| |叫)?(?P<name>{_ANY_SURNAME}{_GIVEN}{{1,2}})"
)
_TO_SOMEBODY = re.compile(
    rf"(?:转给|汇给|打给|给|付给|借给|找|和|跟|是|我(?:{_PERSON}))"
    rf"(?P<name>{_SURNAME}{_GIVEN}{{2}})(?=$|"
    rf"[,。?! 的转汇打存付本]|\\d|[一二两三四五六七八九][十百千万])"
)
_I_AM = re.compile(
    rf"(?:我是|我就是|这里是|您是|你是|(?<![就都还不只而总要又老可也全])是|我(?:{_PERSON})|名)"
    rf"(?P<name>{_SURNAME}{_GIVEN}{{1,2}})(?=$|[,。?! ]|吗|本人|吧|对吗)"
)
_TITLED = re.compile(rf"(?P<name>{COMPOUND}|[{_TITLE_SURNAMES}])(?:{_TITLE})")
_TITLED_FULL = re.compile(rf"(?P<name>{_SURNAME}{_GIVEN}{{1,2}})(?:女士|先生|小姐)")
_THEN_TITLED = re.compile(
    rf"(?P<name>(?P<family>{_SURNAME}){_GIVEN}{{1,2}})(?=(?P=family)(?:{_TITLE}))"
)  #: 您是周建国周先生吗
_ASKED_FOR = re.compile(rf"(?P<name>(?!和)(?:{_ANY_SURNAME}))(?:先生|女士|小姐)(?=[ ,]?[是对]?[吗吧])")
_FAMILIAR = re.compile(
    "(?<![大从最比了])(?:小|老|"
    "阿)(?P<name>[王李张刘陈杨赵黄周吴徐孙胡朱林何郭罗梁宋郑谢韩唐冯董萧曹袁邓许傅沈曾彭吕苏卢蒋蔡贾"
    "丁魏薛叶潘杜戴姜范姚谭廖邹陆郝])(?![\u4e00-\u9fff]?(?:卡|包裹|店))(?=$|[ ,。?!,]|为您|跟|说|给|"
    "帮|那边|在|你|您|呢|吗|经理|同志|的|昨|今|和|他|她|上|答|告|处|让|很|没|办|找|来|请|那|接)"
)
_SPELT_AS = {
    "张": ("弓长",),
    "章": ("立早",),
    "李": ("木子", "十八子"),
    "林": ("双木",),
    "陈": ("耳东",),
    "胡": ("古月",),
    "吴": ("口天",),
    "许": ("言午",),
    "吕": ("双口",),
    "黄": ("草头",),
    "何": ("人可",),
    "江": ("水工",),
    "王": ("三横", "三横一竖"),
    "赵": ("走之",),
    "刘": ("文刀", "卯金刀"),
    "徐": ("余谷", "双人"),
    "郑": ("关耳",),
    "于": ("干勾",),
    "佘": ("人则",),
    "姚": ("女兆",),
    "姜": ("美女",),
    "杨": ("木易",),
    "周": ("大口",),
    "董": ("千里",),
    "苗": ("草田",),
    "覃": ("西早",),
    "岑": ("山今",),
    "孙": ("子小",),
    "谢": ("言射", "言身寸"),
    "杜": ("木土",),
    "程": ("禾呈",),
    "耿": ("耳火",),
    "贾": ("西贝",),
    "郗": ("奚邑",),
    "苏": ("草办",),
    "龚": ("龙共",),
    "雷": ("田雨",),
}
_SPELT = {parts: name for name, all_parts in _SPELT_AS.items() for parts in all_parts}
_SPELT_PATTERN = re.compile(rf"(?:{'|'.join(sorted(_SPELT, key=len, reverse=True))})(?:的)?(?P<name>[\u4e00-\u9fff])")
_SEVERAL = re.compile("的那个?|哪个")
_GAP = "[ ,.。、!]*(?:我?(?:叫|名叫|全名|大名|名字)(?:是|叫)?)?[ ,]*"
_ENDED = "(?=$|[ ,.。、!?;]|吧|啊|呀|的|就是|对)"
_FULL_AFTER = re.compile(
    rf"(?:姓[ ,]?(?P<family>{_ANY_SURNAME})|(?P<titled>{_ANY_SURNAME})(?:{_TITLE})){_GAP}"
    rf"(?P<name>(?:(?P=family)|(?P=titled)){_GIVEN}{{1,2}}){_ENDED}"
)
_OPENING = (
    "(?:[ ,.。、!]|嗯|呃|哦|啊|诶|那个|好的?|行|可以|你?记一?下|就?写吧?|我本人|本人|我的?名字|姓名|我|户名|全名|"
    f"是|叫|免贵|姓|(?P<said>{_ANY_SURNAME})[,、 ]+(?=(?P=said)))*"
)
_ANSWER_FIRST = re.compile(
    rf"{_OPENING}(?P<name>{_ANY_SURNAME}{_GIVEN}{{1,2}})[ ,.、。]+"
    r"(?=(?:身份证|尾号|后四位|手机|电话|卡号|号码|是)*[零一幺二两三四五六七八九\d])"
)
_AGREED = re.compile(
    rf"(?:[ ,.。]|嗯|对的?|是的?|没错|我是)+[ ,.。]"
    rf"(?P<name>(?:{COMPOUND}|[{_TITLE_SURNAMES}]){_GIVEN}{{2}})(?=$|[,.。])"
)
_ANSWER = re.compile(rf"{_OPENING}(?P<name>{_ANY_SURNAME}{_GIVEN}{{1,2}}){_ENDED}")
#: 冉冬, 冬天的冬: a name and how one of its characters is written
_EXPLAINED = re.compile(
    rf"(?:^|[ ,.。!?叫是姓])(?P<name>{_ANY_SURNAME}{_GIVEN}{{0,2}})[ ,、.]+(?:就是|是)?"
    "(?P<word>[\u4e00-\u9fff]{1,3}?)(?:的|那个)?(?P<one>[\u4e00-\u9fff])(?=$|[ ,.。、!?])"
)
_PART = re.compile("(?:字|草|木|竹|立)?(?:旁|头|底)儿?$|^(?:单人|双人|三点水|两点水|提手|走之|宝盖|绞丝)")


def names(spoken: Spoken, context: Context) -> Iterator[Span]:
    """Names of people, without their titles; words that tell how a surname is written (冼星海的冼) are none."""
    for span in _named(spoken, context):
        told = _TOLD.match(spoken.text, span.end)
        if told is None or len(span.value) < 2 or told["one"] not in span.value:
            yield span


def _named(spoken: Spoken, context: Context) -> Iterator[Span]:
    text = spoken.text
    for match in _FULL_AFTER.finditer(text):
        yield Span("name", *match.span("name"), match["name"], 0.93, rank=6)
    yield from _explained(text)
    if context.named:
        for match in re.finditer(rf"(?:^|[ ,.。])(?P<name>{context.named}{_GIVEN}{{1,2}})(?=$|[ ,.。])", text):
            yield Span("name", *match.span("name"), match["name"], 0.92, rank=5)
    answer = _ANSWER.match(text) if context.name_asked else None
    if not answer and context.asked in ("id_number", "card_tail", "card_number", "phone"):  # "姓名和身份证后四位"
        answer = _ANSWER_FIRST.match(text)
    answer = answer or _AGREED.match(text)
    if answer and not _WORDS.match(answer["name"]):
        yield Span("name", *answer.span("name"), answer["name"], 0.9, rank=4)
    for pattern, rank in (
        (_THEN_TITLED, 6),
        (_CALLED, 5),
        (_I_AM, 2),
        (_TO_SOMEBODY, 1),
        (_FAMILY_NAME, 4),
        (_TITLED_FULL, 3),
        (_TITLED, 2),
        (_ASKED_FOR, 2),
        (_FAMILIAR, 2),
    ):
        for match in pattern.finditer(text):
            if pattern is _TITLED_FULL and _has_inner_surname(match["name"]):
                continue
            if pattern in (_I_AM, _TO_SOMEBODY) and _is_word(match["name"]):
                continue
            yield Span("name", *match.span("name"), match["name"], 0.9, rank=rank)
    for match in _SPELT_PATTERN.finditer(text):
        if (
            _SPELT[next(key for key in sorted(_SPELT, key=len, reverse=True) if match[0].startswith(key))]
            == match["name"]
        ):
            yield Span("name", *match.span(), match["name"], 0.93, rank=5)


_TOLD = re.compile("(?:的那个|的|那个)(?P<one>[\u4e00-\u9fff])(?=$|[ ,.。、!?])")


def _explained(text: str) -> Iterator[Span]:
    """Names of which the speaker tells how a character is written, a surname alone as well (柴, 柴火的柴)."""
    for match in _EXPLAINED.finditer(text):
        one, word = match["one"], match["word"]
        if one in match["name"] and (one in word or _PART.search(word)) and not _WORDS.match(match["name"]):
            yield Span("name", *match.span("name"), match["name"], 0.92, rank=5)


def _has_inner_surname(name: str) -> bool:
    """和王先生: what looks like a given name is the surname before the title."""
    return len(name) == 2 and name[-1] in _FREQUENT and name[0] not in _FREQUENT[:60]


_WORDS = re.compile(
    "金卡|白金|钱|万能|华夏|高级|安全|方便|关于|常用|文件|时间|时候|全部|全款|原来|原因|应该|明天|"
    "明细|成功|管理|温馨|司法|强制|保险|于是|任何|严重|车贷|房贷|花呗|花钱|连续|单独|申请|何时|白天|"
    "常见|白屏|黑屏|米|游戏|简单|包括|向|计算|谈|江苏|江西|高科|黄金|马上|毛病|万一|何况|金额|方案|石油|白色|段时|时代|和您|和你"
)


def _is_word(name: str) -> bool:
    return _WORDS.match(name) is not None or name[0] not in _TITLE_SURNAMES
