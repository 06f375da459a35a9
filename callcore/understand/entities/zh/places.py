"""Branches, e-mail addresses, and the names of the data files."""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

from callcore.understand.entities.spans import Context, Span
from callcore.understand.entities.spoken import Spoken
from callcore.understand.entities.terms import Terms, terms_of
from callcore.understand.entities.zh.numbers import VALUES

_SUFFIX = re.compile("支行|分行|营业部|分理处|储蓄所|营业所")
_HAN = "\u4e00-\u9fff"
_BEFORE = re.compile(f"[{_HAN}\\d]{{1,10}}$")
_CUT = re.compile(
    "银行|工行|农行|中行|建行|交行|招行|浦发|兴业|邮储|中信|光大|广发|你们行|我们行|咱们行|贵行|我行|"
    "在|去了?|到了?|是|的|你们|我们|咱们|他们|那个|这个|哪个|附近|一个|一家|这家|那家|哪家|几家|"
    "最近的?|我|从|叫做?|"
    "来(?!宾|安|凤)|找|给|问|了|(?<!祥|雍|永|泰|仁)和(?!平|谐|义|顺|田|县|睦|记|美|泰|林)|跟|请|您|你|"
    "开户行|就|还|让|被|说|把|当地|所在|各|每个|任何|其他|别的|本地|网点|"
    "(?<!成|首|丰|京|望|新)都(?!江|匀|市)|只|换成?|改成?|不是|或者?|对面|那|这|归属|所属|属于|选|预约|"
    "联系|吗|啊|嗯|呃|昨天|今天|明天|一?[趟次]|上午|下午|刚才|刚|投诉|举报|咨询|通过|离"
)
_NOT_NAMES = (
    "",
    "总",
    "上级",
    "下级",
    "附近",
    "一级",
    "二级",
    "同一",
    "不同",
    "多",
    "几",
    "省",
    "市",
    "区",
    "县",
    "全国",
    "异地",
    "外地",
    "大",
)

_LETTERS = r"[a-z\d零一二三四五六七八九幺._+-]|下划线|点|杠|减号|横杠"
_AT = re.compile("@|艾特|爱特|圈a|小老鼠|at")
_MAIL = re.compile(
    rf"(?P<user>(?:{_LETTERS})(?: ?(?:{_LETTERS})){{0,40}}) ?(?:@|艾特|爱特|圈a|小老鼠|(?<= )at(?= )|"
    rf"at(?=[ \d一二三四五六七八九q])) ?"
    r"(?P<host>(?:[a-z\d零一二三四五六七八九幺-]| (?=[a-z\d]))(?:[a-z\d零一二三四五六七八九幺-]|"
    r" ?(?:点|\.) ?(?=[a-z\d])| (?=[a-z\d])){0,40})"
)
_WRITTEN_MARKS = (("下划线", "_"), ("横杠", "-"), ("减号", "-"), ("杠", "-"), ("点", "."), (" ", ""))


def branches(spoken: Spoken, _context: Context) -> Iterator[Span]:
    """Branches with a name: 望京支行."""
    text = spoken.text
    for suffix in _SUFFIX.finditer(text):
        before = _BEFORE.search(text, max(0, suffix.start() - 10), suffix.start())
        if before is None:
            continue
        cut = before.start()
        for match in _CUT.finditer(text, before.start(), suffix.start()):
            cut = match.end()
        name = text[cut : suffix.start()]
        if name not in _NOT_NAMES and len(name) >= 2:
            yield Span("branch", cut, suffix.end(), text[cut : suffix.end()], 0.92, rank=2)


def emails(spoken: Spoken, _context: Context) -> Iterator[Span]:
    """Addresses as written, and as said: zhangsan 艾特 qq 点 com."""
    if not _AT.search(spoken.text):
        return
    for match in _MAIL.finditer(spoken.text):
        user, host = _address(match["user"]), _address(match["host"])
        if (
            "." in host
            and re.fullmatch(r"[a-z\d][a-z\d._+-]*", user)
            and re.fullmatch(r"[a-z\d-]+(?:\.[a-z\d-]+)+", host)
        ):
            yield Span("email", *match.span(), f"{user}@{host}", 0.95, rank=7)


def known_names(spoken: Spoken, context: Context) -> Iterator[Span]:
    """Banks, merchants, products and channels."""
    for kind in ("bank", "merchant", "product"):
        yield from terms_of("zh", kind).find(spoken)
    if context.products:
        yield from _products(tuple(sorted(context.products.items()))).find(spoken)
    for match in _MERCHANT.finditer(spoken.text):
        yield Span("merchant", *match.span("name"), spoken.raw[slice(*match.span("name"))], 0.8)
    for match in _SHOP.finditer(spoken.text):
        yield Span("merchant", *match.span("name"), spoken.raw[slice(*match.span("name"))], 0.8)
    for span in terms_of("zh", "channel").find(spoken):
        said = spoken.text[span.start : span.end]
        if said not in _NO_CHANNEL or not _NO_CHANNEL[said].match(spoken.text, span.end):
            yield span
    for match in _BY_TELEPHONE.finditer(spoken.text):
        yield Span("channel", *match.span("channel" if match["channel"] else "channel_"), "phone", 0.9, rank=1)


@lru_cache(maxsize=4)
def _products(names: tuple[tuple[str, str], ...]) -> Terms:
    return Terms("product", dict(names))


#: what nobody has listed: 四笔都是一个叫Lumora Travel的
_MERCHANT = re.compile(
    r"(?:[笔刷扣][^转汇给]{0,12}?(?:一个|一家|什么)叫"
    r"|商户(?:名称?|号)?(?:就?是|叫|显示|写的?是?)|商家(?:就?是|叫))[ :]?"
    r"(?P<name>[a-z][a-z\d&.'-]*(?: [a-z\d&.'-]+){0,3})(?![a-z\d])(?! ?的?(?:人|先生|女士|小姐|男|女))"
)
#: the same in Han: 商户写的星屿互娱
_SHOP = re.compile(
    r"(?:商户|商家)(?:名称?|号)?(?:就是|是|就叫|叫|显示的?是?|写的?是?|写着)[ :]?"
    rf"(?P<name>(?![什啥哪谁个你我他不这那])[{_HAN}]{{2,10}}?)(?=[的吗啊呀吧呢]|$|[,。?!;])"
)
_NO_CHANNEL = {"短信": re.compile("验证码"), "邮件": re.compile("地址"), "支行": re.compile("行长")}
_BY_TELEPHONE = re.compile(
    "(?:打(?:了?[一几两三四五好多]*[个次遍通]|了|过)?|通过|用|在|拨打?了?)(?P<channel>电话)(?!号|是|"
    ":)|(?P<channel_>电话)(?:里|上|中|渠道|办理|申请|投诉|咨询|激活|查询|挂失|解约|转账|转人工|人工|"
    "客服)"
)


def _address(said: str) -> str:
    for name, mark in _WRITTEN_MARKS:
        said = said.replace(name, mark)
    return "".join(str(VALUES[one]) if one in VALUES else one for one in said)
