"""Run as a process of its own by the tests of the database: writes calls until told to stop, or killed."""

from __future__ import annotations

import sys
from datetime import timedelta
from pathlib import Path

from store_samples import CALL, NOON, call_events, sha, started, write_call

from callcore.config import StoreSettings
from callcore.store import Store


def append_for_ever(path: Path) -> None:
    """Append to one call without end; a line on stdout for every batch stored."""
    with (
        Store.open(path) as store,
        store.begin_call(started("killed"), content_sha256=sha("killed"), started_at=NOON) as writer,
    ):
        while True:
            writer.append(call_events()[:-1])
            print("stored", flush=True)


def hold(path: Path) -> None:
    """Begin a call, say so, and wait for a line before finishing it."""
    with (
        Store.open(path) as store,
        store.begin_call(started("held"), content_sha256=sha("held"), started_at=NOON) as writer,
    ):
        print("begun", flush=True)
        sys.stdin.readline()
        writer.append(call_events())
        writer.complete(NOON)


def write_many(path: Path, name: str) -> None:
    """Open the database anew for each of ten calls and write it."""
    print("ready", flush=True)
    sys.stdin.readline()
    for number in range(10):
        with Store.open(path, StoreSettings(busy_timeout_s=60)) as store:
            write_call(store, f"{name} {number}", NOON + timedelta(seconds=number), CALL)


if __name__ == "__main__":
    task, file, *rest = sys.argv[1:]
    {"append_for_ever": append_for_ever, "hold": hold, "write_many": write_many}[task](Path(file), *rest)
