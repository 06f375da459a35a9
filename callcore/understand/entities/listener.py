"""What the sides of a call have said last: each turn is tagged with the end of what the other side said before it."""

from __future__ import annotations

from callcore.types import Role
from callcore.understand.entities.finder import Heard
from callcore.understand.entities.spoken import Spoken
from callcore.understand.entities.tagger import NOTHING
from callcore.understand.tag_features import BEFORE, Said


class Listener:
    """Knows the end of what each channel has said: it lives and dies with its call."""

    def __init__(self) -> None:
        self._last: dict[int, Said] = {}
        self._latest = -1  #: channel of the last turn

    def before(self, channel: int, speaker: Role) -> Heard:
        """What has been heard before the next words of ``channel``."""
        return Heard(self._before(channel), speaker)

    def heard(self, channel: int, spoken: Spoken) -> None:
        """A turn of ``channel`` has ended."""
        last = self._last.get(channel, NOTHING)
        joint = " " if last.text else ""
        said = Said(last.raw + joint + spoken.raw.strip(), last.text + joint + spoken.text.strip())
        self._last[channel] = said.last(BEFORE)
        self._latest = channel

    def _before(self, channel: int) -> Said:
        """The last words of the others, of several that of the one who spoke last."""
        if self._latest != channel and self._latest in self._last:
            return self._last[self._latest]
        return next((said for other, said in self._last.items() if other != channel), NOTHING)
