"""Where the keys of sealed originals come from: a file, the environment, or a program that asks a key manager."""

from __future__ import annotations

import os
import shlex
import subprocess
from pathlib import Path

from callcore.config import PrivacySettings
from callcore.errors import SealError
from callcore.privacy.seal import Sealer, new_key

COMMAND_LIMIT_S = 30.0
_HINT = "See docs/privacy.md."


def load_sealer(settings: PrivacySettings) -> Sealer:
    """The sealer of the settings; one that withholds where they name no key.

    Raises :class:`SealError` when a key that is named cannot be had: a call must not go on without it unnoticed.
    """
    if settings.key:
        text = settings.key.get_secret_value()
    elif settings.key_file:
        text = _of_file(settings.key_file)
    elif settings.key_command:
        text = _of_command(settings.key_command)
    else:
        return Sealer()
    keys = [line.strip() for line in text.splitlines() if line.strip() and not line.lstrip().startswith("#")]
    if not keys:
        raise SealError("there is no key where the settings look for one.", "Make one with: callcore privacy init")
    return Sealer(keys)


def create_key_file(path: Path) -> None:
    """Write a new key to ``path``, which only the user may read. Raises :class:`SealError` when it exists."""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError as error:
        raise SealError(f"{path} exists; it is not overwritten.", "To change the key, add a line to it.") from error
    except OSError as error:
        raise SealError(f"{path} cannot be written: {error.strerror}.", _HINT) from error
    with os.fdopen(handle, "w", encoding="ascii") as file:
        file.write(f"# Keys of sealed originals, one a line; the last one seals, all of them open.\n{new_key()}\n")


def _of_file(path: Path) -> str:
    try:
        shared = path.stat().st_mode & 0o077
        text = path.read_text(encoding="ascii")
    except (OSError, UnicodeDecodeError) as error:
        reason = error.strerror if isinstance(error, OSError) else "not text"
        raise SealError(f"key file {path}: {reason}.", "Make one with: callcore privacy init") from error
    if os.name == "posix" and shared:
        raise SealError(f"key file {path} may be read by other users.", f"chmod 600 {shlex.quote(str(path))}")
    return text


def _of_command(command: str) -> str:
    try:
        return subprocess.run(
            shlex.split(command), check=True, capture_output=True, text=True, timeout=COMMAND_LIMIT_S
        ).stdout
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        # Neither the command's output nor its arguments: both may hold what must not be in a log.
        raise SealError(f"the program that gives the key failed ({type(error).__name__}).", _HINT) from error
