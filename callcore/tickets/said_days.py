"""How days are said: by their weekday, by their number. Parts of patterns, for texts in lower case."""

from __future__ import annotations

from callcore.understand.entities.en.day_words import DAY_NAME

WEEKDAY_ZH = "(?:周|星期|礼拜)[一二三四五六日天1-6]"
WEEKDAY_EN = rf"\b(?:{DAY_NAME})\b"
FIGURES_ZH = "[一二三四五六七八九十]"
ORDINAL = r"(?:first|second|third|[a-z-]+th|\d+(?:st|nd|rd|th))\b"
NUMBERED = rf"\d|{FIGURES_ZH}[号日]|\b{ORDINAL}"  #: the fifth, 五号
