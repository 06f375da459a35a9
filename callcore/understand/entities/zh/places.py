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
    "银行|工行|农行|中行|建行|交行|招行|浦发|兴业|邮储|中信|光大|广发|你们行|我们行|咱们行|贵行|我行|在|去了?|到了?|是|的|你们|我们|咱们|他们|那个|这个|哪个|附近|一个|一家|这家|那家|哪家|几家|最近|我|从|叫做?|来|离|找|"
    "给|问|了|和|跟|请|您|你|开户行|就|还|为|有|想|让|被|打|说|过|把|当地|所在|各|每个|任何|其他|别的|本地|网点|往|于|要|也|都|只|由|换成?|改成?|不是|或者?|还是|对|那|这|归属|所属|属于|选|预约|联系|吗|啊|嗯|呃|昨天|今天|明天|上午|下午|刚才|刚"
)
_NOT_NAMES = ("", "总", "上级", "下级", "附近", "一级", "二级", "同一", "不同", "多", "几", "省", "市", "区", "县", "全国", "异地", "外地", "大")

_LETTERS = r"[a-z\d零一二三四五六七八九幺._+-]|下划线|点|杠|减号|横杠"
_MAIL = re.compile(
    rf"(?P<user>(?:{_LETTERS})(?: ?(?:{_LETTERS})){{0,40}}) ?(?:@|艾特|爱特|圈a|小老鼠|(?<= )at(?= )|at(?=[ \d一二三四五六七八九q])) ?"
    rf"(?P<host>(?:[a-z\d零一二三四五六七八九幺-]| (?=[a-z\d]))(?:[a-z\d零一二三四五六七八九幺-]| ?(?:点|\.) ?(?=[a-z\d])| (?=[a-z\d])){{0,40}})"
)
_WRITTEN_MARKS = (("下划线", "_"), ("横杠", "-"), ("减号", "-"), ("杠", "-"), ("点", "."), (" ", ""))
_MAIL_CHANNEL = re.compile("邮箱|邮件")


def branches(spoken: Spoken, context: Context) -> Iterator[Span]:
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


def emails(spoken: Spoken, context: Context) -> Iterator[Span]:
    """Addresses as written, and as said: zhangsan 艾特 qq 点 com."""
    for match in _MAIL.finditer(spoken.text):
        user, host = _address(match["user"]), _address(match["host"])
        if "." in host and re.fullmatch(r"[a-z\d][a-z\d._+-]*", user) and re.fullmatch(r"[a-z\d-]+(?:\.[a-z\d-]+)+", host):
            yield Span("email", *match.span(), f"{user}@{host}", 0.95, rank=7)


def known_names(spoken: Spoken, context: Context) -> Iterator[Span]:
    """Banks, merchants, products and channels."""
    for kind in ("bank", "merchant", "product"):
        yield from terms_of("zh", kind).find(spoken)
    if context.products:
        yield from _products(tuple(sorted(context.products.items()))).find(spoken)
    for span in terms_of("zh", "channel").find(spoken):
        if not _NO_CHANNEL[span.value].match(spoken.text, span.end) if span.value in _NO_CHANNEL else True:
            yield span


@lru_cache(maxsize=4)
def _products(names: tuple[tuple[str, str], ...]) -> Terms:
    return Terms("product", dict(names))


_NO_CHANNEL = {
    "phone": re.compile(" ?(?:号|是(?!打|在)|:|费|卡|诈骗|联系不|\\d|[幺一二三四五六七八九零]{3}|变|换了|改)"),
    "sms": re.compile("验证码"),
    "email": re.compile("地址"),
}


def _address(said: str) -> str:
    for name, mark in _WRITTEN_MARKS:
        said = said.replace(name, mark)
    return "".join(str(VALUES[one]) if one in VALUES else one for one in said)
