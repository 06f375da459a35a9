"""Work orders sent to a real HTTP server on this machine."""

from __future__ import annotations

import threading
from datetime import UTC, datetime, timedelta

import pytest
from bank_server import open_bank
from standardwebhooks import Webhook
from store_samples import NOON, write_call

from callcore.config import WebhookSettings
from callcore.errors import ConfigError
from callcore.store import Store
from callcore.store.desk import Actor
from callcore.webhook import WAITS, Sender

SECRET = "c2VjcmV0IG9mIHRoZSBiYW5rIGZvciB0ZXN0cw=="
BODY = {"fields": {"request.topic": "credit_card.fee"}, "summary": "客户询问年费"}


@pytest.fixture
def bank():
    with open_bank() as server:
        yield server


@pytest.fixture
def store(tmp_path):
    with Store.open(tmp_path / "calls.db") as opened:
        call_id = write_call(opened)
        opened.desk.file(call_id, BODY, "rules", [], Actor("callcore", NOON))
        opened.outbox.post(call_id, "ticket.confirmed", BODY, NOON)
        yield opened


class Clock:
    def __init__(self) -> None:
        self.now = datetime.now(UTC)

    def __call__(self) -> datetime:
        return self.now


def send(bank, store, clock=None, secret=SECRET):
    with Sender(WebhookSettings(url=bank.url, secret=secret, timeout_s=5), clock or Clock()) as sender:
        return sender.send_all(store.outbox)


def test_a_work_order_arrives_once_whole_and_signed(bank, store):
    assert [delivery.problem for delivery in send(bank, store)] == [""]
    assert send(bank, store) == []
    ((headers, content),) = bank.taken
    verified = Webhook(SECRET).verify(content, headers)
    assert verified["type"] == "ticket.confirmed"
    assert verified["data"] == BODY
    assert store.outbox.waiting() == []


@pytest.mark.parametrize("status", [500, 404, 302, 0])
def test_what_is_not_taken_is_tried_again_under_the_same_id(bank, store, status):
    bank.statuses = [status, 200]
    clock = Clock()
    (first,) = send(bank, store, clock)
    assert first.problem
    assert send(bank, store, clock) == [], "not before its time"
    clock.now += WAITS[0]
    (second,) = send(bank, store, clock)
    assert second.problem == ""
    assert len({headers["webhook-id"] for headers, _ in bank.taken}) == 1
    assert len(bank.taken) == 2


def test_waits_grow_and_nothing_is_given_up(bank, store):
    bank.statuses = [503]
    clock, waits = Clock(), []
    for _ in range(len(WAITS) + 3):
        (delivery,) = send(bank, store, clock)
        waits.append(delivery.next_at - clock.now)
        clock.now = delivery.next_at
    assert waits == sorted(waits)
    assert waits[0] < timedelta(minutes=1) < waits[-1] <= timedelta(days=1)
    assert len(store.outbox.waiting()) == 1


def test_a_server_that_is_away_is_told_in_one_line_without_what_was_said(bank, store):
    address = bank.url.replace(str(bank.server_port), "9")
    with Sender(WebhookSettings(url=address)) as sender:
        (delivery,) = sender.send_all(store.outbox)
    assert delivery.problem.startswith("not reached")
    assert "年费" not in store.outbox.waiting()[0].problem


def test_a_clock_set_back_delays_and_loses_nothing(bank, store):
    bank.statuses = [500, 200]
    clock = Clock()
    send(bank, store, clock)
    clock.now -= timedelta(days=2)
    assert send(bank, store, clock) == []
    clock.now += timedelta(days=2, minutes=1)
    assert [delivery.problem for delivery in send(bank, store, clock)] == [""]


def test_two_programs_send_it_once(bank, store, tmp_path):
    with Store.open(tmp_path / "calls.db") as other:
        threads = [threading.Thread(target=send, args=[bank, one]) for one in (store, other)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
    assert len(bank.taken) == 1


def test_settings_that_cannot_work_are_told_before_anything_is_sent():
    with pytest.raises(ConfigError, match="no address"):
        Sender(WebhookSettings())
    with pytest.raises(ConfigError, match=r"webhook\.secret"):
        Sender(WebhookSettings(url="http://127.0.0.1:9", secret="not base64!"))
