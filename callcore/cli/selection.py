"""What the commands over stored calls share: opening the database, dates, ids."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import click

from callcore.cli.options import overrides

if TYPE_CHECKING:
    from callcore.config import Settings
    from callcore.store import CallSummary, Store


def since(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:  # noqa: ARG001
    """A day or moment in local time, as an option's callback; a day stands for its beginning."""
    return None if value is None else _moment(value)


def until(ctx: click.Context, param: click.Parameter, value: str | None) -> datetime | None:  # noqa: ARG001
    """A day or moment in local time, as an option's callback; a day stands for its end."""
    if value is None:
        return None
    return _moment(value, days=1 if len(value) <= len("2026-01-31") else 0)


def days_ago(ctx: click.Context, param: click.Parameter, value: int | None) -> datetime | None:  # noqa: ARG001
    """The moment so many days before now, as an option's callback."""
    try:
        return None if value is None else datetime.now(UTC) - timedelta(days=value)
    except OverflowError:
        raise click.BadParameter(f"the calendar does not go back {value} days.") from None


def _moment(value: str, days: int = 0) -> datetime:
    with _explained(value):
        return (datetime.fromisoformat(value) + timedelta(days=days)).astimezone()


def iso_time(value: str) -> str:
    """A day or time as typed, in ISO 8601. Raises click's error for anything else."""
    with _explained(value):
        moment = datetime.fromisoformat(value)
    return f"{moment:%Y-%m-%d}" if len(value) == len("2026-01-31") else f"{moment:%Y-%m-%dT%H:%M}"


@contextmanager
def _explained(value: str) -> Iterator[None]:
    """Turn what is wrong with a date into click's error, which says how dates are written."""
    try:
        yield
    except (ValueError, OverflowError, OSError) as error:
        raise click.BadParameter(f"{value!r} is no date; write 2026-01-31 or 2026-01-31T14:30.") from error


def open_store(db: Path | None, settings_file: Path | None, *, read_only: bool) -> Store:
    """The database named by ``--db``, the settings file or the default."""
    from callcore.config import load_settings

    return stored(load_settings(settings_file, overrides(store={"db": db})), read_only=read_only)


def stored(settings: Settings, *, read_only: bool) -> Store:
    """The database of the settings. Where there is none it is an error: what works on stored calls makes none."""
    from callcore.paths import database_file
    from callcore.store import Store

    file = database_file(settings.store)
    return Store.open(file, settings.store, read_only=read_only or not file.exists())


def ended_before(store: Store, moment: datetime) -> list[CallSummary]:
    """Calls transcribed before ``moment``, but none that is still being written."""
    from callcore.store import CallFilter, Status

    return store.list_calls(CallFilter(statuses=(Status.DONE, Status.FAILED, Status.INTERRUPTED), until=moment))


def local_time(moment: datetime) -> str:
    """A moment in the user's time zone, to the minute."""
    return f"{moment.astimezone():%Y-%m-%d %H:%M}"
