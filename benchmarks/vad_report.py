"""The VAD benchmark as a page and a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from benchmarks.common import markdown_table
from benchmarks.vad_data import Clip
from benchmarks.vad_systems import detectors
from callcore.config import SegmentSettings
from callcore.engines.silero import SileroVad

COLOURS = {
    "callcore": "#0b6e4f",
    "callcore, no gate": "#8fc9b2",
    "Silero, faster-whisper": "#2f5d9b",
    "Silero, our times": "#9ab7dc",
    "webrtcvad 2": "#e0a458",
    "webrtcvad 3": "#b4552d",
}


def write_markdown(path: Path, document: dict[str, Any]) -> None:
    """The tables; the report half unless a line says otherwise."""
    results, machine, versions = document["results"], document["machine"], document["versions"]
    names = results["detectors"]
    sections = [
        "# Voice activity detection, measured",
        "Written by `python -m benchmarks.vad`; all figures, both halves and the settings are in "
        "`benchmarks/results/vad.json`. What follows from them: [segmentation](../segmentation.md).",
        f"{document['date']}, commit {document['commit']}; {machine['cpu']}, {machine['cores']} cores, one used; "
        f"{machine['system']}, Python {machine['python']}; "
        + ", ".join(f"{name} {version}" for name, version in versions.items())
        + ".",
        "Thresholds were chosen on one half of each group of files (every other one, in order of name); the tables "
        "show the other half. Miss: % of speech not found. False: % of the rest taken for speech. F1: of 10 ms frames, "
        "in %. Collar: 0.25 s around every reference boundary is not counted. *Silero, faster-whisper*: "
        "`get_speech_timestamps` with its defaults (2 s of silence, 400 ms pads). *Silero, our times*: the same with "
        "callcore's durations and Silero's usual thresholds. *webrtcvad*: modes 2 and 3, 9 of 10 frames of 30 ms.",
        "![Miss and false alarms of the detectors](vad.png)",
        "## Speech",
        _rates(results["speech"]["report"], names, "exact"),
        "With the collar:",
        _rates(results["speech"]["report"], names, "collar"),
        "## Calls mixed with noise, hold music, ring-back and DTMF (collar)",
        "Pooled by the ratio of speech to noise in dB:",
        _rates(results["mixtures"]["report"]["by_snr_db"], names, "collar"),
        "Pooled by noise, 20 to 0 dB:",
        _rates(results["mixtures"]["report"]["by_noise"], names, "collar"),
        "## Sounds without speech",
        "False seconds per hour (false segments per file); each file as it is and through a telephone at -20 dBFS.",
        _noises(results["noise"]["report"], names),
        _firing(results),
        "## Cross-talk: the other party leaking in (collar)",
        "By how far, in dB, it lies below the own party. Constructed from read speech; not in the sweeps of the "
        "thresholds, but seen while the gate was made.",
        _rates(results["crosstalk"], names, "collar"),
        "## Quiet speech (collar)",
        "The agents of both bank calls turned down, by dB; at 0 they speak at about -24 dBFS.",
        _rates(results["quiet"], names, "collar"),
        "## Real telephone calls",
        "% of the 10 ms frames above -35 dBFS that no segment covers: nearly all of them are speech on these lines. "
        "All of them were looked at while rules and thresholds were chosen: no held-out figures.",
        markdown_table(
            ["call/channel", *names],
            [[call, *(row[name] for name in names)] for call, row in results["loud_uncovered_pct"].items()],
        ),
        "## Cost on one core",
        _timing(results),
    ]
    path.write_text("\n\n".join(sections) + "\n", encoding="utf-8")


def _rates(groups: dict[str, Any], names: list[str], scoring: str) -> str:
    header = ["miss / false / F1", *names]
    rows = [
        [group, *(" / ".join(f"{value:.1f}" for value in row[name][scoring].values()) for name in names)]
        for group, row in groups.items()
    ]
    return markdown_table(header, rows)


def _noises(kinds: dict[str, Any], names: list[str]) -> str:
    rows = []
    for kind, row in kinds.items():
        first = row[names[0]]
        cells = [f"{row[name]['false_s_per_hour']:.0f} ({row[name]['false_segments_per_file']:.2f})" for name in names]
        rows.append([f"{kind}, {first['files']} files, {first['minutes']:.1f} min", *cells])
    return markdown_table(["kind", *names], rows)


def _firing(results: dict[str, Any]) -> str:
    lines = []
    for half in ("report", "tune"):
        fired = results["noise"][half]["all"]["callcore"]["firing"]
        lines.append(f"Files in which callcore finds speech, half *{half}*: " + (", ".join(fired) or "none") + ".")
    lines.append(
        "Left out, since a voice is in it: "
        + ", ".join(results["noise_that_is_voice"])
        + ". Refused on the way: "
        + ", ".join(f"{count} {reason}" for reason, count in results["refusals_on_noise"].items())
        + "."
    )
    return "\n\n".join(lines)


def _timing(results: dict[str, Any]) -> str:
    timing = results["timing"]
    rows = [
        ["Silero, 1 window of 32 ms a call", timing["silero_us_per_window_n1"]["median"]],
        ["Silero, 16 windows a call", timing["silero_us_per_window_n16"]["median"]],
        ["webrtcvad, 1 frame of 30 ms", timing["webrtcvad_us_per_30_ms_frame"]["median"]],
        ["segmenter, 1 window a block", timing["segmenter_us_per_window_n1"]["median"]],
        ["segmenter, 16 windows a block", timing["segmenter_us_per_window_n16"]["median"]],
        ["segmenter, 16 windows a block, no gate", timing["segmenter_us_per_window_n16_no_gate"]["median"]],
    ]
    shares = results["windows_not_scored_pct"]
    saved = ", ".join(f"{name} {share:.0f} %" for name, share in shares.items())
    return markdown_table(["median of 5 runs", "µs"], rows) + f"\n\nWindows that the gate keeps from Silero: {saved}."


def write_plot(path: Path, document: dict[str, Any], example: Clip) -> None:
    """Four panels: noisy calls, sounds without speech, cross-talk, and one channel with each detector's answer."""
    import matplotlib as mpl

    mpl.use("agg")
    from matplotlib import patches, pyplot

    results = document["results"]
    figure, axes = pyplot.subplots(2, 2, figsize=(14, 9.5), layout="constrained")
    _plot_mixtures(axes[0, 0], results)
    _plot_noise(axes[0, 1], results)
    _plot_crosstalk(axes[1, 0], results)
    _plot_example(axes[1, 1], example)
    handles = [patches.Patch(color=COLOURS[name]) for name in results["detectors"]]
    figure.legend(handles, results["detectors"], loc="outside lower center", ncols=6, frameon=False, fontsize=11)
    figure.savefig(path, dpi=110)
    pyplot.close(figure)


