"""Spaces between scripts."""

from __future__ import annotations

import re

from callcore.text.chars import HAN, Text, squeeze
from callcore.text.punctuation import WIDE_MARKS

_WIDE = f"{HAN}{WIDE_MARKS}“”‘’（）《》〈〉「」『』【】"
_BETWEEN_WIDE = re.compile(f"(?<=[{_WIDE}]) +(?=[{_WIDE}])")
_BESIDE_MARK = re.compile(
    f"(?<=[{WIDE_MARKS}“‘（《〈「『【”’）》〉」』】]) +| +(?=[{WIDE_MARKS}“‘（《〈「『【”’）》〉」』】])"
)
_HAN_LATIN_SPACE = re.compile(f"(?<=[{HAN}]) +(?=[^ {_WIDE}])|(?<=[^ {_WIDE}]) +(?=[{HAN}])")

# The two places where a space is written, and no library: pangu sets the same two, and besides rewrites brackets,
# operators and paths, which would move characters away from the words that own them.
_HAN_THEN_LATIN = re.compile(f"(?<=[{HAN}])(?=[A-Za-z0-9@#$€£])")
_LATIN_THEN_HAN = re.compile(f"(?<=[A-Za-z0-9%‰°])(?=[{HAN}])")


def space(text: Text, *, han_latin: bool) -> Text:
    """No space between Han characters nor beside full-width marks; one, or none, between Han and Latin or digits."""
    text = text.delete(_BESIDE_MARK).delete(_BETWEEN_WIDE)
    if not han_latin:
        return squeeze(text.delete(_HAN_LATIN_SPACE))
    positions = {
        match.start() for pattern in (_HAN_THEN_LATIN, _LATIN_THEN_HAN) for match in pattern.finditer(text.characters)
    }
    characters = "".join(f" {c}" if i in positions else c for i, c in enumerate(text.characters))
    owners = tuple(o for i, o in enumerate(text.owners) for _ in range(2 if i in positions else 1))
    return squeeze(Text(characters, owners))
