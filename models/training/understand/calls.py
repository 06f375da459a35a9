"""What whole written calls teach about single turns: their gold tickets name the turns that promise something.

Every other turn makes no promise; of the other acts nobody has said anything.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

from callcore.evaluate.labelled import LabelledTurn
from callcore.evaluate.tickets import GoldCall, read_gold
from callcore.text.sentences import sentences
from callcore.understand.catalogue import Acts

CALLS = Path(__file__).parents[3] / "benchmarks" / "written_calls" / "train"
SOURCE = "written_calls"
LEAST_LETTERS = 4  #: of a turn or sentence that teaches


def promising_turns(language: str, folder: Path = CALLS) -> list[LabelledTurn]:
    """Turns with their promises, and the sentences of all other turns, which make none; other acts are open.

    Once a side has promised something, whether its later turns promise the same again is open too.
    """
    return [turn for call in _of(language, folder) for turn in _promising(call)]


def _promising(one: GoldCall) -> Iterator[LabelledTurn]:
    acts = Acts.load().act
    open_acts = {
        side: {act.code for act in acts if act.by == side and not act.promise} for side in ("agent", "customer")
    }
    for place, turn in enumerate(one.call.turns):
        made = {
            act.code
            for promise in one.gold.promises
            for act in acts
            if promise.turn == place and promise.by == turn.speaker == act.by and promise.kind == act.promise
        }
        unknown = frozenset(open_acts[turn.speaker] - made)
        if made:
            yield LabelledTurn(turn.text, acts=tuple(made), speaker=turn.speaker, source=SOURCE, open_acts=unknown)
            open_acts[turn.speaker] |= made
            continue
        if any(promise.turn == place for promise in one.gold.promises):
            continue  # of a kind for which there is no act
        for start, end in sentences(turn.text):
            text = turn.text[start:end].strip()
            if sum(map(str.isalnum, text)) >= LEAST_LETTERS:
                yield LabelledTurn(text, acts=(), speaker=turn.speaker, source=SOURCE, open_acts=unknown)


def _of(language: str, folder: Path) -> Iterator[GoldCall]:
    return (one for one in read_gold(folder) if one.call.language == language)
