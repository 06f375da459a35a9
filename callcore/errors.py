"""The exceptions of callcore: one tree, one exit code and one next step each.

A library's own errors are mapped to these at the one door where the library is used. Messages carry names, numbers and
paths, never words said in a call.
"""

from __future__ import annotations

import traceback


class CallcoreError(Exception):
    """Base of all errors callcore raises on purpose.

    ``message`` says what is wrong in one line; ``hint`` says what to do next; ``exit_code`` is what the command line
    ends with when the error ends the run (docs/exit-codes.md).
    """

    exit_code = 1

    def __init__(self, message: str, hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.hint = hint

    def __str__(self) -> str:
        return f"{self.message} {self.hint}".rstrip()


class ConfigError(CallcoreError):
    """A setting, option or settings file is wrong."""

    exit_code = 2


class QueryError(ConfigError):
    """What was asked of the search cannot be understood."""


class AudioError(CallcoreError):
    """An input cannot be used as audio."""

    exit_code = 3


class AudioNotFound(AudioError):
    """No such file, or no file matched."""


class AudioUnreadable(AudioError):
    """The file exists and cannot be decoded (not audio, truncated before the first sample, no permission)."""


class AudioEmpty(AudioError):
    """The file holds no samples, or fewer than can be judged."""


class ChannelError(AudioError):
    """The channels asked for are not in the file."""


class AudioMismatch(AudioError):
    """The audio is not that of the call it is named for."""


class ModelError(CallcoreError):
    """A model cannot be used."""

    exit_code = 4


class ModelNotFound(ModelError):
    """No model of that name is known or installed."""


class ModelCorrupt(ModelError):
    """The model's files are incomplete or differ from their checksums."""


class ModelDownloadError(ModelError):
    """Fetching a model failed."""


class LanguageUnsupported(ModelError):
    """The model does not know the language asked for."""


class EngineError(ModelError):
    """The recogniser failed while decoding."""


class StoreError(CallcoreError):
    """The database cannot be used."""

    exit_code = 5


class StoreLocked(StoreError):
    """Another program holds the database too long."""


class StoreCorrupt(StoreError):
    """The file is not a callcore database, or is damaged."""


class StoreTooNew(StoreError):
    """The database was written by a newer callcore."""


class CallNotFound(StoreError):
    """No call with that id."""


class CallInProgress(StoreError):
    """A process that may still live is writing that call."""


class CallElsewhere(CallInProgress):
    """A process on another computer, which cannot be asked from here, may be writing that call."""


class OutputError(CallcoreError):
    """A result cannot be written (no space, no permission, exists)."""

    exit_code = 6


class DiskFull(OutputError):
    """No space left where a result or the database is written."""


class TicketError(CallcoreError):
    """A work order cannot be changed as asked."""

    exit_code = 11


class EditConflict(TicketError):
    """Somebody else has changed the work order in the meantime."""


class PrivacyError(CallcoreError):
    """Private data cannot be sealed, opened or removed as asked."""

    exit_code = 10


class SealError(PrivacyError):
    """A key is missing or wrong, or a sealed original was changed."""


class RevealRefused(PrivacyError):
    """Originals are not for this user."""


class RewriteError(CallcoreError):
    """A summary could not be rewritten, or says what nobody said; it stays as it was, and no run ends for it."""


class DeviceError(CallcoreError):
    """A sound device cannot be used."""

    exit_code = 8


class DeviceNotFound(DeviceError):
    """There is no such sound device, or none at all."""


class DeviceBusy(DeviceError):
    """Another program holds the sound device."""


class DeviceUnusable(DeviceError):
    """The sound device has too few channels, or refuses the format."""


class Overloaded(CallcoreError):
    """The machine cannot take another live call."""

    exit_code = 9


class MissingExtra(CallcoreError):
    """An optional part of callcore, or a package that it needs, is not installed."""

    exit_code = 7


def not_importable(error: ImportError) -> CallcoreError:
    """What could not be imported as a known error: a package that is missing or broken, or a bug of callcore."""
    package = (error.name or "").partition(".")[0]
    if package in ("", "callcore"):
        return unexpected(error)
    wrong = "is not installed" if isinstance(error, ModuleNotFoundError) else "is installed, but cannot be loaded"
    return MissingExtra(
        f"the Python package {package}, which callcore needs, {wrong}.",
        "Install callcore again: pip install --force-reinstall callcore",
    )


def unexpected(error: Exception) -> CallcoreError:
    """A bug as a known error: the exception's type and where in callcore it arose.

    Its text is left out, for it might quote what was said.
    """
    if isinstance(error, MemoryError):
        return CallcoreError("not enough memory.", "Use fewer --jobs or a smaller --model.")
    where = ""
    for frame, line in traceback.walk_tb(error.__traceback__):
        module = str(frame.f_globals.get("__name__", ""))
        if module.partition(".")[0] == "callcore":
            where = f" at {module}:{line}"
    return CallcoreError(
        f"internal error: {type(error).__name__}{where}.",
        "This is a bug in callcore: please report this line. PYTHONDEVMODE=1 prints where it came from.",
    )
