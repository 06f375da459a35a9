"""Commands as users call them: what they print, and how they refuse."""

from __future__ import annotations

from callcore.cli import run


class Command:
    """A command of callcore, by its words."""

    def __init__(self, *words: str) -> None:
        self.words = words

    def called(self, capsys, *arguments: object) -> tuple[int, str, str]:
        """Exit code, standard output and standard error; never a traceback."""
        code = run([*self.words, *map(str, arguments)])
        out, err = capsys.readouterr()
        assert "Traceback" not in out + err
        return code, out, err

    def refused(self, capsys, *arguments: object, code: int = 2) -> str:
        """The message: one line, a next step below it, and nothing on standard output."""
        found, out, err = self.called(capsys, *arguments)
        lines = err.splitlines()
        assert found == code
        assert out == ""
        assert len(lines) == 2, err
        assert lines[0].startswith("callcore: ")
        assert lines[1].startswith("  ")
        return err
