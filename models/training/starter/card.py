"""The card of an exported model: ``python -m models.training.starter.card FOLDER --checkpoint C --results R``.

Writes ``README.md`` into the folder and prints the rows of the manifest, checksums included.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from models.training.starter.checkpoints import State

FILES = ("config.json", "model.bin", "preprocessor_config.json", "tokenizer.json", "vocabulary.json")
GROUPS = {
    "bank": "bank calls, lines kept from training",
    "fresh": "bank calls, written by others",
    "open": "everyday dialogue",
    "numbers": "numbers alone",
    "packed": "several sentences, 3 to 11 s",
    "long": "several sentences, up to 14.4 s",
    "all": "all but the last",
}
TEMPLATE = """# {name}

A small Mandarin model in Whisper's format, trained from random weights on **synthetic** bank-call speech
{people_short}so that callcore, its tests and its benchmarks run on real recognition without fetching anything.

**It does not recognise people well.** On {human_units:,} characters of human Mandarin its character error rate is
{human} %. For calls of people fetch a published model: `callcore models pull small`.

## Use

`callcore transcribe --model starter-zh CALL.wav`. In callcore it is taken for `--language zh` when nothing better is
installed. Elsewhere: `faster_whisper.WhisperModel(FOLDER, device="cpu", compute_type="int8")` with `language="zh"`,
`temperature=0`, `beam_size=5`, `condition_on_previous_text=False`, and per-turn audio or `vad_filter=True`.

Not for: anything that matters; speech of people; languages other than Mandarin; measuring how well callcore recognises.

## Facts

| | |
| --- | --- |
| shape | Whisper; width {width}, {heads} heads, {encoder} encoder and {decoder} decoder layers, {mels} mels |
| parameters | {parameters:.1f} M, tokens that were not trained left out |
| tokens | Whisper's 51,865, of which {tokens:,} are trained: `<\\|zh\\|>`, `<\\|transcribe\\|>`, timestamps, text |
| window | {window} s (`chunk_length`); 1500 encoder positions, {positions} of them real, the rest one learned vector |
| format | CTranslate2, int8, `model.bin` {size:.1f} MB; word times by `alignment_heads` |
| licence | see `LICENSE` in this folder |
| training | {steps:,} steps, {heard:.0f} h of windows, {spent:.1f} h of wall clock |
| made again by | `models/training/starter`, see docs/starter-model.md |

## Training data

Speech: espeak-ng Mandarin from pinyin, {voices} voice variants ({held_out} others kept for testing), random rate,
pitch and formant shift; room, noise, telephone band, G.711, lost packets; made on the fly, never twice.{people}
Text: the training part of `models/training/understand/corpus/zh`, the grammar and slots beside the training code,
made-up runs of characters and numbers, and sentences of CPED, CrossWOZ and KdConv (Apache-2.0). One line in 40 was
kept for testing.

## Measured

Character error rate in percent through callcore, int8, beam 5, normaliser `zh-cer-1`. Sentences and voices are none of
the training's.

| | clean | telephone |
| --- | ---: | ---: |
{rows}

Through the telephone, voices of the training: {seen} %; greedy instead of beam 5: {greedy} %.
Windows trimmed to the audio and so much silence: {paddings}.
Characters begin {median} ms (median) and {p90} ms (90 %) from where they were said.
On {noise_windows} windows of noise without voice detection it wrote {noise_characters} characters; through the whole
pipeline {noise_pipeline}. Synthetic two-channel calls through the whole pipeline: {calls} %.
People (`speech_zh`): {human_parts}.
"""
PEOPLE = """
Recordings of people: words by Yue Tan and syllables by Chen Wang (Shtooka project, github.com/hugolpz/audio-cmn,
CC BY-SA), alone and spliced into sentences with pitch, formants and pace changed."""


def card(folder: Path, checkpoint: Path, results: Mapping[str, Any], people: bool) -> str:
    """The card's text."""
    from models.training.starter import voices

    state = State.load(checkpoint)
    shape = state.shape
    clean, phone = results["held-out voices, clean"], results["held-out voices, phone"]
    rows = [f"| {words} | {clean[key]['cer']} | {phone[key]['cer']} |" for key, words in GROUPS.items()]
    human = results["speech_zh"]
    return TEMPLATE.format(
        name=folder.name,
        people_short="and words of two people, " if people else "",
        people=PEOPLE if people else " No recording of a person was used.",
        human=human["all"]["cer"],
        human_units=human["all"]["units"],
        human_parts=", ".join(f"{name} {part['cer']} %" for name, part in human.items() if name != "all"),
        width=shape.width,
        heads=shape.heads,
        encoder=shape.encoder_layers,
        decoder=shape.decoder_layers,
        mels=shape.mels,
        parameters=sum(value.numel() for name, value in state.weights.items() if _exported(name)) / 1e6,
        tokens=shape.tokens,
        window=shape.positions // 50,
        positions=shape.positions,
        size=(folder / "model.bin").stat().st_size / 1e6,
        steps=state.step,
        heard=state.heard_s / 3600,
        spent=state.spent_s / 3600,
        voices=len(voices.VARIANTS),
        held_out=len(voices.HELD_OUT),
        rows="\n".join(rows),
        seen=results["voices of the training, phone"]["all"]["cer"],
        greedy=results["held-out voices, phone, greedy"]["all"]["cer"],
        paddings=", ".join(
            f"{pad} s {cer} %" if pad[0].isdigit() else f"{pad} {cer} %"
            for pad, cer in results["paddings, phone"].items()
        ),
        median=phone["times"]["median_ms"],
        p90=phone["times"]["p90_ms"],
        noise_windows=results["noise windows"]["windows"],
        noise_characters=results["noise windows"]["characters"],
        noise_pipeline=results["noise"]["characters"],
        calls=results["synthetic calls"]["all"]["cer"],
    )


def _exported(name: str) -> bool:
    return name.startswith(("encoder.", "decoder."))


def manifest_files(folder: Path) -> str:
    """The rows ``[model.files]`` of the manifest."""
    lines = ["[model.files]"]
    for name in FILES:
        content = (folder / name).read_bytes()
        lines.append(f'"{name}" = {{ size = {len(content)}, sha256 = "{hashlib.sha256(content).hexdigest()}" }}')
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the card, print the manifest's rows."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--checkpoint", type=Path, required=True)
    parser.add_argument("--results", type=Path, required=True, help="what evaluate wrote")
    parser.add_argument("--people", action="store_true", help="recordings of people were among the training data")
    options = parser.parse_args(arguments)
    results = json.loads(options.results.read_text(encoding="utf-8"))
    text = card(options.folder, options.checkpoint, results, options.people)
    (options.folder / "README.md").write_text(text, encoding="utf-8")
    print(manifest_files(options.folder))
    return 0


if __name__ == "__main__":
    sys.exit(main())
