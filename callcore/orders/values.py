"""What a person types into a field, brought into the form in which the machine would have filled it."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from difflib import get_close_matches

from callcore.errors import TicketError
from callcore.orders.form import SEPARATOR
from callcore.privacy import Redactor
from callcore.privacy.masks import all_masked
from callcore.privacy.redactor import CARD_TAIL
from callcore.text.chars import is_chinese
from callcore.tickets import TicketRules
from callcore.tickets.deadlines import resolve_due, works_in
from callcore.tickets.spec import FieldSpec
from callcore.types import MASK, Entity
from callcore.understand.entities import find, plain_words

CARD_NUMBER_DIGITS = 12  #: shorter ones are a card's tail
TIME_KINDS = ("datetime", "date", "time", "duration", "period")
KNOWN_SHOWN = 12  #: codes of which a message names all
NEAR = 4  #: fields or codes that somebody may have meant
LONGEST = 2000  #: characters of a value
_CODE = re.compile(r"[A-Za-z][A-Za-z0-9_.]*")
_CODES = re.compile(r"[,，、;；\s]+")
_AMOUNT = re.compile(r"(-?\d+(?:\.\d+)?)(?: ?([A-Z]{3}))?")
_CODED = {
    "category": "category",
    "product": "product",
    "topic": "topic",
    "topics": "topic",
    "causes": "cause",
    "department": "department",
    "transfer_route": "department",
    "followup_owner": "department",
    "caller_type": "caller",
}  #: rules whose codes are those of the catalogue
_FILES = {
    **dict.fromkeys(("category", "product", "topic", "caller", "intent"), "taxonomy"),
    "cause": "causes",
    "department": "routing",
}  #: where the codes of the catalogue stand


@dataclass(frozen=True, slots=True)
class Written:
    """A value as shown and in its normal form; both "" empty the field."""

    value: str
    normal: str


@dataclass(frozen=True, slots=True)
class ValueReader:
    """Reads what people type. ``day``: from which relative times count; ``language``: of the call."""

    rules: TicketRules
    redactor: Redactor
    day: date
    language: str

    def spec(self, name: str) -> FieldSpec:
        """The field of a name. Raises :class:`TicketError` naming those that are like it."""
        specs = {spec.name: spec for spec in self.rules.fields}
        if name not in specs:
            last = name.rpartition(".")[2]  # fields of a section are like each other by its name alone
            near = get_close_matches(last, [spec.rpartition(".")[2] for spec in specs], NEAR)
            fields = [spec for one in near for spec in specs if spec.rpartition(".")[2] == one]
            raise TicketError(f'there is no field "{name}".', _near(list(dict.fromkeys(fields)), "fields", "fields"))
        return specs[name]

    def read(self, name: str, text: str) -> Written:
        """A value for a field. Raises :class:`TicketError` for one that the field does not take, never quoting it."""
        spec, text = self.spec(name), " ".join(text.split())
        if not text:
            return Written("", "")
        if len(text) > LONGEST:
            raise TicketError(f"{name} takes {LONGEST} characters at most.", "Shorten it.")
        if spec.sealed:
            return self._secret(spec, text)
        match spec.type:
            case "code" | "codes":
                return self._codes(spec, text)
            case "amount":
                normal = self._amount(text)
            case "date":
                normal = self._time(text)
            case "number":
                normal = text if re.fullmatch(r"-?\d+(\.\d+)?", text) else ""
            case _:
                normal = self.masked(text)
        if not normal or not spec.accepts(normal):
            raise TicketError(f"{name} does not take that.", _TAKES[spec.type])
        return Written(normal, normal)

    def masked(self, text: str) -> str:
        """A text that people typed, without secrets."""
        return self.redactor.note(text, self.day, self.language)

    def _secret(self, spec: FieldSpec, text: str) -> Written:
        kind = secret_kind(spec, text)
        found = [entity.value for entity in self._entities(text) if entity.kind == kind and entity.value]
        normal = found[0] if found else re.sub(r"[\s-]", "", text) if any(map(str.isdecimal, text)) else text
        if not spec.accepts(normal):
            raise TicketError(f"{spec.name} does not take that.", "Check the digits; docs/entities.md has the forms.")
        if kind == "card_number":  # whoever types the whole of it: the work order holds the last digits
            return Written(MASK * CARD_TAIL, self.redactor.tail(kind, normal))
        return Written(all_masked(text), self.redactor.sealer.seal(kind, normal))

    def _codes(self, spec: FieldSpec, text: str) -> Written:
        known = self.codes(spec)
        wanted = _CODES.split(text) if spec.type == "codes" else [text]
        codes = [self._code(spec, known, one) for one in wanted if one]
        names = [self.rules.name(spec, code, self.language) for code in codes]
        joiner = "、" if is_chinese(self.language) else ", "
        return Written(joiner.join(names), SEPARATOR.join(codes))

    def _code(self, spec: FieldSpec, known: Mapping[str, tuple[str, ...]], text: str) -> str:
        lower = text.lower()
        for code, names in known.items():
            if lower == code.lower() or lower in [name.lower() for name in names]:
                return code
        heard = [entity.value for entity in self._entities(text) if entity.kind in spec.kinds]
        if heard:
            return heard[0]
        if not known and _CODE.fullmatch(text) and spec.accepts(text):
            return text
        message = f"{spec.name} does not take that."
        if len(known) <= KNOWN_SHOWN:
            raise TicketError(message, f"Known: {', '.join(known)}.")
        near = [c for c, names in known.items() if any(lower in part.lower() for part in (c, *names))]
        near = near or get_close_matches(lower, known, NEAR)
        raise TicketError(message, _near(near, "codes", _FILES.get(_group(spec), "fields")))

    def codes(self, spec: FieldSpec) -> dict[str, tuple[str, ...]]:
        """Codes that a field may have, each with its names; none where any will do."""
        catalogue = self.rules.catalogue
        groups: dict[str, Sequence[object]] = {
            "category": catalogue.taxonomy.category,
            "product": catalogue.taxonomy.product,
            "topic": catalogue.taxonomy.topic,
            "caller": catalogue.taxonomy.caller,
            "intent": catalogue.taxonomy.intent,
            "cause": catalogue.causes.cause,
            "department": catalogue.routing.department,
        }
        named = groups.get(_group(spec), ())
        wanted = [one for one in named if not spec.intents or one.code in spec.intents]  # type: ignore[attr-defined]
        return {one.code: (one.zh, one.en) for one in (*wanted, *spec.choice)}  # type: ignore[attr-defined]

    def _amount(self, text: str) -> str:
        plain = _AMOUNT.fullmatch(text.replace(",", ""))
        if plain:
            currency = plain[2] or self.redactor.currency or ("CNY" if is_chinese(self.language) else "USD")
            return f"{Decimal(plain[1]):.2f} {currency}"
        return next((entity.value for entity in self._entities(text) if entity.kind == "amount"), "")

    def _time(self, text: str) -> str:
        if _iso(text):
            return text.replace(" ", "T")
        times = [entity for entity in self._entities(text) if entity.kind in TIME_KINDS]
        times.sort(key=lambda entity: TIME_KINDS.index(entity.kind))
        dues = (resolve_due(entity.value, self.day.isoformat(), works_in(self.language)) for entity in times)
        return next(filter(None, dues), "")

    def _entities(self, text: str) -> Sequence[Entity]:
        return find(plain_words(text), self.language, self.redactor.context(self.day))


def _group(spec: FieldSpec) -> str:
    """Which codes of the catalogue a field takes; "" for none."""
    return "intent" if spec.extractor == "intent" else _CODED.get(spec.rule, "")


def _near(near: Sequence[str], what: str, file: str) -> str:
    """What somebody may have meant, and the file in which all are."""
    *rest, last = near[:NEAR] or [""]
    meant = f"Did you mean {', '.join(rest)}{' or ' if rest else ''}{last}? " if last else ""
    folder = "tickets" if file == "fields" else "understand"
    return f"{meant}All {what}: callcore/{folder}/data/{file}.toml, and [{folder}] {file}_file if you set one."


def secret_kind(spec: FieldSpec, text: str) -> str:
    """Under which kind the secret of a field is sealed."""
    kinds = spec.secret_kinds
    long = sum(map(str.isdecimal, text)) >= CARD_NUMBER_DIGITS
    return "card_number" if long and "card_number" in kinds else kinds[0]


def _iso(text: str) -> bool:
    try:
        datetime.fromisoformat(text)
    except ValueError:
        return False
    return len(text) in (10, 16)


_TAKES = {
    "text": "See docs/tickets.md for what it must look like.",
    "amount": 'An amount, such as 300, "300.00 CNY" or 三百元.',
    "date": "A day or time, such as 2026-11-13, 2026-11-13T15:00 or 明天下午三点.",
    "number": "A number, such as 3 or 0.5.",
}
