"""Latency of live calls on the synthetic two-channel calls: callcore, and other systems on the same weights.

Every model is measured at every number of calls at once, one system after the other in one run. The protocol and the
terms are in docs/bench.md. Run it on a quiet machine: a run takes the length of the calls per model, number and system.

    python -m benchmarks.latency                                   # starter model, bundled call, alone
    python -m benchmarks.latency --data DATA --calls 2 8           # with the second call, 2 and 8 at once
    python -m benchmarks.latency --model starter-zh --model base=FOLDER --compare NAME --workers 4
    python -m benchmarks.latency --name peers --files CLEAN/*.wav --model base=FOLDER --compare NAME --note TEXT
"""

from __future__ import annotations

import argparse
import shutil
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks.common import ROOT, write_result
from callcore.bench.latency import SystemResult, Task, measure_system, prepare
from callcore.bench.plots import write_plots
from callcore.bench.records import PACKAGES, records, run_header, write_lines
from callcore.bench.report import markdown
from callcore.bench.systems import SYSTEMS, make_system
from callcore.config import Settings, load_settings

BUNDLED = ROOT / "audio_fixtures" / "call01_card_loss_8k_stereo.wav"
MORE = Path("synthetic_zh") / "calls" / "call02_fee_complaint_8k_stereo.wav"
RESULTS = ROOT / "benchmarks" / "results"
PAGES = ROOT / "docs" / "benchmarks"
HEAD = """# Latency of live calls

Two-channel Mandarin calls made with espeak-ng, 8 kHz, with the onset of every character, played in real time to each
system in turn, on the same weights and cores. Terms, protocol and gates: [bench.md](../bench.md). A latency marked ✗
does not count: the text behind it was not good enough or did not cover enough of what was said.

Written by `python -m benchmarks.latency`; all figures are in `benchmarks/results/{name}.json`. {note}
"""


@dataclass(frozen=True, slots=True)
class Section:
    """All systems on one model and one number of calls at once."""

    model: str
    concurrent: int
    results: Sequence[SystemResult]
    header: dict[str, Any]

    def folder(self, name: str) -> str:
        """Name of the folder of its pictures, for a result of that name."""
        return f"{name}_{self.model}_{self.concurrent}"

    def page(self, name: str) -> str:
        """Its part of the page."""
        calls = "1 call" if self.concurrent == 1 else f"{self.concurrent} calls at once"
        figures = "\n".join(
            f"![{picture}]({self.folder(name)}/{picture}.png)"
            for picture in ("latency_cdf", "latency_over_time", "cost")
        )
        return f"## {self.model}, {calls}\n\n{markdown(self.results, self.header)}\n{figures}\n"


def measure(name: str, settings: Settings, tasks: Sequence[Task], concurrent: int, systems: Sequence[str]) -> Section:
    """Measure all systems, one after the other."""
    results = []
    for system in systems:
        print(f"  {name}, {concurrent} at once: {system}", flush=True)
        results.append(measure_system(make_system(system, settings), tasks, concurrent))
    return Section(name, concurrent, results, run_header(results, [task.reference.source for task in tasks]))


def write(name: str, note: str, sections: Sequence[Section], lines: Path | None, settings: dict[str, Any]) -> None:
    """Write figures, page and pictures; ``lines``: folder for every single measurement, if wanted."""
    figures = {f"{one.model}, {one.concurrent}": {r.name: r.summary.as_json() for r in one.results} for one in sections}
    write_result(RESULTS / f"{name}.json", name, figures, settings, PACKAGES)
    for section in sections:
        folder = PAGES / section.folder(name)
        shutil.rmtree(folder, ignore_errors=True)
        folder.mkdir(parents=True)
        write_plots(folder, section.results, section.header, forms=("png",))
        if lines:
            write_lines(lines / f"{section.folder(name)}.jsonl", records(section.header, section.results))
    page = "\n".join([HEAD.format(name=name, note=note), *(section.page(name) for section in sections)])
    (PAGES / f"{name}.md").write_text(page.replace(" \n", "\n"), encoding="utf-8")


def _named(value: str) -> tuple[str, str]:
    name, _, model = value.rpartition("=")
    return name or Path(model).name, model


def main() -> None:
    """Measure and write the page."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument(
        "--model", action="append", metavar="[NAME=]MODEL", help="model name or folder; may be repeated"
    )
    parser.add_argument("--calls", type=int, nargs="+", default=[1], help="calls at once")
    parser.add_argument("--data", type=Path, help="folder of recordings: adds the second synthetic call")
    parser.add_argument("--files", type=Path, nargs="+", help="these calls instead, each with its JSON beside it")
    parser.add_argument("--name", default="latency", help="of the result and the page")
    parser.add_argument("--note", default="", help="said on the page, about the calls or the models")
    parser.add_argument("--compare", action="append", default=[], choices=sorted(SYSTEMS), help="other systems")
    parser.add_argument("--workers", type=int, default=0, help="decoding threads; 0 = one per core")
    parser.add_argument("--lines", type=Path, help="folder for the JSON Lines of every run")
    arguments = parser.parse_args()
    recordings = arguments.files or [BUNDLED, *([arguments.data / MORE] if arguments.data else [])]
    systems = list(dict.fromkeys(("callcore", *arguments.compare)))
    sections = []
    for name, model in map(_named, arguments.model or ["starter-zh"]):
        settings = load_settings(None, {"recognise": {"model": model, "workers": arguments.workers}})
        with tempfile.TemporaryDirectory() as offline:
            tasks = prepare(recordings, [], settings, Path(offline))
            sections += [measure(name, settings, tasks, count, systems) for count in arguments.calls]
    stated = {"calls": arguments.calls, "workers": arguments.workers, "recordings": [path.name for path in recordings]}
    write(arguments.name, arguments.note, sections, arguments.lines, stated)
    for section in sections:
        print(section.page(arguments.name))


if __name__ == "__main__":
    main()
