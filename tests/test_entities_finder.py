"""What is found in a text of a call is found once, and as if everybody had looked alone."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from pipeline_tools import SETTINGS
from understand_tools import DAY, ScriptedText, understander

from callcore.loading import load_taggers
from callcore.pipeline.understood import Understood
from callcore.privacy import Redactor
from callcore.privacy.seal import Sealer
from callcore.types import Event, Final, Role, RolesAssigned, Turn
from callcore.understand.entities import Context, Finder, OpenNumber, plain_words
from callcore.understand.entities.find import Found
from callcore.understand.entities.finder import Heard
from callcore.understand.entities.languages import english, mandarin
from callcore.understand.entities.tagger import SecretTagger
from callcore.understand.latest import KEPT, Latest

AGENT, CUSTOMER = 0, 1
SAID = {
    "zh": (
        (AGENT, "您好，请问您贵姓？卡号报一下。"),
        (CUSTOMER, "我姓王，王小明，卡号四五三九一四八八。"),
        (AGENT, "嗯，请继续。"),
        (CUSTOMER, "零三四三六四六七，手机号是13800138000，明天下午三点打给我。"),
        (AGENT, "四五三九一四八八零三四三六四六七，是吧？"),
        (CUSTOMER, "对。"),
    ),
    "en": (
        (AGENT, "Good morning, may I have your name and the account number?"),
        (CUSTOMER, "Sure, it's Anna Patel, four four oh one,"),
        (AGENT, "Go on."),
        (CUSTOMER, "seven seven two nine. I paid three hundred pounds on the ninth of October."),
        (AGENT, "Four four oh one, seven seven two nine, is that right?"),
        (CUSTOMER, "Yes."),
    ),
}
LANGUAGES = pytest.mark.parametrize("language", SAID)


class Counting(SecretTagger):
    """A bundled tagger that notes what it reads."""

    def __init__(self, tagger: SecretTagger) -> None:
        self._tagger = tagger
        self.read_texts: list[str] = []

    def read(self, said, before=None, speaker=Role.UNKNOWN):
        self.read_texts.append(said.text)
        return self._tagger.read(said, before, speaker)


@cache
def taggers() -> dict[str, SecretTagger]:
    return load_taggers()


def events(language: str) -> list[list[Event]]:
    told: list[list[Event]] = [[RolesAssigned({AGENT: Role.AGENT, CUSTOMER: Role.CUSTOMER}, 1.0, "option")]]
    for number, (channel, text) in enumerate(SAID[language], 1):
        words, segment = plain_words(text), f"s{number}"
        told.append([Final(segment, channel, 0, 16_000, text, words, language, -0.1, 0.0, 0.9)])
        told.append([Turn(number, channel, 0, 16_000, text, words, language, (segment,))])
    return told


def followed(language: str, finders: Sequence[Finder], text: ScriptedText) -> list[Event]:
    """The call after meaning and redaction, which look with the one and the other finder."""
    model = replace(understander(), models={"zh": text, "en": text})
    understood = Understood(model.call((AGENT, CUSTOMER), DAY, SETTINGS.segment, finders[0]))
    redaction = Redactor(Sealer(), taggers=taggers()).call(DAY, finders[1])
    return [event for batch in events(language) for event in redaction.follow(understood.follow(batch))]


@LANGUAGES
def test_meaning_and_redaction_of_a_call_read_every_text_once(language):
    counting = Counting(taggers()[language])
    shared, text = Finder({language: counting}), ScriptedText()
    together = followed(language, (shared, shared), text)
    assert len(counting.read_texts) == len(set(counting.read_texts)) == len(SAID[language])
    assert text.asked == [said for _, said in SAID[language]]
    assert together == followed(language, (Finder(taggers()), Finder(taggers())), ScriptedText())


@LANGUAGES
def test_a_finder_finds_what_a_fresh_one_finds(language):
    finder, known = Finder(taggers()), Context(DAY)
    contexts = [known, replace(known, asked="card_number"), replace(known, name_asked=True)]
    for _, said in SAID[language]:
        for context in contexts:
            words, heard = plain_words(said), Heard(speaker=Role.CUSTOMER)
            one, other = (each.find(words, language, context, heard) for each in (finder, Finder(taggers())))
            assert (one.spans, one.entities) == (other.spans, other.entities)
            assert np.array_equal(one.tagged.likely, other.tagged.likely)
            assert finder.by_rules(words, language, context) == Found.of(words, language, context)


class Deaf(Context):
    """Nothing may be asked of it that was said before the turn."""

    def __getattribute__(self, name):
        if name in ("asked", "name_asked", "about", "named", "heard", "open"):
            raise AssertionError(f"a rule goes by {name!r}: it belongs to ANSWERING")
        return super().__getattribute__(name)


@LANGUAGES
def test_only_answering_rules_go_by_what_was_said_before(language):
    rules = {"zh": mandarin, "en": english}[language]()
    assert rules.answering < set(rules.rules)
    for _, said in SAID[language]:
        read = rules.read(Found.of(plain_words(said), language, Context(DAY)).spoken)
        for rule in set(rules.rules) - rules.answering:
            assert list(rule(read, Deaf(DAY))) == list(rule(read, Context(DAY)))


def test_a_text_alone_knows_the_call_but_nothing_said_before():
    known = Context(DAY, "EUR", "DE", {"gold": "card.gold"})
    asked = replace(known, asked="phone", name_asked=True, about="phone", named="王", heard=(("phone", "1"),))
    assert replace(asked, open=OpenNumber("12", "", (1,))).alone() == known


def test_the_latest_answers_are_kept_and_faults_are_not():
    latest: Latest[int, str] = Latest()
    worked = []

    def work(key: int) -> str:
        return latest.of(key, lambda: worked.append(key) or str(key))

    assert [work(key) for key in (1, 2, 1)] == ["1", "2", "1"]
    assert worked == [1, 2]
    for key in range(3, 3 + KEPT):
        work(key)
    assert work(1) == "1"
    assert worked[-1] == 1
    with pytest.raises(ZeroDivisionError):
        latest.of(0, lambda: str(1 / 0))
    assert latest.of(0, lambda: "none") == "none"
