"""How a call is worded adds to what its signs say: what is counted, what a model makes of it, what it changes."""

from __future__ import annotations

import hashlib
import json
from pathlib import Path

import numpy as np
import pytest
from ticket_tools import CATALOGUE, call_view, normals, ticket

from callcore.config import Settings, TicketSettings
from callcore.engines.word_model import WEIGHTS_FILE, LinearWordModel
from callcore.errors import ModelCorrupt, ModelNotFound
from callcore.loading import load_ticket_rules
from callcore.tickets import TicketRules
from callcore.tickets.judge import VERSION as SIGNS
from callcore.tickets.linear import Head, LinearModel
from callcore.tickets.picks import WORDED
from callcore.tickets.wording import FEWEST, VERSION, VIEWS, wording
from callcore.understand.features import features

SHORT = """
    C: 我的信用卡丢了。
    A: 信用卡挂失好了。
    C: 谢谢。
"""
CALL = SHORT + "    A: 不客气。\n    C: 嗯。\n" * (FEWEST // 2)
LIMIT = "    C: 额度多少?\n    A: 您稍等。"
EVEN = LinearModel(
    format=1,
    name="judge",
    version="9",
    features=SIGNS,
    heads={"handling.severity": Head(labels=("P1", "P4"), bias=(0.0, 0.1), weights={})},
)
BY_CODE = Head(labels=("no", "yes"), bias=(0.0, 0.0), weights={"code.credit_card.lost": (0.0, 2.0)})
BY_WORDS = Head(labels=("no", "yes"), bias=(0.0, 0.0), weights={"worded": (0.0, 2.0)})
TOPICS = EVEN.model_copy(
    update={
        "heads": {name + end: head for name in ("request.topic", "request.topics")
                  for end, head in (("", BY_CODE), (WORDED, BY_WORDS))}
    }
)  # fmt: skip


def gram_of(text: str) -> int:
    """The n-gram that stands for one character by sight."""
    return int(features(text).grams[0, 0])


def write(folder: Path, text: str, weights: np.ndarray, **changes: object) -> Path:
    """A model of one n-gram; ``weights``: shape (views, 1, answers)."""
    files = {"grams.bin": np.array([gram_of(text)], "<u4").tobytes(), WEIGHTS_FILE: weights.astype(np.int8).tobytes()}
    for name, content in files.items():
        (folder / name).write_bytes(content)
    card = {
        "format": 1, "name": "words", "version": "7", "features": VERSION, "views": len(VIEWS),
        "heads": {"handling.severity": ["P1", "P4"]}, "bias": [0.0, 0.0], "scale": [0.1, 0.1],
        "files": {n: {"size": len(c), "sha256": hashlib.sha256(c).hexdigest()} for n, c in files.items()},
    }  # fmt: skip
    (folder / "model.json").write_text(json.dumps({**card, **changes}), "utf-8")
    return folder


def for_agent(weight: int) -> np.ndarray:
    """Weights that hear the agent alone, for P1 against P4."""
    weights = np.zeros((len(VIEWS), 1, 2))
    weights[VIEWS.index("agent"), 0] = (weight, -weight)
    return weights


def test_each_side_is_counted_by_itself_and_the_end_whoever_speaks():
    customer, agent, end = wording(call_view(SHORT))
    assert customer[gram_of("丢")] == 1
    assert gram_of("丢") not in agent
    assert gram_of("挂") in agent
    assert end[gram_of("卡")] == 2  # turns that hold it, of both sides


def test_what_a_side_says_turns_the_verdict_and_the_model_is_cited(tmp_path: Path):
    words = LinearWordModel(write(tmp_path, "挂", for_agent(100)), VERSION)
    alone, heard = (
        ticket(CALL, rules=TicketRules.load(TicketSettings(), CATALOGUE, EVEN, words=model)) for model in (None, words)
    )
    assert normals(alone, "handling.severity") == ["P4"]
    assert normals(heard, "handling.severity") == ["P1"]
    assert heard.fields["handling.severity"][0].source == "judge@9+words@7"


def test_of_a_short_call_the_signs_tell_alone(tmp_path: Path):
    words = LinearWordModel(write(tmp_path, "挂", for_agent(100)), VERSION)
    found = ticket(SHORT, rules=TicketRules.load(TicketSettings(), CATALOGUE, EVEN, words=words))
    assert normals(found, "handling.severity") == ["P4"]
    assert found.fields["handling.severity"][0].source == "judge@9"


@pytest.mark.parametrize(
    ("call", "topic", "source"),
    [(LIMIT + CALL, "credit_card.limit", "judge@9+words@7"), (LIMIT + SHORT, "credit_card.lost", "rules/topic/2")],
)
def test_how_a_call_is_worded_chooses_among_its_topics(tmp_path: Path, call: str, topic: str, source: str):
    answers = {"request.topic": ["credit_card.limit", "credit_card.lost"]}
    words = LinearWordModel(write(tmp_path, "挂", for_agent(100), heads=answers), VERSION)
    found = ticket(call, rules=TicketRules.load(TicketSettings(), CATALOGUE, TOPICS, words=words))
    assert normals(found, "request.topic") == [topic]
    assert normals(found, "request.topics")[0] == topic
    assert found.fields["request.topic"][0].source == source
    assert found.fields["request.topic"][0].evidence[0].words


def test_words_that_nobody_knows_change_nothing(tmp_path: Path):
    words = LinearWordModel(write(tmp_path, "鲸", for_agent(100)), VERSION)
    assert words.sums(wording(call_view(CALL))) == {"handling.severity": {"P1": 0.0, "P4": 0.0}}


def test_tickets_judged_with_and_without_words_are_told_apart(tmp_path: Path):
    words = LinearWordModel(write(tmp_path, "挂", for_agent(100)), VERSION)
    rules = {TicketRules.load(TicketSettings(), CATALOGUE, EVEN, words=model).hash for model in (None, words)}
    assert len(rules) == 2


@pytest.mark.parametrize("changes", [{"features": VERSION + 1}, {"views": 2}, {"bias": [0.0]}, {"files": {}}])
def test_a_model_that_is_not_whole_is_refused(tmp_path: Path, changes: dict[str, object]):
    with pytest.raises(ModelCorrupt):
        LinearWordModel(write(tmp_path, "挂", for_agent(1), **changes), VERSION)


def test_a_folder_without_a_model_is_a_clear_error(tmp_path: Path):
    with pytest.raises(ModelNotFound, match="model of wordings"):
        LinearWordModel(tmp_path, VERSION)


def test_the_bundled_words_have_a_say_in_a_call_that_is_over():
    found = ticket(CALL, rules=load_ticket_rules(Settings(), CATALOGUE))
    assert "+ticket-words@" in found.fields["handling.severity"][0].source
