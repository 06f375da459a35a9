"""The taggers of a call: each turn is tagged with what the other side said last."""

from __future__ import annotations

from collections.abc import Mapping

from callcore.types import Role
from callcore.understand.entities.find import Tag
from callcore.understand.entities.languages import Language
from callcore.understand.entities.spoken import Spoken
from callcore.understand.entities.tagger import NOTHING, SecretTagger, Tagged
from callcore.understand.tag_features import BEFORE, Said


class Listener:
    """Knows the end of what each channel has said: it lives and dies with its call."""

    def __init__(self, taggers: Mapping[str, SecretTagger]) -> None:
        self._taggers = taggers
        self._last: dict[int, Said] = {}
        self._tagged: dict[int, tuple[tuple[Said, Said, Role], Tagged]] = {}  #: by channel: what was read last
        self._latest = -1  #: channel of the last turn

    def tag(self, channel: int, speaker: Role) -> Tag | None:
        """What tags the next words of ``channel``; None where there is no tagger."""
        if not self._taggers:
            return None
        before = self._before(channel)

        def tag(spoken: Spoken, language: Language) -> Tagged | None:
            tagger = self._taggers.get(language.name)
            if tagger is None:
                return None
            key = (Said(spoken.raw, spoken.text), before, speaker)
            known = self._tagged.get(channel)
            if known is None or known[0] != key:  # a turn of one final has been read with it
                known = self._tagged[channel] = key, tagger.read(*key)
            return known[1]

        return tag

    def heard(self, channel: int, spoken: Spoken) -> None:
        """A turn of ``channel`` has ended."""
        if self._taggers:
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
