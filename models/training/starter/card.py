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

from callcore.evaluate.normalise import ENGLISH, MANDARIN
from models.training.starter import voices
from models.training.starter.checkpoints import State

FILES = ("config.json", "model.bin", "preprocessor_config.json", "tokenizer.json", "vocabulary.json")
GROUPS = {
    "bank": "bank calls, lines kept from training",
    "fresh": "bank calls, written by others",
    "open": "{open}",
    "numbers": "numbers alone",
    "packed": "several sentences, 3 to 11 s",
    "long": "several sentences, up to 14.4 s",
    "all": "all but the last",
}
TEMPLATE = Path(__file__).with_name("card.md")
MANDARIN_WORDS = {
    "tongue": "Mandarin",
    "origin": "from random weights",
    "unit": "character",
    "normaliser": MANDARIN.name,
    "speech": f"espeak-ng Mandarin from pinyin, {len(voices.VARIANTS)} voice variants ({len(voices.HELD_OUT)} others"
    " kept for testing)",
    "public": "sentences of CPED, CrossWOZ and KdConv (Apache-2.0)",
    "open": "everyday dialogue",
    "nobody": " No recording of a person was used.",
}
ENGLISH_WORDS = {
    "tongue": "English",
    "origin": "from the layers of starter-zh",
    "unit": "word",
    "normaliser": ENGLISH.name,
    "speech": f"espeak-ng in {len(voices.ENGLISH)} English accents and {len(voices.VARIANTS)} voice variants"
    f" ({len(voices.HELD_OUT)} others\nkept for testing) and flite in {len(voices.FLITE)} voices"
    f" ({len(voices.FLITE_HELD_OUT)} other kept for testing)",
    "public": "questions of BANKING77 (CC BY 4.0), CLINC150 (CC BY 3.0) and\nMultiDoGO finance (CDLA Permissive)",
    "open": "questions of the public sets",
    "nobody": "\nRecordings of people have only taught the layers that starter-zh lent; its card names them.",
}
CALLS = " Synthetic two-channel calls through the whole pipeline: {} %."
PEOPLE = """
Recordings of people: words by Yue Tan and syllables by Chen Wang (Shtooka project, github.com/hugolpz/audio-cmn,
CC BY-SA), alone and spliced into sentences with pitch, formants and pace changed."""


def card(folder: Path, checkpoint: Path, results: Mapping[str, Any], people: bool) -> str:
    """The card's text."""
    state = State.load(checkpoint)
    shape = state.shape
    clean, phone = results["held-out voices, clean"], results["held-out voices, phone"]
    words = ENGLISH_WORDS if state.language == "en" else MANDARIN_WORDS
    rows = [f"| {group.format(**words)} | {clean[key]['cer']} | {phone[key]['cer']} |" for key, group in GROUPS.items()]
    human = results[f"speech_{state.language}"]
    heard = results.get("synthetic calls")
    return TEMPLATE.read_text(encoding="utf-8").format(
        **words,
        units=f"{words['unit']}s",
        Unit=words["unit"].capitalize(),
        name=folder.name,
        language=state.language,
        people_short="and words of two people, " if people else "",
        people=PEOPLE if people else words["nobody"],
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
        calls=CALLS.format(heard["all"]["cer"]) if heard else "",
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
