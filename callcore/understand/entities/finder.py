"""Entities and secrets of one call, looked for once: meaning and redaction read most turns alike, and so do a final and
the turn that is made of it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from callcore.types import Role, Word
from callcore.understand.entities.find import Alone, Found, Ruled
from callcore.understand.entities.spans import Context
from callcore.understand.entities.tagger import NOTHING, SecretTagger, Tagged
from callcore.understand.latest import Latest
from callcore.understand.tag_features import Said


@dataclass(frozen=True, slots=True)
class Heard:
    """What a tagger is told beside a text. ``before``: what the other side said last."""

    before: Said = NOTHING
    speaker: Role = Role.UNKNOWN


class Finder:
    """What all readers of one call look with. What it finds follows from what it is given alone.

    Holds what was said in the call: it lives and dies with it.
    """

    def __init__(self, taggers: Mapping[str, SecretTagger] | None = None) -> None:
        """``taggers``: those that are heard beside the rules, by language."""
        self._taggers = taggers or {}
        self._alone: Latest[tuple[tuple[Word, ...], str, Context], Alone] = Latest()
        self._ruled: Latest[tuple[tuple[Word, ...], str, Context], Ruled] = Latest()
        self._tagged: Latest[tuple[str, Said, Heard], Tagged] = Latest()
        self._found: Latest[tuple[tuple[Word, ...], str, Context, Heard], Found] = Latest()

    def by_rules(self, words: Sequence[Word], language: str, context: Context) -> Found:
        """What the rules find in a text; see :func:`~callcore.understand.entities.find.find`."""
        return self._of_rules(words, language, context).found()

    def find(self, words: Sequence[Word], language: str, context: Context, heard: Heard) -> Found:
        """The same with what the tagger of the language says, where there is one."""
        words = tuple(words)
        return self._found.of((words, language, context, heard), lambda: self._find(words, language, context, heard))

    def _find(self, words: tuple[Word, ...], language: str, context: Context, heard: Heard) -> Found:
        ruled = self._of_rules(words, language, context)
        tagger = self._taggers.get(ruled.language.name)
        if tagger is None or not words:
            return ruled.found()
        said = Said(ruled.spoken.raw, ruled.spoken.text)
        key = ruled.language.name, said, heard
        return ruled.found(self._tagged.of(key, lambda: tagger.read(said, heard.before, heard.speaker)))

    def _of_rules(self, words: Sequence[Word], language: str, context: Context) -> Ruled:
        words, alone = tuple(words), context.alone()

        def ruled() -> Ruled:
            text = self._alone.of((words, language, alone), lambda: Alone.of(words, language, alone))
            return text.ruled(context)

        return self._ruled.of((words, language, context), ruled)
