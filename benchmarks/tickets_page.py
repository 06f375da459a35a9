"""The page and the picture of `benchmarks.tickets_heard`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from pathlib import Path
from typing import Any

from benchmarks.common import markdown_table

GOAL_POINTS = 8.0  #: of digit-free fields that may be lost at a tenth of the characters wrong
LANGUAGES = {"zh": "Mandarin", "en": "English"}
HALVES = {"dev": "development half", "test": "test half"}
GROUPS = {"always_required": "always required", "required": "required", "digit_free": "without digits", "all": "all"}
HEADER = (
    "text",
    "calls",
    "error rate",
    *(f"{name}: P / R" for name in GROUPS.values()),
    "without digits: points lost",
    "promises F1",
    "secrets R / P",
)
COLOURS = {"as written": "#4c72b0", "heard in part": "#dd8452", "sound-alikes": "#dd8452", "heard": "#c44e52"}

Row = Mapping[str, Any]


def write_page(document: Row, path: Path) -> None:
    """The results as a Markdown page."""
    halves = document["results"]["halves"]
    lines = [*_introduction(document), "## How well the calls are recognised", ""]
    lines += [_recognition(halves), "", f"![error rates and fields]({path.stem}.png)", ""]
    for half, languages in halves.items():
        lines += [f"## Tickets, {HALVES[half]}", ""]
        for language, found in languages.items():
            lines += [f"{LANGUAGES[language]}:", "", _versions(found["versions"]), ""]
        lines += [*_verdicts(languages), ""]
    half = "test" if "test" in halves else next(iter(halves))
    lines += [f"## Fields, {HALVES[half]}", "", "Precision / recall of each field, and how often it is marked.", ""]
    for language, found in halves[half].items():
        lines += [f"{LANGUAGES[language]}:", "", _fields(found["versions"]), ""]
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("\n".join(lines).rstrip() + "\n", encoding="utf-8")


def _introduction(document: Row) -> list[str]:
    models = ", ".join(document["results"]["models"].values())
    seeds = document["settings"]["seeds"]
    text = f"""# Tickets from calls as written and as heard

Written by `python -m benchmarks.tickets_heard`. The [written calls](../../benchmarks/written_calls/README.md) go
through understanding, redaction and ticket as any call does, and what comes out is held against their gold tickets.
Rules were tuned on the development half; the test half only tells how good they are.

- *As written*: no error.
- *Heard*: each side is said by espeak-ng (a voice that the recogniser was not trained on, drawn for each call) on a
  channel of its own, over a telephone line (300 to 3400 Hz, pink noise 40 or 30 dB below, G.711), and recognised by
  the starter model through the batch pipeline, turns and all. That model knows few words of a bank and writes more
  errors than a recogniser fit for calls.
- *Heard in part*: the written turns, each error of the recogniser kept with an equal chance and put right otherwise,
  so that a tenth of the characters is wrong (all errors where there are fewer); marks restored (mean of {seeds} draws).
- *Sound-alikes*: English, which the starter does not write, with made-up errors: a tenth of the words replaced by
  others of nearly the same sound, lost or doubled; no marks, lower case (mean of {seeds} draws).

What is lost is counted in points of F1 from the calls as written: where little is found there, there is less to lose.
There are few calls, so the intervals (95 %, calls drawn with replacement) are wide.

P: precision; a field that is filled and not marked counts as wrong. R: recall. *Without digits*: all fields but
telephone, ID, card, account, amount, date and deadlines. Free text (summary, reason of a transfer) is in no group: it
counts as right where there is any. Promises: side and kind are right. Secrets: R is the share of which no letter or
digit can be read, P the share of masks that touch a secret; of heard text those secrets count of which at least half
was heard right, from the first right character to the last. A heard call passes as text here: the mood in its voices,
which calls have otherwise, has no part in these figures.

