"""What a reader sees of a speaker and of a text: localised names, harmless characters, width on the screen."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Mapping
from pathlib import PurePath

from callcore.record import CallRecord
from callcore.text.chars import is_chinese
from callcore.types import Role

_NAMES = {
    True: {Role.AGENT: "坐席", Role.CUSTOMER: "客户", Role.UNKNOWN: "说话人"},
    False: {Role.AGENT: "Agent", Role.CUSTOMER: "Customer", Role.UNKNOWN: "Speaker"},
}
_BREAKING = {"Cc", "Cs", "Zl", "Zp"}  # control characters, lone surrogates, line and paragraph separators


def speaker_labels(roles: Mapping[int, Role], language: str) -> dict[int, str]:
    """Channel -> name for readers: 坐席/客户 for Chinese, Agent/Customer else.

    Channels of equal role are told apart by a number in the order of their channels (Speaker 1, Speaker 2).
    """
    chinese = is_chinese(language)
    total = Counter(roles.values())
    seen: Counter[Role] = Counter()
    labels = {}
    for channel in sorted(roles):
        role = roles[channel]
        seen[role] += 1
        name = _NAMES[chinese][role]
        if total[role] > 1:
            name += f"{'' if chinese else ' '}{seen[role]}"
        labels[channel] = name
    return labels


def channels_of(record: CallRecord) -> list[int]:
    """All channels that a record speaks of, in order."""
    return sorted({*record.channels, *(turn.channel for turn in record.turns)})


def record_labels(record: CallRecord) -> dict[int, str]:
    """Labels of a call's channels, in the language of the call."""
    return speaker_labels({channel: record.speaker(channel) for channel in channels_of(record)}, record.language)


def source_name(record: CallRecord) -> str:
    """File name of the recording, "" when unknown."""
    return one_line(PurePath(record.started.source).name) if record.started else ""


def one_line(text: str) -> str:
    """The text on one line: control characters and line ends become spaces, runs of spaces one."""
    return " ".join("".join(" " if unicodedata.category(char) in _BREAKING else char for char in text).split())


def encodable(text: str) -> str:
    """The text with lone surrogates, which UTF-8 cannot write, replaced by U+FFFD."""
    return re.sub("[\ud800-\udfff]", "\ufffd", text)


def columns(text: str) -> int:
    """Width on a screen of fixed-width cells: Han and full-width characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def padded(text: str, width: int) -> str:
    """The text filled up with spaces to ``width`` columns."""
    return text + " " * (width - columns(text))
