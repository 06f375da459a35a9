"""What the shipped model makes of speech that nobody is moved in, through the tracker that calls use.

    python -m models.training.voice.unmoved --data SHARED_DATA

LibriSpeech by speaker; Magic Data as one stream of different speakers, which is harder than a call.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections import Counter, defaultdict
from pathlib import Path

from callcore.engines.voice_model import VoiceMoodModel
from callcore.understand.mood.prosody import MEASURES
from callcore.understand.mood.voice import VoiceTracker
from models.training.voice.sound import load, telephone


def streams(data: Path) -> dict[str, list[Path]]:
    """Clips in order, by set and speaker."""
    found: dict[str, list[Path]] = defaultdict(list)
    for path in sorted(data.glob("speech_en/librispeech/*.flac")):
        found[f"librispeech {path.name.split('-')[0]}"].append(path)
    with (data / "speech_zh" / "transcripts.tsv").open(encoding="utf-8", newline="") as lines:
        for row in csv.DictReader(lines, delimiter="\t", quoting=csv.QUOTE_NONE):
            if row["path"].startswith("magicdata"):
                found[f"magicdata {row['speaker']}".strip()].append(data / "speech_zh" / row["path"])
    return found


def main() -> None:
    """Count labels by set and print them."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, required=True)
    parser.add_argument("--model", type=Path, default=Path("models/voice-mood"))
    options = parser.parse_args()
    model, counts = VoiceMoodModel(options.model, MEASURES), defaultdict[str, Counter[str]](Counter)
    for name, paths in streams(options.data).items():
        tracker = VoiceTracker(model, (0,))
        for path in paths:
            tracker.heard(path.name, 0, telephone(load(path)))
            mood = tracker.mood(0, [path.name])
            counts[name.split()[0]]["no mood" if mood is None else mood.label or "no label"] += 1
    print(json.dumps(counts))


if __name__ == "__main__":
    main()
