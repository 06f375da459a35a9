"""Nothing of a call, or of the machine, leaves it, and nothing is kept that nobody asked for."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parent.parent


def test_libraries_keep_no_identifier_of_the_machine(tmp_path: Path) -> None:
    """onnxruntime writes one for its telemetry as soon as it is imported, unless told not to."""
    environment = {key: value for key, value in os.environ.items() if not key.startswith(("XDG_", "ORT_"))}
    environment |= {"HOME": str(tmp_path), "PYTHONPATH": str(ROOT)}
    code = "from callcore.engines.silero import SileroVad; SileroVad().stream()"
    subprocess.run([sys.executable, "-c", code], env=environment, check=True, cwd=tmp_path)
    assert [path for path in tmp_path.rglob("*") if path.is_file()] == []
