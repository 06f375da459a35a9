"""Calls written down for tests, stored as callcore stores them: redacted, sealed, with their work orders."""

from __future__ import annotations

import hashlib
from datetime import UTC, date, datetime, timedelta
from functools import cache
from pathlib import Path

from callcore.config import Settings, TicketSettings
from callcore.loading import load_acts
from callcore.orders import Filed, Filer
from callcore.privacy import Redactor
from callcore.privacy.seal import Sealer
from callcore.store import Store, new_call_id
from callcore.types import CallEnded, Event
from callcore.understand.call import Understander
from callcore.understand.catalogue import Catalogue
from callcore.written import WrittenCall, told

DAY = date(2026, 11, 12)
NOON = datetime(2026, 11, 12, 4, 0, tzinfo=UTC)
KEY = "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0-Pw=="
PHONE = "13800138000"
FEE = (
    "坐席：您好，江城银行，请问有什么可以帮您？",
    "客户：我要投诉，你们又扣了我三百块年费。",
    "坐席：请您留一个联系电话。",
    f"客户：我的电话是{PHONE}。",
    "坐席：好的，信用卡的年费问题我转给信用卡中心核实，明天下午三点前给您回电话。",
    "客户：好，谢谢。",
    "坐席：感谢您的来电，再见。",
)
CALLED_BACK = (
    "坐席：您好，江城银行，昨天答应给您回电话，说一下信用卡年费的结果。",
    f"客户：嗯，是我，{PHONE}。",
    "坐席：年费三百元已经给您退回账户了。",
    "客户：好的，谢谢。",
)
NOBODY_CALLED = (
    "坐席：您好，江城银行，请问有什么可以帮您？",
    f"客户：我电话是{PHONE}，上次说给我回电话，到现在都没人打，信用卡年费到底退不退？",
    "坐席：非常抱歉，我马上催一下，三个工作日内给您回电话。",
    "客户：好吧。",
)


@cache
def understander() -> Understander:
    """Reads facts and acts, and no labels."""
    return Understander(Settings().understand, Catalogue.load(), {}, None, load_acts())


def written(lines: tuple[str, ...], day: date = DAY) -> WrittenCall:
    """Lines such as ``坐席：您好。`` or ``Customer: Hello.``, five seconds each."""
    turns = []
    for number, line in enumerate(lines):
        who, _, text = line.replace("：", ":", 1).partition(":")
        speaker = "agent" if who in ("坐席", "Agent") else "customer"
        turns.append({"speaker": speaker, "start_s": 6 * number, "end_s": 6 * number + 5, "text": text.strip()})
    language = "en" if lines[0].isascii() else "zh"
    return WrittenCall.model_validate({"language": language, "call_date": day.isoformat(), "turns": turns})


def call_events(
    lines: tuple[str, ...] = FEE, day: date = DAY, at: datetime = NOON, keys: tuple[str, ...] = (KEY,)
) -> list[Event]:
    """The events as they are stored, and nothing of them in the clear."""
    name = new_call_id(at, hashlib.sha256(repr((lines, day, at)).encode()).hexdigest())
    redaction = Redactor(Sealer(keys)).call(day)
    return told(written(lines, day), name, Settings(), understander(), [redaction])


def write_events(store: Store, events: list[Event], at: datetime = NOON) -> str:
    """A call in the database, without a work order; without its end it is interrupted."""
    digest = hashlib.sha256(repr(events).encode()).hexdigest()
    with store.begin_call(events[0], content_sha256=digest, started_at=at) as writer:
        writer.append(events[1:])
        if isinstance(events[-1], CallEnded):
            writer.complete(at + timedelta(minutes=2))
        else:
            writer.interrupt("stopped")
    return events[0].call_id


@cache
def filer(*, posting: bool = False, judge: bool = True) -> Filer:
    settings = Settings(tickets=TicketSettings(judge=judge))
    update = {"webhook": settings.webhook.model_copy(update={"url": "http://127.0.0.1:9/orders"})} if posting else {}
    return Filer.load(settings.model_copy(update=update))


def file_call(
    store: Store,
    lines: tuple[str, ...] = FEE,
    day: date = DAY,
    at: datetime = NOON,
    keys: tuple[str, ...] = (KEY,),
    *,
    posting: bool = False,
    judge: bool = True,
) -> Filed:
    """A call in the database with its work order. No labels of turns are known, of which the ``judge`` makes much."""
    call_id = write_events(store, call_events(lines, day, at, keys), at)
    return filer(posting=posting, judge=judge).file(store, call_id, at + timedelta(minutes=3))


def calls_db(path: Path, *lines: tuple[str, ...]) -> list[str]:
    """A database with a call for each, a day apart; the calls' ids."""
    with Store.open(path) as store:
        return [
            file_call(store, one, DAY + timedelta(days=n), NOON + timedelta(days=n)).form.ticket.call.id
            for n, one in enumerate(lines or (FEE,))
        ]
