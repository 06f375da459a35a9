"""How Han characters sound: the one door to pypinyin."""

from __future__ import annotations

import os
import re
from collections.abc import Callable, Sequence
from functools import cache, lru_cache

# Words of the trade whose characters sound otherwise than alone. pypinyin's own table of phrases knows them and 47,000
# more, for 45 MB of memory and 0.2 s at every start.
PHRASES = {
    "银行": "yín háng", "行长": "háng zhǎng", "支行": "zhī háng", "分行": "fēn háng", "总行": "zǒng háng",
    "本行": "běn háng", "我行": "wǒ háng", "他行": "tā háng", "跨行": "kuà háng", "同行": "tóng háng",
    "工行": "gōng háng", "农行": "nóng háng", "建行": "jiàn háng", "中行": "zhōng háng", "招行": "zhāo háng",
    "交行": "jiāo háng", "央行": "yāng háng", "行业": "háng yè", "还款": "huán kuǎn", "还钱": "huán qián",
    "还清": "huán qīng", "还贷": "huán dài", "归还": "guī huán", "偿还": "cháng huán", "重新": "chóng xīn",
    "重复": "chóng fù", "重置": "chóng zhì", "长期": "cháng qī", "利率": "lì lǜ", "费率": "fèi lǜ",
    "汇率": "huì lǜ", "调整": "tiáo zhěng", "调额": "tiáo é", "差额": "chā é", "了解": "liǎo jiě",
    "便宜": "pián yi", "转账": "zhuǎn zhàng",
}  # fmt: skip


@cache
def _lazy_pinyin() -> Callable[..., list[str]]:
    os.environ.setdefault("PYPINYIN_NO_PHRASES", "true")  # pypinyin reads this when it is imported
    from pypinyin import lazy_pinyin, load_phrases_dict

    load_phrases_dict({word: [[sound] for sound in sounds.split()] for word, sounds in PHRASES.items()})
    return lazy_pinyin


# Without its table a character sounds the same wherever it stands, but in these phrases.
_PIECES = re.compile("|".join([*PHRASES, "."]), re.DOTALL)


def syllables(text: str) -> Sequence[str]:
    """Pinyin without tones of the Han characters of ``text``, one syllable a character; all else is left out."""
    return [syllable for piece in _PIECES.findall(text) for syllable in _sounds(piece)]


@lru_cache(maxsize=8192)
def _sounds(piece: str) -> tuple[str, ...]:
    return tuple(_lazy_pinyin()(piece, errors="ignore"))