def _plot_mixtures(axis: Any, results: dict[str, Any]) -> None:
    by_snr = results["mixtures"]["report"]["by_snr_db"]
    for name in results["detectors"]:
        points = [row[name]["collar"]["f1_pct"] for row in by_snr.values()]
        axis.plot(list(by_snr), points, marker="o", color=COLOURS[name], linewidth=2)
    axis.set(
        title="Bank call mixed with 9 noises", xlabel="speech to noise, dB", ylabel="F1 of frames, % (collar 0.25 s)"
    )
    _tidy(axis)


def _plot_noise(axis: Any, results: dict[str, Any]) -> None:
    row = results["noise"]["report"]["all"]
    names = results["detectors"][::-1]
    values = [row[name]["false_s_per_hour"] for name in names]
    bars = axis.barh(names, [max(value, 1) for value in values], color=[COLOURS[name] for name in names])
    axis.bar_label(bars, labels=[f"{value:.0f}" for value in values], padding=4)
    axis.set(title="Sounds without speech", xlabel="false seconds per hour (log scale)", xscale="log", xlim=(1, 9000))
    _tidy(axis)


def _plot_crosstalk(axis: Any, results: dict[str, Any]) -> None:
    for name in results["detectors"]:
        points = [row[name]["collar"]["false_alarm_pct"] for row in results["crosstalk"].values()]
        axis.plot(list(results["crosstalk"]), points, marker="o", color=COLOURS[name], linewidth=2)
    axis.set(
        title="The other party leaking in", xlabel="dB below the own party", ylabel="false alarms, % of non-speech"
    )
    axis.set_ylim(bottom=0)
    _tidy(axis)


def _plot_example(axis: Any, clip: Clip) -> None:
    answers = {"reference": clip.speech} | {
        name: detect(clip.audio) for name, detect in detectors(SegmentSettings(), SileroVad()).items()
    }
    for row, (name, spans) in enumerate(answers.items()):
        axis.broken_barh(
            [(low, high - low) for low, high in spans], (row - 0.35, 0.7), color=COLOURS.get(name, "#333333")
        )
    axis.set(title=f"Customer's channel of a bank call ({clip.name.split('/')[0]})", xlabel="s")
    axis.set_yticks(range(len(answers)), list(answers))
    axis.set_xlim(0, clip.duration_s)
    axis.invert_yaxis()
    _tidy(axis)


def _tidy(axis: Any) -> None:
    axis.grid(alpha=0.3)
    axis.set_axisbelow(True)
    axis.spines[["top", "right"]].set_visible(False)
