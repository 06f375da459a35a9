"""Tables of commands: in narrow terminals no cell is cut, and to a program every line is whole."""

from __future__ import annotations

import io
import json

import pytest
from command_tools import Command
from rich.box import SIMPLE
from rich.cells import cell_len
from rich.console import Console
from rich.table import Column, Table
from terminal import Terminal, plain

from callcore.cli.counts import count_of
from callcore.cli.tables import print_table

HEADS = ("call", "state", "topic", "rate", "note")
ROWS = (
    ("20261113-040000000-4e4da3", "draft", "年费与息费", "77.27", "failed: the file ends in the middle of a frame [1]"),
    ("20261112-040000000-30ab55", "confirmed", "", "5.00", ""),
)


def table(**how) -> Table:
    made = Table(*HEADS[:3], Column("rate", justify="right"), HEADS[4], pad_edge=False, **how)
    for row in ROWS:
        made.add_row(*(cell.replace("[", r"\[") for cell in row))
    return made


def printed(made: Table, columns: int, *, terminal: bool = True) -> str:
    out = io.StringIO()
    print_table(made, Console(file=out, width=columns, force_terminal=terminal, color_system=None))
    return out.getvalue()


@pytest.mark.parametrize("box", [None, SIMPLE])
@pytest.mark.parametrize("columns", [200, 120, 100, 80, 60, 40, 30])
def test_no_cell_is_cut_however_narrow_the_terminal(columns: int, box):
    shown = printed(table(box=box), columns)
    assert max(map(cell_len, shown.splitlines())) <= columns
    assert "…" not in shown
    words = shown.split()
    for row in (HEADS, *ROWS):
        assert set(" ".join(row).split()) <= set(words)


def test_rows_of_several_lines_stand_under_heads_of_several_lines():
    first, second, third, *rows = printed(table(box=None), 50).splitlines()
    assert first.split() == ["call", "state", "topic"]
    assert (second.split(), third.split()) == (["rate"], ["note"])
    assert second.startswith("    ")
    assert rows[0].split() == list(ROWS[0][:3])
    assert rows[0].index("draft") == first.index("state")


def test_lines_to_a_program_are_whole():
    shown = printed(table(box=SIMPLE), 40, terminal=False).splitlines()
    assert all(any(cell in line for line in shown) for row in ROWS for cell in row)
    assert len(shown) == len(ROWS) + 4


def test_a_terminal_of_forty_columns_shows_every_number(tmp_path):
    (tmp_path / "set.tsv").write_text("path\ttext\na.wav\t你好我的信用卡不见了\n", encoding="utf-8")
    (tmp_path / "heard.tsv").write_text("path\ttext\na.wav\t你好我的信用卡\n", encoding="utf-8")
    words = ("evaluate", "recognition", tmp_path / "set.tsv", "--hypotheses", tmp_path / "heard.tsv")
    with Terminal("-m", "callcore", *words, columns=40) as terminal:
        assert terminal.exit_code() == 0
        terminal.wait_for("a.wav")
        shown = plain(terminal.written)
    assert "30.00" in shown
    assert "0/3/0" in shown
    assert "…" not in shown


def test_nothing_is_written_to_the_error_stream_of_a_program(tmp_path, capsys):
    for name in ("set.tsv", "heard.tsv"):
        (tmp_path / name).write_text("path\ttext\na.wav\t你好\n", encoding="utf-8")
    code, out, err = Command("evaluate", "recognition").called(
        capsys, tmp_path / "set.tsv", "--hypotheses", tmp_path / "heard.tsv", "--format", "json"
    )
    assert (code, err) == (0, "")
    assert json.loads(out)["set"]


def test_one_thing_is_not_many():
    assert count_of(1, "call") == "1 call"
    assert count_of(0, "call") == "0 calls"
    assert count_of(1024, "stretch", "stretches") == "1,024 stretches"
