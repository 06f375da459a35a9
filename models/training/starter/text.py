"""What is said: sentences that may teach, kept apart from those that test, and a stream of them without an end."""

from __future__ import annotations

import json
import tomllib
import zlib
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from random import Random

from models.training.starter import spoken_zh
from models.training.starter.sounds import HAN, MARKS, Unit, units

HERE = Path(__file__).parent
QUOTES = str.maketrans("", "", "“”\"‘’'「」《》（）()")
CORPUS = HERE.parent / "understand" / "corpus"
HELD_OUT_OF = 40  #: one sentence in this many is kept for testing, chosen by its checksum
QUESTION = (
    "吗",
    "呢",
    "么",
    "什么",
    "怎么",
    "多少",
    "几",
    "哪",
    "谁",
    "为啥",
    "咋",
    "是不是",
    "能不能",
    "有没有",
    "可以不",
)


def is_held_out(line: str) -> bool:
    """Whether a line is kept for testing; the same answer everywhere and always."""
    return zlib.crc32(line.encode()) % HELD_OUT_OF == 0


def _clean(line: str) -> str:
    line = line.strip().replace(",", "，").replace("?", "？").replace("!", "！").replace(";", "；").replace(":", "：")
    line = line.replace("…", "，").replace("——", "，").replace(" ", "，").replace("...", "，")
    line = line.translate(QUOTES)
    while line and line[0] in MARKS:
        line = line[1:]
    for double in ("，，", "，。", "。。", "，？"):
        line = line.replace(double, double[-1])
    return line


def finished(line: str) -> str:
    """With a mark at its end: what people would write, from the words that ask."""
    if line[-1] in "。？！":
        return line
    asks = any(word in line[-10:] for word in QUESTION)
    return line.rstrip(MARKS) + ("？" if asks else "。")


def corpus_lines(folder: Path) -> list[str]:
    """Lines of the understanding's corpus below ``folder``, slots unfilled."""
    found: list[str] = []
    for file in sorted(folder.rglob("*.toml")):
        for block in tomllib.loads(file.read_text(encoding="utf-8")).get("block", []):
            found += [line.strip() for line in block["lines"].splitlines() if line.strip()]
    return list(dict.fromkeys(found))


def public_lines(data: Path | None) -> list[str]:
    """Sentences of ``text_zh`` of the shared data; none where the folder is absent."""
    folder = data / "text_zh" if data else None
    if not folder or not folder.is_dir():
        return []
    return [
        line.strip() for file in sorted(folder.glob("*.txt")) for line in file.read_text("utf-8").split("\n") if line
    ]


@dataclass(frozen=True, slots=True)
class Sentences:
    """Lines by origin, and how often each origin is drawn from."""

    own: Sequence[str]  #: the understanding's corpus
    grammar: Sequence[str]  #: lines with slots for this purpose
    public: Sequence[str]

    def lines(self) -> Iterator[str]:
        """All of them."""
        yield from self.own
        yield from self.grammar
        yield from self.public


def mandarin(data: Path | None, *, held_out: bool = False, apart: frozenset[str] = frozenset()) -> Sentences:
    """Sentences that teach, or those kept for testing. ``apart``: texts that neither may hold."""

    def chosen(lines: list[str]) -> list[str]:
        return [line for line in lines if is_held_out(line) == held_out and finished(_clean(line) or "。") not in apart]

    grammar = (HERE / "grammar_zh.txt").read_text(encoding="utf-8").split("\n")
    return Sentences(
        chosen(corpus_lines(CORPUS / "zh" / "train")),
        chosen([line for line in grammar if line]),
        chosen(public_lines(data)),
    )


class Stream:
    """Texts without an end, each as units. Every text differs: slots are drawn anew, halves are mixed, runs made up."""

    def __init__(self, sentences: Sentences, random: Random) -> None:
        self._sentences = sentences
        self._random = random
        self._characters = [c for line in sentences.lines() for c in line if HAN.match(c)]

    def draw(self, most: int) -> list[Unit]:
        """Units of one text of at most ``most`` syllables (at least three)."""
        while True:
            text = self._text()
            found = units(text, self._random)
            if found is None:
                continue
            found = shortened(found, max(most, 3), self._random)
            if found and any(unit.syllables for unit in found):
                return found

    def _text(self) -> str:
        random, kind = self._random, self._random.random()
        if kind < 0.36:
            return self._line(self._sentences.own)
        if kind < 0.56:
            return self._line(self._sentences.grammar)
        if kind < 0.82:
            return self._line(self._sentences.public)
        if kind < 0.90:  # halves that have nothing to do with each other: the decoder must listen, not guess
            first, second = self._any(), self._any()
            return finished(
                first[: max(2, len(first) // 2)].rstrip(MARKS) + second[len(second) // 2 :].lstrip(MARKS) or first
            )
        if kind < 0.96:
            slot = random.choice(
                ("phone", "card", "digits", "amount", "date", "percent", "name", "id", "address", "clock")
            )
            said = [spoken_zh.SLOTS[slot](random) for _ in range(random.choice((1, 1, 2)))]
            return "，".join(said) + random.choice("。。？，")
        return "".join(random.choice(self._characters) for _ in range(random.randrange(2, 14))) + "。"

    def _any(self) -> str:
        return self._line(self._random.choice((self._sentences.own, self._sentences.public)))

    def _line(self, lines: Sequence[str]) -> str:
        line = spoken_zh.fill(self._random.choice(lines or self._sentences.grammar), self._random)
        return finished(_clean(spoken_zh.written_out(line, self._random)) or "好。")


def shortened(found: list[Unit], most: int, random: Random) -> list[Unit]:
    """At most ``most`` syllables: whole, or a stretch of it that begins after a mark where there is one."""
    if sum(len(unit.syllables) for unit in found) <= most:
        return found
    starts = [0, *(i + 1 for i, unit in enumerate(found[:-1]) if not unit.syllables)]
    start, total, end = random.choice(starts), 0, 0
    for end in range(start, len(found)):
        total += len(found[end].syllables)
        if total > most:
            break
    else:
        end = len(found)
    return found[start:end]


def said_texts(lines: Sequence[str], seed: int = 0) -> list[str]:
    """Lines as they are written in transcripts: slots filled, numbers in characters, marks cleaned; and slot values."""
    random = Random(seed)
    said = [finished(_clean(spoken_zh.written_out(spoken_zh.fill(line, random), random)) or "好。") for line in lines]
    return [*said, *(draw(random) for draw in spoken_zh.SLOTS.values() for _ in range(300))]


def sentences_apart(data: Path | None) -> frozenset[str]:
    """Texts of the shared Mandarin calls and utterances, which are for testing."""
    found: set[str] = set()
    folder = data / "synthetic_zh" if data else None
    if folder and folder.is_dir():
        for file in [folder / "utterances.json", *sorted((folder / "calls").glob("*.json"))]:
            content = json.loads(file.read_text(encoding="utf-8"))
            turns: Sequence[dict[str, str]] = content if isinstance(content, list) else content["turns"]
            found |= {turn["text"] for turn in turns}
    return frozenset(found)
