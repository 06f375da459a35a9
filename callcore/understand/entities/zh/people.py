"""Names of people: 我姓王, 我叫李小明, 王女士, 弓长张."""

from __future__ import annotations

import re
from collections.abc import Iterator

from callcore.understand.entities.spans import Context, Span
from callcore.understand.entities.spoken import Spoken

_COMMON = (
    "王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗梁宋郑谢韩唐冯于董萧肖曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶阎闫余潘杜戴夏钟汪田任姜范方石姚谭廖邹熊金陆郝孔白崔康毛邱秦江史"
    "顾侯邵孟龙万段雷钱汤尹黎易常武乔贺赖龚文庞樊兰殷施陶洪翟安颜倪严牛温芦季俞章鲁葛伍韦申尤毕聂丛焦向柳邢岳齐梅莫庄辛管祝左涂谷祁时舒耿牟卜路詹关苗凌费纪靳盛童欧甄项曲成游"
    "阳裴席卫查屈鲍位覃霍翁隋植甘景薄单包司柏宁柯阮桂闵解强柴华车冉房边辜吉饶刁瞿戚丘古米池滕晋苑邬臧畅宫来嵺苟全褚廉简娄盖符奚木穆党燕郎邸冀谈姬屠连郜晏栾郁商蒙计喻揭窦迟宇敖糜鄢冷卓花仇艾蓝都巩稽井练仲乐虞卞封竺冼原官衣楚佟栗匡宗应台巫鞠僧桑荆谌银扬明沙薄伏岑习胥保和蔺"
)
_NEVER_BEFORE_TITLE = "成都来位和全应时明官保台安万方常文向谈解盖计木"
_TITLE_SURNAMES = "".join(sorted(set(_COMMON) - set(_NEVER_BEFORE_TITLE) | set("万文方安常")))
_FREQUENT = _COMMON[:100]
_COMPOUND = "欧阳|上官|司马|诸葛|东方|皇甫|尉迟|公孙|慕容|令狐|司徒|夏侯|端木|百里|南宫|东郭|闻人|轩辕|呼延|长孙|宇文|赫连|澹台|独孤|西门"
_SURNAME = f"(?:{_COMPOUND}|[{_COMMON}])"
_STOP = "我是的这那吧啊呢哈了在有想要你您他她不就也手身电卡来今打请和跟吗嘛呀哦嗯住,。.、 ?!;:尾账号码前后现女先对没说因为什么到从被把给叫需求咨询办查开投诉问取挂失姓还已经名字先生帮去"
_GIVEN = f"(?:[\u4e00-\u9fff](?<![{_STOP}]))"
_TITLE = "女士|先生|小姐|太太|经理|主任|老师|师傅|阿姨|同学|总(?!行|共|是|额|数|的|部|计|之|算|体|会|公司)|行长|大爷|大妈|大哥|大姐|叔叔|医生|律师|教授|警官|老板"

