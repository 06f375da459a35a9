"""The row of a model in ``manifest.toml``."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path


def enter(manifest: Path, name: str, card: Path) -> None:
    """Write size and SHA-256 of a model's card into its row.

    Raises ``SystemExit`` where the manifest has not exactly one row of that name, with a card.
    """
    content = card.read_bytes()
    entry = f'{{ size = {len(content)}, sha256 = "{hashlib.sha256(content).hexdigest()}" }}'
    row = re.compile(rf'(\[\[reader\]\]\nname = "{re.escape(name)}"\n(?:[a-z]+ = .*\n)*?card = )\{{.*\}}')
    text, found = row.subn(lambda match: match[1] + entry, manifest.read_text(encoding="utf-8"))
    if found != 1:
        raise SystemExit(f"{manifest} has {found} rows of {name}.")
    manifest.write_text(text, encoding="utf-8")
