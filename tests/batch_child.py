"""Run as a process of its own: ``callcore`` with a scripted model.

Each decode leaves a file ``begun-PID-N`` in the folder named first, and waits there for a file ``go``.
"""

from __future__ import annotations

import itertools
import os
import sys
import time
from pathlib import Path

from pipeline_tools import say

import callcore.assembly
import callcore.batch.watch
from callcore.cli import main
from callcore.engines.scripted import ScriptedEngine


class GatedEngine(ScriptedEngine):
    def __init__(self, gate: Path) -> None:
        super().__init__(say)
        self._gate = gate
        self._numbers = itertools.count()

    def decode(self, requests):
        (self._gate / f"begun-{os.getpid()}-{next(self._numbers)}").touch()
        while not (self._gate / "go").exists():
            time.sleep(0.01)
        return super().decode(requests)


if __name__ == "__main__":
    gate = Path(sys.argv.pop(1))
    model = callcore.assembly.LoadedModel("scripted", "m" * 64, GatedEngine(gate))
    callcore.assembly.load_model = lambda settings, live: model
    callcore.batch.watch.SETTLE_S = float(os.environ.get("CHILD_SETTLE_S", callcore.batch.watch.SETTLE_S))
    main()
