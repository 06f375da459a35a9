"""``python -m benchmarks.peers whisper-live``: make the environment in which a peer runs, with pinned versions.

It goes into the user's data folder (``peers/NAME``), where ``callcore bench`` looks for it; nothing of it is needed
for anything else. About 1.5 GB, nearly all of it torch: ``--torch-index`` names the index of its builds without CUDA;
those with it take several times as much.
"""

from __future__ import annotations

import argparse
import shutil
import subprocess
import sys
from pathlib import Path

from callcore.paths import peers_folder

HERE = Path(__file__).resolve().parent
PEERS = ("whisper-live",)


def make(name: str, torch_index: str | None) -> Path:
    """Make the environment of ``name`` anew; returns its interpreter. Raises :class:`subprocess.CalledProcessError`."""
    folder = peers_folder() / name
    shutil.rmtree(folder, ignore_errors=True)
    subprocess.run([sys.executable, "-m", "venv", str(folder)], check=True)
    python = folder / "bin" / "python"
    pip = [str(python), "-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
    if torch_index:
        torch = next(line for line in (HERE / f"{name}-needs.txt").read_text().split() if line.startswith("torch=="))
        subprocess.run([*pip, "--index-url", torch_index, torch], check=True)
    subprocess.run([*pip, "-r", str(HERE / f"{name}-needs.txt")], check=True)
    subprocess.run([*pip, "--no-deps", "-r", str(HERE / f"{name}.txt")], check=True)
    return python


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("peer", choices=PEERS)
    parser.add_argument("--torch-index", help="package index that torch is taken from")
    arguments = parser.parse_args()
    print(make(arguments.peer, arguments.torch_index))
