"""Sending what waits for the bank's system, once or on and on."""

from __future__ import annotations

import threading
from contextlib import suppress
from datetime import datetime

import click

from callcore.cli.stopping import Stopping
from callcore.errors import StoreLocked
from callcore.store import Store
from callcore.webhook import Delivery, Sender

POLL_S = 2.0  #: how often the outbox is looked at; other programs put messages into it


def deliver_waiting(sender: Sender, store: Store) -> int:
    """Send what is due; returns the exit code. Raises :class:`StoreError` and its kinds."""
    done = sender.send_all(store.outbox)
    for delivery in done:
        _tell(delivery)
    later = store.outbox.waiting()
    if later and not any(delivery.problem for delivery in done):
        count = "1 message waits" if len(later) == 1 else f"{len(later)} messages wait"
        click.echo(f"{count} for the next try, the first at {_local(later[0].next_at)}.", err=True)
    elif not done:
        click.echo("Nothing to send.", err=True)
    return 1 if later else 0


def watch_outbox(sender: Sender, store: Store) -> int:
    """Send what comes until Ctrl-C. Raises :class:`StoreError` and its kinds."""
    click.echo("Sending what comes; Ctrl-C ends it.", err=True)
    pause = threading.Event()
    with Stopping(), suppress(KeyboardInterrupt):
        while True:
            with suppress(StoreLocked):  # by a program that writes long: the next look will do
                for delivery in sender.send_all(store.outbox):
                    _tell(delivery)
            pause.wait(POLL_S)
    return 0


def _tell(delivery: Delivery) -> None:
    message = delivery.message
    line = f"{message.kind}  {message.call_id}  {message.message_id}"
    if delivery.next_at is None:
        click.echo(f"sent    {line}")
    else:
        click.secho(f"failed  {line}  {delivery.problem}, again at {_local(delivery.next_at)}", fg="yellow")


def _local(moment: datetime | str) -> str:
    when = datetime.fromisoformat(moment) if isinstance(moment, str) else moment
    return f"{when.astimezone():%Y-%m-%d %H:%M:%S}"