_FAMILY_NAME = re.compile(rf"(?:免贵姓|贵姓|本人姓|我是姓|姓)(?:是)?[ ,]?(?P<name>{_COMPOUND}|[{_COMMON}])(?!名|氏)")
_PERSON = "老公|老婆|儿子|女儿|爸爸?|妈妈?|父亲|母亲|先生|爱人|朋友|同事|哥哥?|姐姐?|弟弟?|妹妹?|室友|房东|老板"
_CALLED = re.compile(
    rf"(?:我叫|本人叫|名字叫做?|名字是|姓名是?|户名是?|名叫|叫做|我的名字|他叫|她叫|我是叫|(?:{_PERSON})(?:叫|名字是|名字叫|姓名是?|是叫)|(?:持卡人|收款人|开户人|对方|联系人|经办人|客户经理|客服|坐席)(?:叫|名字是|名字叫|姓名是?|是叫|是)?|我是客服|我是客户经理|机主是?|法人代表|法人|本人|申请人|投保人|代办人|付款人|叫)"
    rf"(?:是|:|,| |叫)?(?P<name>{_SURNAME}{_GIVEN}{{1,2}})"
)
_TO_SOMEBODY = re.compile(rf"(?:转给|汇给|打给|给|付给|借给|找|和|跟|是)(?P<name>{_SURNAME}{_GIVEN}{{2}})(?=$|[,。?! 的转汇打存付本]|\\d|[一二两三四五六七八九][十百千万])")
_I_AM = re.compile(rf"(?:我是|我就是|这里是|您是|你是|是)(?P<name>{_SURNAME}{_GIVEN}{{1,2}})(?=$|[,。?! ]|吗|本人|吧|对吗)")
_TITLED = re.compile(rf"(?P<name>{_COMPOUND}|[{_TITLE_SURNAMES}])(?:{_TITLE})")
_TITLED_FULL = re.compile(rf"(?P<name>{_SURNAME}{_GIVEN}{{1,2}})(?:女士|先生|小姐)")
_FAMILIAR = re.compile(
    "(?<![大从最比了])(?:小|老|阿)(?P<name>[王李张刘陈杨赵黄周吴徐孙胡朱林何郭罗梁宋郑谢韩唐冯董萧曹袁邓许傅沈曾彭吕苏卢蒋蔡贾丁魏薛叶潘杜戴姜范姚谭廖邹陆郝])(?![\u4e00-\u9fff]?(?:卡|包裹|店))(?=$|[ ,。?!,]|为您|跟|说|给|帮|那边|在|你|您|呢|吗|经理|同志|的|昨|今|和|他|她|上|答|告|处|让|很|没|办)"
)
_SPELT = {
    "弓长": "张", "立早": "章", "木子": "李", "双木": "林", "耳东": "陈", "古月": "胡", "口天": "吴", "言午": "许", "双口": "吕", "草头": "黄", "人可": "何",
    "水工": "江", "三横": "王", "三横一竖": "王", "走之": "赵", "文刀": "刘", "卯金刀": "刘", "余谷": "徐", "双人": "徐", "关耳": "郑", "干勾": "于", "人则": "佘",
    "女兆": "姚", "禾口": "和", "美女": "姜", "木易": "杨", "大口": "周", "千里": "董", "草田": "苗", "西早": "覃", "十八子": "李", "日十": "早", "山今": "岑", "子小": "孙",
    "君羊": "群", "言射": "谢", "言身寸": "谢", "木土": "杜", "禾呈": "程", "耳火": "耿", "西贝": "贾", "八刀": "分", "奚邑": "郗", "草办": "苏", "龙共": "龚", "田雨": "雷",
}  # fmt: skip
_SPELT_PATTERN = re.compile(rf"(?:{'|'.join(sorted(_SPELT, key=len, reverse=True))})(?:的)?(?P<name>[\u4e00-\u9fff])")
_SEVERAL = re.compile("的那个?|哪个")


def names(spoken: Spoken, context: Context) -> Iterator[Span]:
    """Names of people, without their titles."""
    text = spoken.text
    for pattern, rank in ((_CALLED, 5), (_I_AM, 2), (_TO_SOMEBODY, 1), (_FAMILY_NAME, 4), (_TITLED_FULL, 3), (_TITLED, 2), (_FAMILIAR, 2)):
        for match in pattern.finditer(text):
            if pattern is _TITLED_FULL and _has_inner_surname(match["name"]):
                continue
            if pattern in (_I_AM, _TO_SOMEBODY) and _is_word(match["name"]):
                continue
            yield Span("name", *match.span("name"), match["name"], 0.9, rank=rank)
    for match in _SPELT_PATTERN.finditer(text):
        if _SPELT[next(key for key in sorted(_SPELT, key=len, reverse=True) if match[0].startswith(key))] == match["name"]:
            yield Span("name", *match.span(), match["name"], 0.93, rank=5)


def _has_inner_surname(name: str) -> bool:
    """和王先生: what looks like a given name is the surname before the title."""
    return len(name) == 2 and name[-1] in _FREQUENT and name[0] not in _FREQUENT[:60]


_WORDS = re.compile("金卡|白金|钱|万能|华夏|高级|安全|方便|关于|常用|文件|时间|时候|全部|全款|原来|原因|应该|明天|明细|成功|管理|温馨|司法|强制|保险|于是|任何|严重|车贷|房贷|花呗|花钱|连续|单独|申请|何时|白天|常见|米|游戏|简单|包括|向|计算|谈")


def _is_word(name: str) -> bool:
    return _WORDS.match(name) is not None or name[0] not in _TITLE_SURNAMES
