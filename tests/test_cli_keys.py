"""Single keys from a terminal, which gets back what it was."""

from __future__ import annotations

import io
import os
import sys

import pytest

from callcore.cli.keys import Keys

if sys.platform == "win32":
    pytest.skip("needs pseudo terminals", allow_module_level=True)

import pty
import termios

TIMEOUT_S = 30


@pytest.fixture
def terminal(monkeypatch):
    """The other side of a terminal that is the standard input."""
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "r") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        yield ours, theirs
    os.close(ours)


@pytest.mark.parametrize(
    ("typed", "key"), [("q", "q"), ("P", "p"), ("ｑ", "q"), ("\x1b[A", ""), ("\x1b", ""), (" ", " ")]
)
def test_a_key_comes_without_enter(terminal, typed, key):
    ours, _ = terminal
    with Keys() as keys:
        assert keys.there
        assert keys.wait(0) == ""
        os.write(ours, typed.encode())
        assert keys.wait(TIMEOUT_S) == key


def test_the_terminal_is_given_back(terminal):
    _, theirs = terminal
    before = termios.tcgetattr(theirs)
    with Keys() as keys:
        during = termios.tcgetattr(theirs)
        assert not during[3] & (termios.ECHO | termios.ICANON)
        assert during[3] & termios.ISIG  # Ctrl-C works
        assert during[6][termios.VSUSP] == b"\0"
        assert os.read(theirs, 1) == b""  # reading never waits
        keys.restore()
        assert termios.tcgetattr(theirs) == before
    assert termios.tcgetattr(theirs) == before


def test_the_terminal_is_given_back_when_something_breaks(terminal):
    _, theirs = terminal
    before = termios.tcgetattr(theirs)
    with pytest.raises(RuntimeError, match="broke"), Keys():
        raise RuntimeError("broke")
    assert termios.tcgetattr(theirs) == before


def test_a_terminal_that_goes_away_gives_no_more_keys(monkeypatch):
    ours, theirs = pty.openpty()
    with os.fdopen(theirs, "r") as stdin:
        monkeypatch.setattr(sys, "stdin", stdin)
        with Keys() as keys:
            os.close(ours)
            assert keys.wait(TIMEOUT_S) == ""
            assert not keys.there


@pytest.mark.parametrize("stdin", [None, io.StringIO("q")])
def test_without_a_terminal_there_are_no_keys(monkeypatch, stdin):
    monkeypatch.setattr(sys, "stdin", stdin)
    with Keys() as keys:
        assert not keys.there
        assert keys.wait(0) == ""
