"""Which files callcore made of calls: recordings and exports, so that they can be removed with them."""

from __future__ import annotations

import os
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from callcore.store.connection import Connection
from callcore.store.ids import timestamp


@dataclass(frozen=True, slots=True)
class MadeFile:
    """A file, and what was in it when callcore had written it.

    A recording is noted when it begins: callcore never writes into a file that was there, so its name is enough.
    """

    call_id: str
    path: Path
    kind: str  #: "recording", "copy" (redacted), "export"
    sha256: str  #: "" of recordings


class Files:
    """Files that were made. Methods raise :class:`StoreError` and its kinds."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def note(self, made: Sequence[MadeFile], at: datetime) -> None:
        """Keep in mind what was written; a file that was made anew is noted with its new content."""
        moment = timestamp(at)
        # As bytes: names of files need not be text.
        rows = [(item.call_id, os.fsencode(item.path.absolute()), item.kind, item.sha256, moment) for item in made]
        with self._connection.writing() as db:
            db.conn.executemany("INSERT OR REPLACE INTO made_files VALUES (?, ?, ?, ?, ?)", rows)

    def of(self, call_ids: Sequence[str]) -> list[MadeFile]:
        """What was made of these calls."""
        marks = ", ".join("?" * len(call_ids))
        with self._connection.reading() as db:
            rows = db.execute(
                f"SELECT call_id, path, kind, sha256 FROM made_files WHERE call_id IN ({marks}) ORDER BY call_id, path",
                list(call_ids),
            ).fetchall()
        return [MadeFile(call_id, Path(os.fsdecode(path)), kind, sha256) for call_id, path, kind, sha256 in rows]
