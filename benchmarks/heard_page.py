"""The page of `benchmarks.heard`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from benchmarks.common import markdown_table

MEASURES = {
    "topic": "topic F1",
    "category": "category F1",
    "intent": "intent F1",
    "emotion": "emotion F1",
    "negative": "negative AUC",
    "out_of_scope": "out of scope",
    "in_scope": "kept",
}
GOAL = 3.0  #: points of topic F1 that may be lost at a tenth of the characters wrong

Row = Mapping[str, Any]


def write_page(document: Mapping[str, Any], path: Path) -> None:
    """The results as a Markdown page."""
    results, settings = document["results"], document["settings"]
    parts = [
        ["# Understanding of heard text", ""],
        _introduction(document, results),
        _mandarin(results["zh"], settings["seeds"]),
        _english(results["en"], settings["seeds"]),
        _entities(results["entities"]),
    ]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(line for part in parts for line in part).rstrip() + "\n", encoding="utf-8")


def _introduction(document: Mapping[str, Any], results: Mapping[str, Any]) -> list[str]:
    return [
        "Written by `python -m benchmarks.heard`. The test turns, which no model was trained on, are read clean and",
        "with errors of recognition, by the same models. F1 is the mean over the labels (macro); AUC that of negative",
        "or not; *out of scope* the share of foreign turns that are told as such, *kept* the share of the bank's own",
        "turns that are not. Intervals: turns drawn with replacement; over several draws of errors they span all.",
        "",
        "Mandarin is said by espeak-ng from pinyin (14 variants of its voice, drawn rate and pitch), over a telephone",
        "line (300 to 3400 Hz, pink noise 40 to 15 dB below the voice, G.711), and recognised by the starter model",
        "through the batch pipeline. That model knows such voices and few words of a bank, so it writes far more",
        "errors than a recogniser fit for calls; nobody's voice is a person's here.",
        "",
        f"Commit {document['commit']}, {document['machine']['cpu']}. Models: {', '.join(results['models'].values())}.",
        "",
    ]


def _mandarin(zh: Mapping[str, Any], seeds: int) -> list[str]:
    whole = zh["all"]
    left = f" {zh['not heard']} turns have not been heard." if zh["not heard"] else ""
    return [
        "## Mandarin turns",
        "",
        f"{whole['turns']} turns, CER {_percent(whole['error_rate'])}.{left} Each cell: clean → heard.",
        "",
        _turn_table(
            "turns with a CER of",
            [("all", whole), ("all, heard without marks", zh["without marks"]), *zh["bands"].items()],
            "CER",
        ),
        "",
        "At 0 % marks alone differ: the turns end without them, the recogniser's text is given them.",
        "Question marks are seen by the models; few labelled turns have one, a third of the heard turns does.",
        "",
        *_at_a_tenth(zh, seeds),
        "Made-up errors beside them: characters replaced by others of the same syllable (four of five errors), lost or",
        f"doubled, all turns, marks restored, mean of {seeds} draws.",
        "",
        _turn_table("turns", _named(zh["homophones"], "homophones, "), "CER"),
        "",
    ]


def _at_a_tenth(zh: Mapping[str, Any], seeds: int) -> list[str]:
    """What a tenth of wrong characters does: some of the errors that were heard, or fewer turns without any."""
    parts, plain, fewer = zh["heard in part"], zh["heard in part, without marks"], zh["fewer heard right"]
    rows = [*_named(parts, "heard in part, "), *_named(plain, "heard in part, without marks, ")]
    told = [
        "Other error rates:",
        "",
        "- *Heard in part*: all turns; each error that the recogniser made stays with an equal chance and is put right",
        f"  otherwise (mean of {seeds} draws). Marks are restored from the words, as in any transcript, or left out.",
    ]
    if fewer:
        rows.append(("fewer heard right", fewer))
        told += [
            "- *Fewer heard right*: of the turns heard without an error so many are left out, drawn, that the rest has",
            f"  10 % ({fewer['turns']} of {zh['all']['turns']} turns, mean of {seeds} draws).",
        ]
    tenth = _verdict("Fewer heard right", fewer) if fewer else _verdict("Heard in part", parts["10%"])
    marks = f"The restored marks alone cost {_lost(parts['0%']):.1f}."
    return [*told, "", _turn_table("turns", rows, "CER"), "", f"{tenth} {marks}", ""]


def _verdict(way: str, tenth: Row) -> str:
    verdict = "meets" if _lost(tenth) <= GOAL else "misses"
    low, high = tenth["topic_loss_interval"] or (0.0, 0.0)
    unsure = ", though not for sure" if 100 * low <= GOAL < 100 * high else ""
    return (
        f"**{way}, at {_percent(tenth['error_rate'])} CER {_lost(tenth):.1f} points of topic F1 are lost "
        f"({_interval(tenth)}): this {verdict} the goal of at most {GOAL:.0f}{unsure}.**"
    )


def _lost(row: Row) -> float:
    """Points of topic F1."""
    return float(100 * (row["clean"]["topic"] - row["heard"]["topic"]))


def _english(en: Mapping[str, Any], seeds: int) -> list[str]:
    return [
        "## English turns, made-up errors only",
        "",
        "**Simulated:** the bundled recogniser knows no English. Words are replaced by others of the corpora with the",
        "same or nearly the same Metaphone code (four of five errors), lost or doubled. No recogniser made them:",
        "as words are replaced by words of a bank, they may mislead more, or less, than real ones. "
        f"Mean of {seeds} draws;",
        "0 % is without marks and in lower case.",
        "",
        _turn_table("turns", _named(en["sound-alikes"], "sound-alikes, "), "WER"),
        "",
    ]


def _entities(found: Mapping[str, Any]) -> list[str]:
    texts = {"as written": found["as written"], "as said": found["as said"], "heard": found["heard"]}
    parts = {f"heard in part, {name}".replace("%", " %"): row for name, row in found["heard in part"].items()}
    summary = [
        [
            name,
            *(_percent(row["all"][key]) for key in ("f1", "value_recall", "kind_recall")),
            _percent(row["digits"]["value_recall"]),
        ]
        for name, row in (texts | parts).items()
    ]
    kinds = [
        [kind, row["marked"], *(_percent(rows["kinds"].get(kind, {}).get("value_recall")) for rows in texts.values())]
        for kind, row in found["as written"]["kinds"].items()
        if row["marked"]
    ]
    left = f" {found['not heard']} sentences have not been heard." if found["not heard"] else ""
    return [
        "## Entities in Mandarin",
        "",
        f"{found['sentences']} sentences, CER {_percent(found['error_rate'])}, of digits "
        f"{_percent(found['digit_error_rate'])}.{left} An entity is right where its kind and whole value were found,",
        "wherever they stand. *As said*: numbers in words and no error, so what is lost from there on is the",
        "recogniser's. Digits exact: card and telephone numbers, codes and the like, of which every digit counts.",
        "",
        markdown_table(["text", "F1", "value right", "kind found", "digits exact"], summary),
        "",
        "Share of the marked whose value is right:",
        "",
        markdown_table(["kind", "marked", *texts], kinds),
        "",
    ]


def _named(rows: Mapping[str, Row], before: str) -> list[tuple[str, Row]]:
    return [(before + name.replace("%", " %"), row) for name, row in rows.items()]


def _turn_table(first: str, rows: Iterable[tuple[str, Row]], measure: str) -> str:
    header = [first, "n", measure, *MEASURES.values(), "topic points lost"]
    return markdown_table(header, [_cells(name, row) for name, row in rows])


def _cells(name: str, row: Row) -> Sequence[object]:
    pairs = [f"{_short(row['clean'][key])} → {_short(row['heard'][key])}" for key in MEASURES]
    return [name, row["turns"], _percent(row["error_rate"]), *pairs, f"{_lost(row):.1f} ({_interval(row)})"]


def _interval(row: Row) -> str:
    ends = row["topic_loss_interval"]
    return f"95 % {100 * ends[0]:.1f} to {100 * ends[1]:.1f}" if ends else "–"


def _short(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f}"


def _percent(value: float | None) -> str:
    return "–" if value is None else f"{100 * value:.1f} %"
