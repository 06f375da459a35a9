"""Tables that cut nothing: what does not fit beside goes below."""

from __future__ import annotations

from collections.abc import Sequence

from rich.cells import cell_len
from rich.console import Console
from rich.measure import Measurement
from rich.table import Table
from rich.text import Text

WIDEST = 40  #: cells of a column that is still given a place beside others; what is longer in it folds
GAP = 2  #: cells between columns
BOX = 1  #: more of them in a table with a box, and at its edge
INDENT = 4  #: cells before the lines below the first of a row
BOUNDLESS = 10_000  #: cells; wider than any table


def print_table(table: Table, console: Console) -> None:
    """Print a table; where the terminal is too narrow for its columns, each row takes several lines, its heads too.

    Where the output goes to a program, lines are as long as they need to be.
    """
    whole = Measurement.get(console, console.options.update(max_width=BOUNDLESS), table).maximum
    if not console.is_terminal:
        console.width = max(console.width, whole)
    if whole <= console.width:
        console.print(table)
        return
    heads = [_text(column.header, console) for column in table.columns]
    rows = [[_text(cell, console) for cell in column.cells] for column in table.columns]
    cells = [max(map(width_of, column), default=1) for column in rows]
    least = [min(max(_longest_word(head), width), WIDEST) for head, width in zip(heads, cells, strict=True)]
    box = 0 if table.box is None else BOX
    if sum(least) + (GAP + box) * (len(least) - 1) + 2 * box <= console.width:
        for column, head, width in zip(table.columns, heads, least, strict=True):
            column.overflow = "fold"
            column.width = width if width < width_of(head) else None  # rather its head breaks than the words of others
        console.print(table)
        return
    widths = [max(width_of(head), width) for head, width in zip(heads, cells, strict=True)]
    _print_stacked(table, heads, rows, widths, console)


def lines_in(widths: Sequence[int], room: int) -> list[range]:
    """The columns of each line of a row, as many as fit in ``room`` cells."""
    lines = [range(0)]
    used = 0
    for place, width in enumerate(widths):
        if lines[-1] and used + width > room:
            lines.append(range(place, place))
            used = INDENT
        lines[-1] = range(lines[-1].start, place + 1)
        used += width + GAP
    return lines


def _print_stacked(
    table: Table,
    heads: Sequence[Text],
    columns: Sequence[Sequence[Text]],
    widths: Sequence[int],
    console: Console,
) -> None:
    lines = lines_in([min(width, WIDEST) for width in widths], console.width)
    if table.title:
        console.print(table.title)
    styles = [table.header_style or "", *(row.style or "" for row in table.rows)]
    for texts, style in zip([heads, *zip(*columns, strict=True)], styles, strict=True):
        for text in texts:
            text.stylize_before(style)
        for number, line in enumerate(lines):
            if not any(texts[place].plain for place in line):
                continue
            indent = INDENT if number else 0
            room = max(console.width - indent, 1) if len(line) == 1 else WIDEST
            grid = Table.grid(padding=(0, GAP, 0, 0), pad_edge=False)
            if indent:
                grid.add_column(width=indent - GAP)
            for place in line:
                grid.add_column(justify=table.columns[place].justify, width=min(widths[place], room), overflow="fold")
            grid.add_row(*([""] if indent else []), *(texts[place] for place in line))
            console.print(grid)
    if table.box is not None:
        console.print()


def _text(cell: object, console: Console) -> Text:
    return cell.copy() if isinstance(cell, Text) else console.render_str(str(cell), highlight=False)


def width_of(text: Text) -> int:
    """Cells of the longest line."""
    return max(map(cell_len, text.plain.splitlines()), default=0)


def _longest_word(text: Text) -> int:
    return max(map(cell_len, text.plain.split()), default=0)
