"""Fields of a work order in columns: label, value, what shows it; one below the other where the terminal is narrow."""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import zip_longest

from rich.cells import cell_len
from rich.console import Console
from rich.table import Table
from rich.text import Text

from callcore.cli.tables import GAP, INDENT, lines_in, width_of

COMFORT = 20  #: cells below which a column of longer texts is no pleasure to read


def is_wrapped(console: Console) -> bool:
    """Whether lines are to be broken: in a terminal, and where somebody says how wide lines may be (COLUMNS)."""
    return console.is_terminal or "COLUMNS" in os.environ


def print_fields(rows: Sequence[Sequence[Text]], console: Console) -> None:
    """Print rows of cells in columns; a row of one cell is a heading. No word is broken that fits in a line."""
    columns = list(zip_longest(*(row for row in rows if len(row) > 1), fillvalue=Text()))
    widest = [max(map(width_of, column)) for column in columns]
    least = [max(map(_longest_piece, column)) for column in columns]
    comfort = [max(word, min(whole, COMFORT)) for word, whole in zip(least, widest, strict=True)]
    lines = lines_in([widest[0], *comfort[1:]], console.width) if columns else []
    for row in rows:
        if len(row) == 1:
            console.print(row[0])
            continue
        for number, line in enumerate(lines):
            cells = [row[place] if place < len(row) else Text() for place in line]
            if not any(cell.plain for cell in cells):
                continue
            indent = INDENT if number else 0
            room = console.width - indent - GAP * (len(line) - 1)
            grid = Table.grid(padding=(0, GAP, 0, 0), pad_edge=False)
            if indent:
                grid.add_column(width=indent - GAP)
            for width in _shared([widest[place] for place in line], [least[place] for place in line], room):
                grid.add_column(width=width, overflow="fold")
            grid.add_row(*([""] if indent else []), *cells)
            console.print(grid)


def _shared(widest: Sequence[int], least: Sequence[int], room: int) -> list[int]:
    """Widths that fit into ``room`` cells: the widest column gives way first, none to less than its longest word."""
    widths = list(widest)
    while sum(widths) > room:
        yielding = [place for place, width in enumerate(widths) if width > least[place]]
        if not yielding:
            return [max(min(width, room), 1) for width in widths]
        widths[max(yielding, key=widths.__getitem__)] -= 1
    return widths


def _longest_piece(text: Text) -> int:
    """Cells of the longest word; Han text may be broken anywhere."""
    plain = "".join(" " if cell_len(letter) > 1 else letter for letter in text.plain)
    return max(map(cell_len, plain.split()), default=1)
