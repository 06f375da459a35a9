"""What the search finds, and what it makes of whatever is typed."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from store_samples import AGENT, CALL, CUSTOMER, NOON, Lines, started, write_call

from callcore.errors import QueryError
from callcore.store import CallFilter, SearchResult, Store
from callcore.store.query import parse
from callcore.store.tokens import sounds, tokenize
from callcore.types import Role

ENGLISH: Lines = (
    (AGENT, "Good morning, how can I help?"),
    (CUSTOMER, "My credit card was lost, the Card ends in 3275."),
    (AGENT, "I have blocked it. The fee is 1,250 dollars."),
    (CUSTOMER, "Transferred already? I don't believe it, José."),
)
MIXED: Lines = (
    (AGENT, "请问您的APP版本是多少"),
    (CUSTOMER, "我在江城银航办的新用卡，信用卡。"),
    (AGENT, "銀行臨時額度"),
)


@pytest.fixture(scope="module")
def store(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Store]:
    with Store.open(tmp_path_factory.mktemp("search") / "calls.db") as opened:
        write_call(opened, "a", NOON, CALL)
        write_call(opened, "b", NOON + timedelta(days=1), ENGLISH, language="en")
        write_call(opened, "c", NOON + timedelta(days=2), MIXED)
        yield opened


def texts(result: SearchResult) -> list[str]:
    return [hit.text for hit in result.hits]


def marked(result: SearchResult) -> list[str]:
    return [hit.text[start:end] for hit in result.hits for start, end in hit.spans]


@pytest.mark.parametrize(
    ("query", "found"),
    [
        ("信用卡", ["信用卡", "信用卡"]),
        ("额度", ["額度", "额度", "額度"]),  # Simplified finds Traditional
        ("額度", ["額度", "额度", "額度"]),  # and the other way round
        ("卡", ["卡", "卡", "卡", "卡"]),
        ("银行 额度", ["銀行", "額度"]),
        ("3500", ["３，５００", "3,500"]),
        ("3,500", ["３，５００", "3,500"]),
        ("３５００", ["３，５００", "3,500"]),
        ("3275", ["3275", "3275"]),
        ("275", []),  # a number is a word: no part of it
        ("card", ["card", "Card"]),
        ("CREDIT Card", ["credit", "card", "Card"]),
        ("ｃａｒｄ", ["card", "Card"]),
        ("jose", ["José"]),
        ("JOSÉ", ["José"]),
        ("trans", []),
        ("trans*", ["Transferred"]),
        ("don't", ["don't"]),
        ('"card ends"', ["Card ends"]),
        ('"ends card"', []),
        ("“您的app”", ["您的APP"]),
        ("card -blocked", ["card", "Card"]),
        ("卡 -信用卡", ["卡"]),
        ("卡 －信用卡", ["卡"]),
        ('额度 -"卡上的"', ["額度", "額度"]),
        ("blocked OR morning", ["morning", "blocked"]),
        ("card lost OR blocked", ["card", "lost", "Card"]),
        ("额度 3500 OR 临时", ["臨時額度", "額度", "３，５００", "3,500"]),
        ('"OR"', []),
        ("额度：", ["額度", "额度", "額度"]),
        ("词典", []),
    ],
)
def test_what_is_found_and_marked(store: Store, query: str, found: list[str]) -> None:
    assert sorted(marked(store.search(query))) == sorted(found)


def test_number_across_a_full_width_comma_is_two_numbers() -> None:
    assert [token.text for token in tokenize("尾号123，456元")] == ["尾", "号", "123", "456", "元"]
    assert [token.text for token in tokenize("共1,234,567元，a1,234")] == ["共", "1234567", "元", "a1", "234"]


def test_newest_calls_come_first_and_time_order_within(store: Store) -> None:
    assert [(hit.call_id[:8], hit.start_sample) for hit in store.search("额度").hits] == [
        ("20260303", 96_000),
        ("20260301", 96_000),
        ("20260301", 144_000),
    ]


def test_limit_keeps_the_total(store: Store) -> None:
    result = store.search("额度", limit=2)
    assert (len(result.hits), result.total) == (2, 3)
    result = store.search("信用卡", limit=2, sounds_like=True)
    assert (len(result.hits), result.total) == (2, 2)


def test_a_hit_brings_its_context_and_the_time_of_the_word(store: Store) -> None:
    (hit,) = store.search("丢了").hits
    assert hit.role is Role.CUSTOMER
    assert (hit.before.text, hit.after.text) == (CALL[0][1], CALL[2][1])
    assert hit.before.role is Role.AGENT
    position = CALL[1][1].index("丢")
    assert hit.at_sample == 48_000 + 1600 * position
    assert store.search("您好").hits[0].before is None
    assert store.search("３，５００").hits[0].after is None
    (hit,) = store.search("lost").hits
    assert hit.at_sample == 48_000 + 1600 * 4  # the fifth word
    assert hit.as_json()["at_s"] == 3.4


def test_filters(store: Store) -> None:
    assert store.search("卡", speaker=Role.AGENT).total == 1
    assert store.search("卡", speaker=Role.CUSTOMER).total == 2
    assert store.search("3275", language="en").total == 1
    assert store.search("卡", CallFilter(since=NOON + timedelta(hours=1))).total == 1
    assert store.search("卡", CallFilter(until=NOON + timedelta(hours=1))).total == 2
    assert store.search("卡", CallFilter(call_ids=(started("a").call_id,))).total == 2


def test_sounds_like_adds_homophones_after_exact_hits(store: Store) -> None:
    result = store.search("银行", sounds_like=True)
    assert [(hit.text[slice(*hit.spans[0])], hit.sounds_like) for hit in result.hits] == [
        ("銀行", False),
        ("银行", False),
        ("银航", True),
    ]
    assert result.total == 3
    (only,) = store.search("新用卡 -丢", sounds_like=True).hits
    assert [only.text[start:end] for start, end in only.spans] == ["新用卡"]
    assert marked(store.search("心用", sounds_like=True)) == ["新用", "信用", "信用"]
    assert marked(store.search('"yin hang"', sounds_like=True)) == ["银航", "銀行", "银行"]
    assert marked(store.search("银行 -江城", sounds_like=True)) == ["銀行"]


def test_sound_depends_on_the_word() -> None:
    assert sounds(tokenize("银行行长")) == ["yin", "hang", "hang", "zhang"]
    assert sounds(tokenize("ok，銀行3500")) == ["ok", "yin", "hang", "3500"]
    rare = tokenize("〇𠀀かａ")
    assert len(sounds(rare)) == len(rare) == 4


@pytest.mark.parametrize(
    ("query", "why"),
    [
        ("", "no word"),
        ('""', "no word"),
        (":-)", "no word"),
        ("-卡", "leave out"),
        ("OR", "both sides"),
        ("卡 OR", "both sides"),
        ("OR 卡", "both sides"),
        ("卡 OR OR 卡", "both sides"),
        ("卡 OR -卡", "beside OR"),
        ("卡 " * 65, "64"),
        ("卡" * 1001, "1000"),
    ],
)
def test_what_cannot_be_asked_is_explained(store: Store, query: str, why: str) -> None:
    with pytest.raises(QueryError, match=why) as told:
        store.search(query)
    assert told.value.hint
    assert told.value.exit_code == 2


NASTY = st.sampled_from("\"'*()-^:+{}OR NEARANDNOT卡额度\0\ud800“”－ ")


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(st.characters() | NASTY, max_size=40), st.booleans())
@example('words : "卡', False)
@example("NEAR(卡 额, 2)", False)
@example("卡 AND", True)
@example("\0\0\ud800", False)
@example(" ".join("卡额度信用" * 12), True)
def test_any_text_is_answered_or_explained(store: Store, query: str, sounds_like: bool) -> None:
    try:
        result = store.search(query, sounds_like=sounds_like)
    except QueryError:
        return
    assert len(result.hits) <= result.total
    assert all(hit.spans for hit in result.hits)


ALPHABET = st.sampled_from('信用卡額额度行銀银aB éß3５,，。 \u3000-"OR*〇𠀀か한\u0301①㎡ＡＢ')


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.text(ALPHABET, max_size=20), min_size=1, max_size=5), st.data())
def test_every_part_of_a_text_is_found_and_nothing_else(tmp_path: Path, lines: list[str], data: st.DataObject) -> None:
    path = tmp_path / "any.db"
    path.unlink(missing_ok=True)
    with Store.open(path) as store:
        write_call(store, "x", NOON, tuple((AGENT, line) for line in lines))
        source = data.draw(st.sampled_from(lines))
        tokens = tokenize(source)
        if not tokens:
            return
        first = data.draw(st.integers(0, len(tokens) - 1))
        last = data.draw(st.integers(first, len(tokens) - 1))
        part = source[tokens[first].start : tokens[last].end].replace('"', " ")
        wanted = [token.text for token in tokenize(part)]
        if not wanted:
            return
        expected = {
            line
            for line in lines
            if any([token.text for token in tokenize(line)][at : at + len(wanted)] == wanted for at in range(len(line)))
        }
        result = store.search(f'"{part}"', limit=50)
        assert set(texts(result)) == expected
        assert source in expected or '"' in source or "," in source


def test_the_users_text_never_reaches_the_query_language() -> None:
    expression = parse("a) OR words : x' -b* (c NEAR sounds:*").expression("words")
    assert expression == (
        '(words : (("a" OR "words") AND ("x") AND ("c") AND ("near") AND ("sounds" *))) NOT words : ("b" *)'
    )
