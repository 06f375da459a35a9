"""Mandarin training turns said and recognised: ``python -m models.training.understand.heard_turns``.

Writes ``corpus/zh/heard.tsv``, or goes on with it: what a recogniser makes of a turn, so that training needs no speech.
As in ``benchmarks.heard_speech``, espeak-ng says them over a telephone line and the starter model hears them; but in
other voices than there, and the turns are of the training part alone. Lines with slots are left out, as each reading
fills them otherwise.

``--check FILE`` says other turns in a third group of voices, to choose and measure on.
"""

from __future__ import annotations

import argparse
from collections.abc import Sequence
from pathlib import Path
from random import Random
from zlib import crc32

from benchmarks.heard_speech import PITCHES, RATES_WPM, Way, over_the_line, pinyin, say, spoken_form, telephone_file
from benchmarks.heard_speech import transcriber as listening
from benchmarks.heard_texts import repair
from callcore.evaluate.normalise import MANDARIN
from callcore.evaluate.rates import compare
from callcore.types import text_of
from models.training.understand.heard import COLUMNS, HEARD, read_heard_turns
from models.training.understand.material import own_turns

#: None of them is a voice of benchmarks/heard_speech.py.
VOICES = tuple(
    "adam Alex Alicia Andrea Andy Annie antonio aunty belinda benjamin boris caleb david Denis Diogo ed edward Gene "
    "gustave Henrique Hugo iven Jacky john Lee linda marcelo Marco".split()
)
CHECK_VOICES = tuple(
    "Mario max Michael michel miguel Mike Nguyen pablo paul pedro quincy rob robert steph sandro shelby travis "
    "victor norbert zac anika grandma grandpa".split()
)
SNRS_DB = (40, 35, 30, 25, 20)


def turns_without_slots() -> list[str]:
    """Texts of the training turns that read the same however slots are filled and are no test turn, in a drawn order.

    Some words, like 嗯, are turns of both parts.
    """
    again, test = ({turn.text for turn in own_turns("zh", seed, part)} for seed, part in ((1, "train"), (0, "test")))
    texts = sorted({turn.text for turn in own_turns("zh", 0)} & again - test)
    Random(5).shuffle(texts)
    return texts


def way(text: str, voices: Sequence[str]) -> Way:
    """How a text is said: drawn, and the same for the same text."""
    random = Random(crc32(b"turn " + text.encode()))
    return Way(
        f"+{random.choice(voices)}",
        random.randint(*RATES_WPM),
        random.randint(*PITCHES),
        random.choice(SNRS_DB),
        random.choice(("pcm_alaw", "pcm_mulaw")),
        random.getrandbits(32),
    )


def hear_turns(file: Path, voices: Sequence[str], most: int, texts: Sequence[str]) -> None:
    """Say and recognise ``texts`` until ``file`` holds ``most``; each is written as soon as it is there."""
    done = read_heard_turns(file)
    missing = [text for text in texts if text not in done]
    pinyin("")  # before callcore loads pypinyin without its phrases
    repair(file)
    with file.open("a", encoding="utf-8", newline="") as lines, listening() as listener:
        if not lines.tell():
            lines.write("\t".join(COLUMNS) + "\n")
        for text in missing[: max(0, most - len(done))]:
            how, said = way(text, voices), spoken_form(text)
            record = listener.record(telephone_file(over_the_line(say(said, how), how), how.codec))
            heard = " ".join(text_of([word for turn in record.turns for word in turn.words]).split())
            rate = compare(said, heard, MANDARIN).rate or 0.0
            cells = (text, "" if said == text else said, heard, f"{rate:.3f}", how.variant[1:], str(how.snr_db))
            lines.write("\t".join(cells) + "\n")
            lines.flush()


def main() -> None:
    """Say, recognise, and print how many turns there are and their error rate."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--most", type=int, default=7000, help="turns in all [%(default)s]")
    parser.add_argument("--check", type=Path, metavar="FILE", help="other turns in other voices, into this file")
    options = parser.parse_args()
    turns = turns_without_slots()
    if options.check:
        known = read_heard_turns()
        hear_turns(options.check, CHECK_VOICES, options.most, [text for text in reversed(turns) if text not in known])
    else:
        hear_turns(HEARD, VOICES, options.most, turns)
    heard = read_heard_turns(options.check or HEARD).values()
    counts = [compare(one.said, one.heard, MANDARIN) for one in heard]
    errors, units = sum(one.errors for one in counts), sum(one.units for one in counts)
    print(f"{len(counts)} turns, {units} characters, CER {errors / max(units, 1):.1%}")


if __name__ == "__main__":
    main()
