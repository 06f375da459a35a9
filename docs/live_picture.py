"""Writes docs/images/live.svg: the screen of ``callcore live`` in the middle of the bundled call.

    python docs/live_picture.py

Plays the bundled call with the bundled model, so the picture shows what they give.
"""

from __future__ import annotations

import html
import io
import re
import threading
from pathlib import Path

from rich._export_format import CONSOLE_SVG_FORMAT
from rich.cells import cell_len
from rich.console import Console
from rich.terminal_theme import TerminalTheme

from callcore.cli.live import live
from callcore.cli.live_run import LiveRun
from callcore.cli.live_screen import render
from callcore.cli.live_session import LiveSession
from callcore.cli.stopping import Stopping
from callcore.config import load_settings

ROOT = Path(__file__).parent.parent
CALL = ROOT / "audio_fixtures" / "call01_card_loss_8k_stereo.wav"
PICTURE = ROOT / "docs" / "images" / "live.svg"
AT_S = 45.6  #: both sides speak
COLUMNS, ROWS = 124, 26
LOOK_S = 0.01
CELL = 12.2  #: width of a cell in rich's pictures
THEME = TerminalTheme(
    background=(13, 17, 23),
    foreground=(201, 209, 217),
    normal=[
        (72, 79, 88),
        (255, 123, 114),
        (63, 185, 80),
        (210, 153, 34),
        (88, 166, 255),
        (188, 140, 255),
        (57, 197, 207),
        (201, 209, 217),
    ],
)


class Photographer:
    """A view that waits for the moment, and keeps the screen of it."""

    svg = ""

    def watch(self, run: LiveRun) -> None:
        """Follow the call to the moment, and end it there."""
        pause = threading.Event()
        while not run.done:
            run.tend()
            if not self.svg and run.vitals().elapsed_s >= AT_S:
                self.svg = self._taken(run)
                run.stop()
            pause.wait(LOOK_S)

    def _taken(self, run: LiveRun) -> str:
        console = Console(
            record=True, width=COLUMNS, height=ROWS, file=io.StringIO(), force_terminal=True, color_system="truecolor"
        )
        console.print(render(run.desk.state, run.vitals(), COLUMNS, ROWS))
        # Without the fonts that rich would have every reader's browser fetch from a server.
        form = re.sub(r"@font-face \{\{.*?\}\}", "", CONSOLE_SVG_FORMAT, flags=re.DOTALL)
        form = form.replace("Fira Code, monospace", "Fira Code, DejaVu Sans Mono, Noto Sans Mono CJK SC, monospace")
        svg = console.export_svg(title="callcore live", code_format=form, theme=THEME, unique_id="live")
        return re.sub(r'textLength="[\d.]+"([^>]*)>([^<]*)<', _measured, svg)


def _measured(found: re.Match[str]) -> str:
    """A text's length in cells, of which Han characters take two; rich counts them as one."""
    length = CELL * cell_len(html.unescape(found[2]))
    return f'textLength="{length:g}"{found[1]}>{found[2]}<'


def main() -> None:
    """Take the picture."""
    options = live.make_context("live", ["--replay", str(CALL), "--no-store", "--language", "zh"]).params
    settings = load_settings(overrides={"recognise": {"language": "zh", "model": str(ROOT / "models" / "starter-zh")}})
    photographer = Photographer()
    with Stopping() as stopping:
        session = LiveSession(settings, options, stopping)
        session.run(photographer)
    PICTURE.write_text(photographer.svg, encoding="utf-8", newline="\n")


if __name__ == "__main__":
    main()
