"""Run as a process of its own: ``callcore`` with a scripted model that decodes nothing while a file ``hold`` exists in
the folder named first.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

from pipeline_tools import say

import callcore.assembly
from callcore.cli import main
from callcore.engines.scripted import ScriptedEngine
from callcore.loading import LoadedModel


class HeldEngine(ScriptedEngine):
    def __init__(self, folder: Path) -> None:
        super().__init__(say)
        self._hold = folder / "hold"

    def decode(self, requests):
        while self._hold.exists():
            time.sleep(0.01)
        return super().decode(requests)


if __name__ == "__main__":
    engine = HeldEngine(Path(sys.argv.pop(1)))
    callcore.assembly.load_model = lambda settings, live: LoadedModel("scripted", "m" * 64, engine)
    main()
