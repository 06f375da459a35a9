"""Error rates of recognition on a set of labelled audio: a TSV of path and text."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any

from callcore.datafile import unreadable
from callcore.errors import AudioNotFound, CallcoreError, ConfigError
from callcore.evaluate.normalise import MANDARIN, Normaliser, normaliser_for
from callcore.evaluate.rates import CONFIDENCE, Counts, compare, interval

KEYWORDS_ONLY = "[keywords only]"  #: a text that starts so lists words that occur; it is no transcript
NO_SPEECH_KINDS = ("no-speech", "nonspeech", "noise", "music")  #: values of the column kind
REPORT_VERSION = 1


@dataclass(frozen=True, slots=True)
class Row:
    """A line of the set. ``path`` as written there; ``columns`` holds everything."""

    path: str
    text: str
    audio: Path
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def seconds(self) -> float | None:
        """Length of the audio where the set tells it."""
        try:
            return float(self.columns.get("seconds", ""))
        except ValueError:
            return None


@dataclass(frozen=True, slots=True)
class Recognised:
    """What a recogniser made of a file: pieces of text with start and end in seconds, and the length of the audio."""

    pieces: Sequence[tuple[str, float, float]]
    seconds: float | None = None

    @property
    def text(self) -> str:
        """All pieces in order of time."""
        return " ".join(text for text, _, _ in sorted(self.pieces, key=lambda piece: piece[1]))


Recogniser = Callable[[Row], Recognised]  #: raises CallcoreError for a file it cannot do


class Outcome(StrEnum):
    """What became of a row."""

    SCORED = "scored"
    NO_SPEECH = "no_speech"  #: known to hold no speech: what was written there is invented
    KEYWORDS_ONLY = "keywords_only"  #: skipped
    NO_TRANSCRIPT = "no_transcript"  #: skipped
    FAILED = "failed"


@dataclass(frozen=True, slots=True)
class Scored:
    """A row with its counts; ``invented`` units and ``seconds`` only where there is no speech."""

    row: Row
    outcome: Outcome
    normaliser: Normaliser | None = None
    counts: Counts = field(default_factory=Counts)
    hypothesis: str = ""
    seconds: float | None = None
    reason: str = ""


def read_set(file: Path, *needed: str) -> list[Row]:
    """The rows of a TSV with a header; paths are relative to it. Raises :class:`ConfigError`.

    ``needed``: columns that must be there, path and text by default. No quoting: what stands between tabs counts.
    """
    needed = needed or ("path", "text")
    try:
        with file.open(encoding="utf-8-sig", newline="") as lines:
            reader = csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE, restval="")
            missing = [name for name in needed if name not in (reader.fieldnames or ())]
            if missing:
                raise ConfigError(
                    f"{file} has no column {' or '.join(missing)}.",
                    "The first line names the columns, tabs between them.",
                )
            rows = [{k: (v or "").strip() for k, v in row.items() if k is not None} for row in reader]
    except (OSError, UnicodeDecodeError, csv.Error) as error:
        raise unreadable(str(file), error, "Give a UTF-8 TSV file.") from error
    rows = [row for row in rows if row["path"]]
    if not rows:
        raise ConfigError(f"{file} has no rows.", "Each line after the first names a file.")
    return [Row(row["path"], row["text"], file.parent / row["path"], row) for row in rows]


def hypotheses(file: Path) -> Recogniser:
    """A recogniser that answers from a TSV of path and text, paths as in the set. Raises :class:`ConfigError`."""
    written = {row.path: row.text for row in read_set(file)}

    def answer(row: Row) -> Recognised:
        if row.path not in written:
            raise AudioNotFound(f"no hypothesis for {row.path}.")
        return Recognised([(written[row.path], 0.0, 0.0)])

    return answer


def score(row: Row, recognise: Recogniser, *, no_speech: bool = False, language: str = "") -> Scored:
    """One row scored; its errors become a reason and do not end the run.

    ``no_speech``: rows without text hold no speech (rows of a :data:`NO_SPEECH_KINDS` kind always do).
    ``language`` stands in for a missing column lang.
    """
    if row.text.startswith(KEYWORDS_ONLY):
        return Scored(row, Outcome.KEYWORDS_ONLY)
    silent = not row.text and (no_speech or row.columns.get("kind", "").lower() in NO_SPEECH_KINDS)
    if not row.text and not silent:
        return Scored(row, Outcome.NO_TRANSCRIPT)
    try:
        heard = recognise(row)
    except CallcoreError as error:
        return Scored(row, Outcome.FAILED, reason=error.message)
    seconds = heard.seconds if heard.seconds is not None else row.seconds
    # Without a reference the script of what was written decides; Mandarin units count words of any script.
    normaliser = MANDARIN if silent else normaliser_for(row.columns.get("lang") or language, row.text)
    counts = compare(row.text, heard.text, normaliser)
    outcome = Outcome.NO_SPEECH if silent else Outcome.SCORED
    return Scored(row, outcome, normaliser, counts, heard.text, seconds)


@dataclass(frozen=True, slots=True)
class Total:
    """Files of one group measured by one normaliser."""

    group: str
    normaliser: Normaliser
    files: int
    counts: Counts
    interval: tuple[float, float] | None


@dataclass(frozen=True, slots=True)
class Report:
    """A finished run."""

    scored: Sequence[Scored]

    def of(self, outcome: Outcome) -> list[Scored]:
        """Rows with an outcome."""
        return [one for one in self.scored if one.outcome is outcome]

    def totals(self, column: str | None = None) -> list[Total]:
        """Micro averages per normaliser (CER and WER are never mixed), and per value of a column where one is named."""
        groups: dict[tuple[str, str], list[Scored]] = {}
        for one in self.of(Outcome.SCORED):
            if one.normaliser:
                group = one.row.columns.get(column, "") if column else ""
                groups.setdefault((group, one.normaliser.name), []).append(one)
        return [_total(group, members) for (group, _), members in sorted(groups.items())]

    @property
    def invented(self) -> int:
        """Units written where there is no speech."""
        return sum(one.counts.insertions for one in self.of(Outcome.NO_SPEECH))

    @property
    def silent_hours(self) -> float:
        """Hours of audio without speech whose length is known."""
        return sum(one.seconds or 0.0 for one in self.of(Outcome.NO_SPEECH)) / 3600

    @property
    def invented_per_hour(self) -> float | None:
        """Units invented per hour of audio without speech; None if there is none or a length is not known."""
        silent = self.of(Outcome.NO_SPEECH)
        if any(one.seconds is None for one in silent) or not self.silent_hours:
            return None
        return self.invented / self.silent_hours

    def worst(self, count: int) -> list[Scored]:
        """The files with the highest rates, most errors first among equals."""
        scored = self.of(Outcome.SCORED)
        return sorted(scored, key=lambda one: (-(one.counts.rate or 0), -one.counts.errors, one.row.path))[:count]

    def as_json(self, column: str | None = None, *, texts: bool = False) -> dict[str, Any]:
        """The report ready for JSON; reference and hypothesis of every file only with ``texts``."""
        return {
            "report_version": REPORT_VERSION,
            "rows": {outcome.value: len(self.of(outcome)) for outcome in Outcome},
            "totals": [_total_json(total) for total in self.totals()],
            "groups": {column: [_total_json(total) for total in self.totals(column)]} if column else {},
            "silence": {
                "files": len(self.of(Outcome.NO_SPEECH)),
                "hours": round(self.silent_hours, 4),
                "invented": self.invented,
                "invented_per_hour": _rounded(self.invented_per_hour),
            },
            "files": [_file_json(one, texts=texts) for one in self.scored],
        }


def evaluate(rows: Iterable[Row], recognise: Recogniser, *, no_speech: bool = False, language: str = "") -> Report:
    """All rows scored in order; see :func:`score`."""
    return Report([score(row, recognise, no_speech=no_speech, language=language) for row in rows])


def _total(group: str, members: Sequence[Scored]) -> Total:
    counts = [one.counts for one in members]
    normaliser = members[0].normaliser or MANDARIN
    return Total(group, normaliser, len(members), sum(counts, Counts()), interval(counts))


def _total_json(total: Total) -> dict[str, Any]:
    values: dict[str, Any] = {"group": total.group} if total.group else {}
    return values | {
        "normaliser": total.normaliser.name,
        "measure": total.normaliser.measure,
        "files": total.files,
        **_counts_json(total.counts),
        "interval": [_rounded(end) for end in total.interval] if total.interval else None,
        "interval_level": CONFIDENCE,
    }


def _counts_json(counts: Counts) -> dict[str, Any]:
    return {
        "rate": _rounded(counts.rate),
        "units": counts.units,
        "substitutions": counts.substitutions,
        "deletions": counts.deletions,
        "insertions": counts.insertions,
        "digit_units": counts.digit_units,
        "digit_errors": counts.digit_errors,
        "digit_rate": _rounded(counts.digit_rate),
        "other_rate": _rounded(counts.other_rate),
    }


def _file_json(one: Scored, *, texts: bool) -> dict[str, Any]:
    values: dict[str, Any] = {"path": one.row.path, "outcome": one.outcome.value}
    if one.reason:
        values["reason"] = one.reason
    if one.normaliser:
        values |= {"normaliser": one.normaliser.name, **_counts_json(one.counts)}
        if texts:
            values |= {"reference": one.row.text, "hypothesis": one.hypothesis}
    return values


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, 5)
