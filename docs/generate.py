"""Writes the pages that repeat what the code says: docs/settings.md and docs/commands.md.

Run it from anywhere (``make docs``); ``--check`` writes nothing and ends with 1 when a page is out of date.
"""

from __future__ import annotations

import importlib.metadata
import importlib.util
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Literal, get_args, get_origin

import click
from pydantic.fields import FieldInfo

from callcore.cli import COMMANDS, cli
from callcore.config import ENVIRONMENT_PREFIX, Settings

DOCS = Path(__file__).parent
HELP_COLUMNS = 100
CLICK_MARK = "<!-- click {} -->"  # help is laid out a little differently by each release of click

_UNITS = {"per_s": "1/s", "ms": "ms", "s": "s", "hz": "Hz"}
_BOUNDS = {"gt": ">", "ge": ">=", "lt": "<", "le": "<="}
_TYPES = {
    "bool": "true or false",
    "Path": "path",
    "date": "date, YYYY-MM-DD",
    "str": "text",
    "int": "whole number",
    "float": "number",
    "SecretStr": "text",
}

SETTINGS_HEAD = """# Settings

Every setting has one default, in `callcore/config.py`. A settings file overrides it, the environment overrides the
file, and the command line overrides the environment. Unknown names are errors.

A settings file is TOML; name it with `--settings FILE`:

```toml
[recognise]
language = "zh"
hotwords_file = "products.txt"

[turns]
max_gap_s = 0.8
```

In the environment the same setting is `CALLCORE_RECOGNISE__LANGUAGE=zh`: section and key in capitals, two underscores
between them. A default of none means: not set.
"""

COMMANDS_HEAD = """# Commands

What `--help` prints, command by command. Exit codes are in [exit-codes.md](exit-codes.md), settings in
[settings.md](settings.md).
"""


def settings_page() -> str:
    """docs/settings.md: a table a section."""
    parts = [_generated(), SETTINGS_HEAD]
    for section, section_field in Settings.model_fields.items():
        model: Any = section_field.annotation
        rows = [_row(section, key, field) for key, field in model.model_fields.items()]
        parts.append(
            f"## {section}\n\n{model.__doc__}\n\n"
            "| key | default | unit | values | meaning | environment |\n| --- | --- | --- | --- | --- | --- |\n"
            + "\n".join(rows)
            + "\n"
        )
    return "\n".join(parts)


def commands_page() -> str:
    """docs/commands.md: the help of every command whose module is there; a module that does not import is an error."""
    root = click.Context(cli, info_name="callcore", terminal_width=HELP_COLUMNS, **cli.context_settings)
    parts = [_generated() + "\n" + CLICK_MARK.format(click_release()), COMMANDS_HEAD, _help("callcore", cli, root)]
    for name, (target, _) in COMMANDS.items():
        if importlib.util.find_spec(target.partition(":")[0]) is None:
            continue
        command = cli.get_command(root, name)
        if command is not None:
            parts += _sections(command, click.Context(command, info_name=name, parent=root))
    return "\n".join(parts)


def click_release() -> str:
    """Release of click, such as 8.1, whose layout of help is in use."""
    return ".".join(importlib.metadata.version("click").split(".")[:2])


def pages() -> dict[Path, str]:
    """The generated pages."""
    return {DOCS / "settings.md": settings_page(), DOCS / "commands.md": commands_page()}


def _sections(command: click.Command, context: click.Context) -> Iterator[str]:
    yield _help(context.command_path, command, context)
    if isinstance(command, click.Group):
        for name in command.list_commands(context):
            child = command.get_command(context, name)
            if child is not None and not child.hidden:
                yield from _sections(child, click.Context(child, info_name=name, parent=context))


def _help(title: str, command: click.Command, context: click.Context) -> str:
    text = "\n".join(line.rstrip() for line in command.get_help(context).splitlines())
    level = "#" * min(4, 2 + max(0, title.count(" ") - 1))
    return f"{level} {title}\n\n```text\n{text}\n```\n"


def _generated() -> str:
    return "<!-- Written by docs/generate.py (make docs); edit the code, not this page. -->"


def _row(section: str, key: str, field: FieldInfo) -> str:
    unit = next((unit for suffix, unit in _UNITS.items() if key.endswith(f"_{suffix}")), "")
    environment = f"{ENVIRONMENT_PREFIX}{section}__{key}".upper()
    meaning = (field.description or "").replace("|", "\\|")
    cells = [f"`{key}`", _default(field.default), unit, _values(field), meaning, f"`{environment}`"]
    return f"| {' | '.join(cells)} |"


def _default(value: Any) -> str:
    match value:
        case None:
            return "none"
        case bool():
            return f"`{str(value).lower()}`"
        case str():
            return f'`"{value}"`'
        case tuple():
            return f"`{list(value)}`"
        case _:
            return f"`{value}`"


def _values(field: FieldInfo) -> str:
    kind: Any = field.annotation
    if get_origin(kind) is Literal:
        return _choices(kind)
    if get_origin(kind) is tuple:
        return "list of texts" if str in get_args(kind) else "list of numbers"
    if get_origin(kind) is dict:
        return f"table: {_choices(get_args(kind)[1])} by name"
    kind = next((part for part in get_args(kind) if part is not type(None)), kind)
    bounds = [
        f"{sign} {getattr(bound, name)}"
        for bound in field.metadata
        for name, sign in _BOUNDS.items()
        if getattr(bound, name, None) is not None
    ]
    return ", ".join([_TYPES[kind.__name__], *bounds])


def _choices(kind: Any) -> str:
    return ", ".join(f'`"{choice}"`' for choice in get_args(kind))


def main(arguments: list[str]) -> int:
    """Write the pages, or with ``--check`` say which are out of date."""
    stale = [path for path, text in pages().items() if not path.exists() or path.read_text(encoding="utf-8") != text]
    for path in stale:
        print(f"{path.relative_to(DOCS.parent)} {'is out of date: make docs' if arguments else 'written'}")
        if not arguments:
            path.write_text(pages()[path], encoding="utf-8", newline="\n")
    return 1 if stale and arguments else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
