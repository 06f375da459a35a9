"""Fixtures shared by all tests."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import hypothesis
import pytest

ROOT = Path(__file__).parent.parent

hypothesis.settings.register_profile("callcore", deadline=None)  # how fast an example is depends on what else runs
hypothesis.settings.load_profile("callcore")


@pytest.fixture(scope="session")
def shared_data() -> Path:
    """Folder of real recordings kept outside the repository; tests that need it are skipped without it."""
    folder = Path(os.environ.get("CALLCORE_SHARED_DATA", ROOT.parent / "shared" / "data"))
    if not folder.is_dir():
        pytest.skip("the shared data folder (CALLCORE_SHARED_DATA) is not on this machine")
    return folder


@pytest.fixture(scope="session")
def fixture_call() -> Path:
    """The bundled two-channel Mandarin call: 8 kHz, left agent, right customer."""
    return ROOT / "audio_fixtures" / "call01_card_loss_8k_stereo.wav"


@pytest.fixture(scope="session")
def fixture_call_reference(fixture_call: Path) -> dict:
    """Its reference: channels, turns with start, end, text and character onsets in seconds."""
    return json.loads((fixture_call.parent / "call01_card_loss.json").read_text(encoding="utf-8"))


@pytest.fixture(scope="session")
def starter_model() -> Path:
    """The bundled starter model."""
    return ROOT / "models" / "starter-zh"


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """A file system of a megabyte."""
    folder = tmp_path / "disk"
    folder.mkdir()
    mount = shutil.which("mount")
    if mount is None or os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    if subprocess.run([mount, "-t", "tmpfs", "-o", "size=1m", "tmpfs", folder], capture_output=True).returncode:
        pytest.skip("this machine does not let root mount a file system")
    yield folder
    subprocess.run(["umount", "-l", folder], check=True)
