"""What a turn means, in a few words beside its text."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from callcore.text.chars import is_chinese
from callcore.types import Role

if TYPE_CHECKING:
    from rich.text import Text

    from callcore.config import UnderstandSettings
    from callcore.types import Entity, Label, Understanding
    from callcore.understand.catalogue import Catalogue

MOOD_NAMES = {
    "calm": "平静",
    "pleased": "满意",
    "confused": "困惑",
    "anxious": "焦虑",
    "dissatisfied": "不满",
    "angry": "激动",
    "disappointed": "失望",
}
MOOD_STYLES = {
    "pleased": "green",
    "confused": "yellow",
    "anxious": "yellow",
    "dissatisfied": "red",
    "angry": "bold red",
    "disappointed": "red",
}
TOLD_INTENTS = frozenset({"urge", "escalate", "leave", "dispute", "want_human", "report_loss", "report_fraud"})
BY_ITSELF = frozenset({"channel", "product", "bank"})  #: kinds of entities whose words say it all
MOST_FACTS = 4
TIMES = frozenset({"date", "time", "datetime"})  #: kinds of entities whose value may be a span
OPEN = ".."  #: an end of a span that nobody named
WRONG = "✗"  #: behind a number whose check digits are wrong
KIND_NAMES = {
    "card_tail": ("尾号", "ending in"),
    "card_number": ("卡号", "card"),
    "account": ("账号", "account"),
    "phone": ("电话", "phone"),
    "id_number": ("证件号", "ID"),
    "reference": ("编号", "no."),
    "name": ("姓名", "name"),
    "digits": ("数字", "digits"),
    "code": ("验证码", "code"),
    "card_expiry": ("有效期", "expires"),
    "email": ("邮箱", "email"),
}  #: of entities whose value alone does not tell: Chinese, English

Tag = tuple[str, str]  #: text and style


def tags(understanding: Understanding, role: Role, catalogue: Catalogue) -> list[Tag]:
    """Category, topic, what matters among intents, mood and facts; [] where nothing is worth a word.

    The agent's own category, topics and causes, and calm, are not told: they go without saying.
    """
    chinese = is_chinese(understanding.language)

    def name(label: Label) -> str:
        return catalogue.name(label.code, understanding.language)

    found: list[Tag] = []
    customer = role is not Role.AGENT
    if understanding.category and customer:
        found.append((name(understanding.category), "red" if understanding.category.code == "complaint" else "cyan"))
    found += [(name(topic), "cyan") for topic in understanding.topics if customer]
    found += [(name(intent), "yellow") for intent in understanding.intents if intent.code in TOLD_INTENTS]
    found += [(name(cause), "red") for cause in understanding.causes if customer]
    mood = understanding.mood
    if mood and mood.label not in ("", "calm"):
        shown = MOOD_NAMES[mood.label] if chinese else mood.label
        found.append((f"{shown} {mood.probability:.0%}", MOOD_STYLES[mood.label]))
    facts = [entity for entity in understanding.entities if entity.kind not in BY_ITSELF and entity.value]
    found += [_fact(entity, chinese=chinese) for entity in facts[:MOST_FACTS]]
    return found


def _fact(entity: Entity, *, chinese: bool) -> Tag:
    from callcore.privacy.seal import is_sealed

    kind = KIND_NAMES.get(entity.kind, ("", ""))[0 if chinese else 1]
    wrong = f" {WRONG}" if entity.valid is False else ""
    value = entity.text if is_sealed(entity.value) else entity.value
    if entity.kind in TIMES:
        value = _time_said(value, chinese=chinese)
    return f"{kind} {value}{wrong}".strip(), "red" if wrong else "blue"


def _time_said(value: str, *, chinese: bool) -> str:
    """An ISO 8601 time or span as people write it: ``by 2026-11-13 15:00`` for ``../2026-11-13T15:00``."""
    first, _, last = value.replace("T", " ").partition("/")
    if not last:
        return first
    if first == OPEN:
        return f"最晚 {last}" if chinese else f"by {last}"
    if last == OPEN:
        return f"{first} 起" if chinese else f"from {first}"
    return f"{first} – {last}"


def tag_line(found: list[Tag], *, plain_signs: bool = False, dim: bool = False) -> Text:
    """Tags on one line. ``plain_signs``: ASCII only. ``dim``: they may still change."""
    from rich.text import Text

    from callcore.cli.printing import printable

    line = Text("> " if plain_signs else "› ", style="dim")
    for place, (text, style) in enumerate(found):
        line.append((", " if plain_signs else " · ") if place else "", "dim")
        shown = text.replace(WRONG, "!") if plain_signs else text
        line.append(printable(shown), f"dim {style}" if dim else style)
    return line


def bank_catalogue(settings: UnderstandSettings) -> Catalogue:
    """The catalogue that the settings name. Raises :class:`ConfigError`."""
    from callcore.understand.catalogue import Catalogue

    return Catalogue.of(settings)


@cache
def bundled() -> Catalogue:
    """The catalogue that comes with callcore, for calls whose own is not at hand."""
    from callcore.understand.catalogue import Catalogue

    return Catalogue.load()