Commit {document["commit"]}, {document["machine"]["cpu"]}. Models: {models}.
"""
    return [*text.splitlines(), ""]


def _recognition(halves: Row) -> str:
    rows = []
    for half, language, one in _recognised(halves):
        rates = one["rates"]
        spread = f"{percent(rates[0])} to {percent(rates[-1])}"
        turns = f"{one['turns_heard']} of {one['turns']}"
        name = f"{HALVES[half]}, {LANGUAGES[language]}"
        rows.append(
            [
                name,
                one["calls"],
                turns,
                one["units"],
                percent(one["error_rate"]),
                percent(one["digit_error_rate"]),
                spread,
            ]
        )
    header = ["", "calls", "turns heard", "units", "error rate", "of digits", "lowest and highest call"]
    table = markdown_table(header, rows)
    named = [pair for _, _, one in _recognised(halves) for pair in one["by_call"].items()]
    by_call = markdown_table(
        ["call of the development half", "error rate"], [[name, percent(rate)] for name, rate in named]
    )
    return f"{table}\n\n{by_call}" if named else table


def _recognised(halves: Row) -> Iterator[tuple[str, str, Row]]:
    for half, languages in halves.items():
        for language, found in languages.items():
            if found["recognition"]:
                yield half, language, found["recognition"]


def _versions(versions: Row) -> str:
    rows = []
    for name, row in versions.items():
        lost = points_lost(versions, name)
        rows.append(
            [
                name,
                row["calls"],
                percent(row["error_rate"]) if row["error_rate"] is not None else "0 %",
                *(pair(row["groups"][group]) for group in GROUPS),
                "" if name == "as written" else f"{lost:.1f} ({interval(row)})",
                percent(row["promises"]["f1"]),
                f"{percent(row['secrets']['recall'])} / {percent(row['secrets']['precision'])}",
            ]
        )
    return markdown_table(HEADER, rows)


def points_lost(versions: Row, name: str) -> float:
    """Points of F1 of the fields without digits that a version has less than the calls as written."""
    clean, worse = (versions[which]["groups"]["digit_free"]["f1"] or 0.0 for which in ("as written", name))
    return float(100 * (clean - worse))


def interval(row: Row) -> str:
    """Between which losses, in points, 95 % of the drawn sets of calls lie."""
    low, high = row["loss_interval"]
    return f"{100 * low:.1f} to {100 * high:.1f}"


def _verdicts(languages: Row) -> Iterable[str]:
    for language, found in languages.items():
        for name in ("heard in part", "sound-alikes"):
            if name in found["versions"]:
                lost = points_lost(found["versions"], name)
                verdict = "meets" if lost <= GOAL_POINTS else "misses"
                rate = percent(found["versions"][name]["error_rate"])
                yield (
                    f"- {LANGUAGES[language]}, {name}: at {rate} errors {lost:.1f} points of F1 of the fields without "
                    f"digits are lost (95 % {interval(found['versions'][name])}); this {verdict} the goal of at most "
                    f"{GOAL_POINTS:.0f}."
                )


def _fields(versions: Row) -> str:
    names = sorted({name for row in versions.values() for name in row["fields"]})
    clean = versions["as written"]["fields"]
    rows = [
        [
            name,
            clean[name]["marked"] if name in clean else 0,
            *(pair(row["fields"][name]) if name in row["fields"] else "-" for row in versions.values()),
        ]
        for name in names
    ]
    return markdown_table(["field", "marked", *versions], rows)


def percent(value: float | None) -> str:
    """A share as it is printed."""
    return "-" if value is None else f"{100 * value:.1f} %"


def pair(row: Row) -> str:
    """Precision and recall as they are printed."""
    return f"{percent(row['precision'])} / {percent(row['recall'])}"


def write_picture(document: Row, path: Path) -> None:
    """Left the error rates of all calls, right recall of every field of Mandarin as written and as heard."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import pyplot

    halves = document["results"]["halves"]
    path.parent.mkdir(parents=True, exist_ok=True)
    figure, axes = pyplot.subplots(1, 2, figsize=(13, 9), width_ratios=(1, 2.4), layout="constrained")
    _plot_rates(axes[0], halves)
    _plot_fields(axes[1], halves)
    figure.savefig(path, dpi=100)
    pyplot.close(figure)


def _plot_rates(axis: Any, halves: Row) -> None:
    found = list(_recognised(halves))
    for place, (_, _, one) in enumerate(found):
        axis.plot([place] * len(one["rates"]), [100 * rate for rate in one["rates"]], "o", color="#4c72b0", alpha=0.7)
        axis.plot([place - 0.3, place + 0.3], [100 * one["error_rate"]] * 2, color="#c44e52", linewidth=2)
    names = [f"{HALVES[half]}\n{LANGUAGES[language]}" for half, language, _ in found]
    axis.set_xticks(range(len(found)), names)
    axis.set_xlim(-0.6, len(found) - 0.4)
    axis.set_ylim(0)
    axis.set_ylabel("error rate of a call, %")
    axis.set_title("Calls as heard (line: all together)")
    axis.grid(axis="y", alpha=0.3)


def _plot_fields(axis: Any, halves: Row) -> None:
    half = "test" if "test" in halves else next(iter(halves))
    versions = next(iter(halves[half].values()))["versions"]
    names = [name for name, row in sorted(versions["as written"]["fields"].items(), reverse=True) if row["marked"]]
    width = 0.8 / len(versions)
    for place, (version, row) in enumerate(reversed(list(versions.items()))):
        recall = [100 * (row["fields"].get(name, {}).get("recall") or 0.0) for name in names]
        offsets = [number + (place - (len(versions) - 1) / 2) * width for number in range(len(names))]
        axis.barh(offsets, recall, width, color=COLOURS[version], label=version)
    axis.set_yticks(range(len(names)), names)
    axis.set_xlim(0, 100)
    axis.set_xlabel("recall, %")
    axis.set_title(f"Fields, {HALVES[half]}, Mandarin")
    handles, labels = axis.get_legend_handles_labels()
    axis.figure.legend(handles[::-1], labels[::-1], loc="outside lower right", ncols=len(labels), frameon=False)
    axis.grid(axis="x", alpha=0.3)
