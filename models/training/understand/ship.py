"""From a trained model to its folder under ``models`` and its row of the manifest."""

from __future__ import annotations

import argparse
import json
from collections.abc import Mapping
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any

from callcore.understand.features import VERSION
from models.training.understand.calibrate import Scale
from models.training.understand.enter import enter
from models.training.understand.export import CARD_FILE, write_folder

if TYPE_CHECKING:
    from models.training.understand.mixture import Trained

ROOT = Path(__file__).parents[3]


def options(description: str | None) -> argparse.ArgumentParser:
    """What every training script asks for."""
    parser = argparse.ArgumentParser(description=description)
    parser.add_argument("--out", type=Path, default=ROOT / "models")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--smoke", action="store_true", help="a tiny run that only shows that everything works")
    return parser


def ship(out: Path, name: str, version: str, seed: int, trained: Trained, card: Mapping[str, Any]) -> None:
    """Write the folder, and where ``out`` has a manifest its row; ``card``: heads, scales, thresholds and more."""
    scales: Mapping[str, Scale] = card["scales"]
    fields = {"format": 1, "name": name, "version": version, "features": VERSION, "seed": seed, **card}
    fields["scales"] = {head: asdict(scale) for head, scale in scales.items()}
    write_folder(out / name, trained, card["heads"], scales, fields)
    if (manifest := out / "manifest.toml").is_file():
        enter(manifest, name, out / name / CARD_FILE)
    print(json.dumps({key: fields[key] for key in ("scales", "thresholds")}))
