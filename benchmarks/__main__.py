"""``python -m benchmarks``: all benchmarks that need nothing but this checkout; with --data also those on recordings.

Run it on a quiet machine. Results go to benchmarks/results/*.json and docs/benchmarks/.
"""

from __future__ import annotations

import argparse
import subprocess
import sys
from pathlib import Path

BUNDLED = ("batch_speed", "footprint", "heard", "latency", "smaller_head", "tickets_heard")
ON_RECORDINGS = {
    "recognition": ["--data", "{data}"],
    "vad": ["--data", "{data}"],
    "search": ["--data", "{data}"],
    "punctuation": ["{data}"],
    "roles": ["{data}"],
}  #: benchmark -> its arguments


def main() -> None:
    """Run one benchmark after the other, each in a process of its own."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", type=Path, help="folder of recordings and texts")
    arguments = parser.parse_args()
    runs: dict[str, list[str]] = {name: [] for name in BUNDLED}
    if arguments.data:
        runs |= {name: [part.format(data=arguments.data) for part in parts] for name, parts in ON_RECORDINGS.items()}
    for name, parts in runs.items():
        print(f"== {name}", flush=True)
        subprocess.run([sys.executable, "-m", f"benchmarks.{name}", *parts], check=True)


if __name__ == "__main__":
    main()
