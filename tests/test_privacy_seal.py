"""Sealed originals: only the right key opens them, and what was changed is refused."""

from __future__ import annotations

import os
import stat
import sys

import pytest
from hypothesis import given
from hypothesis import strategies as st

from callcore.config import PrivacySettings, load_settings
from callcore.errors import SealError
from callcore.keys import create_key_file, load_sealer
from callcore.privacy.seal import Sealer, is_sealed, new_key

KINDS = st.text(min_size=1, max_size=20)
VALUES = st.text(st.characters(exclude_categories=["Cs"]), min_size=1, max_size=60)
KEY, OTHER = new_key(), new_key()


@given(KINDS, VALUES)
def test_what_is_sealed_opens_again_and_shows_nothing(kind, value):
    sealer = Sealer([KEY])
    sealed = sealer.seal(kind, value)
    assert is_sealed(sealed)
    assert sealer.open(kind, sealed) == value
    assert sealer.seal(kind, value) == sealed
    assert len(value) < 4 or value not in sealed


@given(st.integers(0, 200), st.sampled_from("Aa0_-"))
def test_a_changed_character_is_noticed(place, character):
    sealer = Sealer([KEY])
    sealed = sealer.seal("phone", "+8613800138000")
    place = len(sealed) - 1 - place % 20
    changed = sealed[:place] + character + sealed[place + 1 :]
    if changed[:-1] == sealed[:-1]:  # the last character of base64 also holds bits that count for nothing
        return
    with pytest.raises(SealError):
        sealer.open("phone", changed)


def test_kind_and_key_must_be_the_same():
    sealed = Sealer([KEY]).seal("phone", "95588")
    with pytest.raises(SealError, match="another kind"):
        Sealer([KEY]).open("account", sealed)
    with pytest.raises(SealError, match="not at hand"):
        Sealer([OTHER]).open("phone", sealed)


def test_a_new_key_seals_and_the_old_one_still_opens():
    old, both = Sealer([KEY]), Sealer([KEY, OTHER])
    assert both.open("name", old.seal("name", "王芳")) == "王芳"
    with pytest.raises(SealError):
        old.open("name", both.seal("name", "王芳"))


def test_without_a_key_nothing_is_kept():
    sealer = Sealer()
    assert not sealer.keeps
    assert sealer.seal("phone", "13800138000") == "masked:phone"
    with pytest.raises(SealError, match="not kept"):
        sealer.open("phone", "masked:phone")


@pytest.mark.parametrize("text", ["", "hello", "sealed:1:abcd:???", "sealed:2:aaaaaaaa:AAAA", "sealed:1::"])
def test_what_was_never_sealed_is_refused(text):
    with pytest.raises(SealError):
        Sealer([KEY]).open("phone", text)


@pytest.mark.parametrize("key", ["", "short", "ä" * 88, KEY[:-4]], ids=["none", "short", "no base64", "cut off"])
def test_what_is_no_key_is_refused(key):
    with pytest.raises(SealError, match="key 1 is not"):
        Sealer([key])


def test_a_key_file_is_made_once_and_read(tmp_path):
    path = tmp_path / "deep" / "key"
    create_key_file(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert load_sealer(PrivacySettings(key_file=path)).keeps
    with pytest.raises(SealError, match="not overwritten"):
        create_key_file(path)


@pytest.mark.skipif(os.name != "posix", reason="file modes")
def test_a_key_file_that_others_may_read_is_refused(tmp_path):
    path = tmp_path / "key"
    create_key_file(path)
    path.chmod(0o644)
    with pytest.raises(SealError, match="chmod 600"):
        load_sealer(PrivacySettings(key_file=path))


def test_a_missing_or_empty_key_file_is_an_error_and_not_a_call_without_key(tmp_path):
    with pytest.raises(SealError, match="No such file"):
        load_sealer(PrivacySettings(key_file=tmp_path / "none"))
    empty = tmp_path / "empty"
    empty.touch(0o600)
    with pytest.raises(SealError, match="no key"):
        load_sealer(PrivacySettings(key_file=empty))


def test_the_key_comes_from_the_environment_and_never_shows(monkeypatch):
    monkeypatch.setenv("CALLCORE_PRIVACY__KEY", KEY)
    settings = load_settings()
    assert load_sealer(settings.privacy).open("a", Sealer([KEY]).seal("a", "b")) == "b"
    assert KEY not in repr(settings)
    assert KEY not in str(settings.result_settings())


def test_the_key_comes_from_a_program(tmp_path):
    program = tmp_path / "key.py"
    program.write_text(f"print({KEY!r})")
    assert load_sealer(PrivacySettings(key_command=f"{sys.executable} {program}")).keeps


@pytest.mark.parametrize("command", ["/no/such/program", f"{sys.executable} -c 'raise SystemExit(3)'", "'unclosed"])
def test_a_program_that_fails_is_an_error_that_tells_no_arguments(command):
    with pytest.raises(SealError) as caught:
        load_sealer(PrivacySettings(key_command=command))
    assert command not in str(caught.value)
