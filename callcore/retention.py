"""Removal of calls with all that was made of them: database, search, recordings and exports."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from pathlib import Path

from callcore.audio import content_sha256
from callcore.errors import AudioError, PrivacyError
from callcore.privacy import Redactor
from callcore.store import CallSummary, Deleted, Store
from callcore.store.desk import Actor
from callcore.store.files import MadeFile


class Found(StrEnum):
    """What became of a file since it was made."""

    OURS = "ours"
    CHANGED = "changed"  #: by somebody else: it is theirs, and stays
    GONE = "gone"
    UNREADABLE = "unreadable"


@dataclass(frozen=True, slots=True)
class Removal:
    """What is to be removed, and what cannot be."""

    calls: tuple[CallSummary, ...]
    files: tuple[tuple[MadeFile, Found], ...]

    @property
    def removable(self) -> list[Path]:
        """Files that go, each once."""
        return list(dict.fromkeys(made.path for made, found in self.files if found is Found.OURS))

    @property
    def staying(self) -> list[tuple[MadeFile, Found]]:
        """Files that somebody has to look at."""
        return [(made, found) for made, found in self.files if found in (Found.CHANGED, Found.UNREADABLE)]

    @property
    def sources(self) -> list[Path]:
        """Recordings that were transcribed: callcore did not write them, and leaves them."""
        known = {made.path for made, _ in self.files}
        paths = dict.fromkeys(Path(call.source) for call in self.calls)
        return [path for path in paths if path not in known and path.is_absolute() and path.is_file()]


def plan_removal(store: Store, calls: Sequence[CallSummary]) -> Removal:
    """Look what there is. Raises :class:`StoreError` and its kinds."""
    made = store.files.of([call.call_id for call in calls])
    return Removal(tuple(calls), tuple((item, _look(item)) for item in made))


def remove(store: Store, removal: Removal, actor: Actor, redactor: Redactor) -> Deleted:
    """Remove files first, then the calls, so that nothing is left that no call knows of.

    A line a call stays in the audit trail, with the reason as ``redactor`` leaves it. Raises :class:`PrivacyError` when
    a file cannot be removed (its call stays), :class:`StoreError` and its kinds.
    """
    actor = replace(actor, reason=redactor.note(actor.reason, actor.at.astimezone().date()))
    for path in removal.removable:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            raise PrivacyError(
                f"{path} cannot be removed: {error.strerror}.", "Remove it by hand, then run the same command again."
            ) from error
    ids = [call.call_id for call in removal.calls]
    for call_id in ids:
        files = [made.path.name for made, found in removal.files if made.call_id == call_id and found is Found.OURS]
        store.desk.note("purged", call_id, {"files": files}, actor)
    return store.delete(ids)


def _look(made: MadeFile) -> Found:
    if not made.path.exists():
        return Found.GONE
    try:
        same = not made.sha256 or content_sha256(made.path) == made.sha256
    except AudioError:
        return Found.UNREADABLE
    return Found.OURS if same else Found.CHANGED
