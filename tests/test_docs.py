"""The documentation is true: links resolve, commands and settings exist and are all described, examples run."""

from __future__ import annotations

import csv
import importlib
import importlib.util
import json
import re
import shlex
import shutil
import tomllib
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import click
import jsonschema
import pytest

import callcore.output
from callcore import errors
from callcore.cli import COMMANDS, INTERRUPTED, cli
from callcore.config import Settings, load_settings
from callcore.output import FORMATS
from callcore.output.tables import CSV_COLUMNS
from callcore.types import EVENT_TYPES

ROOT = Path(__file__).parent.parent
PAGES = sorted(
    [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "models").rglob("*.md"),
        *ROOT.glob("benchmarks/*.md"),
    ]
)
READMES = [ROOT / "README.md", ROOT / "README.zh-CN.md"]

pages = pytest.mark.parametrize("page", PAGES, ids=lambda path: str(path.relative_to(ROOT)))
readmes = pytest.mark.parametrize("page", READMES, ids=lambda path: path.name)


def text_of(page: Path) -> str:
    return page.read_text(encoding="utf-8")


def blocks(page: Path, *languages: str) -> list[str]:
    """The fenced blocks of a page in one of these languages."""
    fences = re.findall(r"^```(\w*)\n(.*?)^```", text_of(page), re.MULTILINE | re.DOTALL)
    return [body for language, body in fences if language in languages]


def anchors(page: Path) -> set[str]:
    """The anchors GitHub gives the headings of a page."""
    headings = re.findall(r"^#+ (.+)$", text_of(page), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading.lower()).replace(" ", "-") for heading in headings}


@pytest.fixture(scope="module")
def generator() -> ModuleType:
    spec = importlib.util.spec_from_file_location("generate_docs", ROOT / "docs" / "generate.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


# Links


@pages
def test_links_lead_somewhere(page):
    prose = re.sub(r"^```.*?^```", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    for target in re.findall(r"\]\(([^)\s]+)\)", prose):
        if re.match(r"[a-z]+:", target):
            continue
        path, _, anchor = target.partition("#")
        linked = (page.parent / path).resolve() if path else page
        assert linked.exists(), f"{page.name}: {target}"
        assert linked.is_relative_to(ROOT), f"{page.name}: {target} leaves the project"
        if anchor:
            assert anchor in anchors(linked), f"{page.name}: {target}"


def test_every_page_is_in_the_index():
    index = text_of(ROOT / "docs" / "README.md")
    for page in (ROOT / "docs").glob("*.md"):
        assert page.name == "README.md" or f"]({page.name})" in index


# Commands


def shown_commands(page: Path) -> Iterator[str]:
    """Command lines of callcore that a page shows, in blocks and in running text."""
    for block in blocks(page, "", "sh", "console", "bash", "shell"):
        for line in block.replace("\\\n", " ").splitlines():
            shown = re.match(r"(?:\$ )?(?:[A-Z_]+=\S+ )*(?:\.venv/bin/)?(callcore .*)", line.strip())
            if shown:
                yield shown[1]
    prose = re.sub(r"^```.*?^```", "", text_of(page), flags=re.MULTILINE | re.DOTALL)
    yield from re.findall(r"`(callcore [^`\n]+)`", prose)


def root_context() -> click.Context:
    # As the program makes it: a command keeps the names of the help option that it was first asked with.
    return click.Context(cli, info_name="callcore", **cli.context_settings)


def check(command_line: str) -> None:
    """Raise where a command line names a command or an option that is not there."""
    words = shlex.split(re.split(r"\s[|>&]|;|\s#", command_line.replace("…", ""))[0])[1:]
    command: click.Command = cli
    context = root_context()
    while True:
        # Only names are looked at: files need not exist.
        _, words, _ = command.make_parser(context).parse_args(list(words))
        if not (isinstance(command, click.Group) and words):
            return
        child = command.get_command(context, words[0])
        assert child is not None, f"no command {words[0]!r} in: {command_line}"
        command, context, words = child, click.Context(child, info_name=words[0], parent=context), words[1:]


@pages
def test_commands_that_a_page_shows_exist(page):
    for command_line in shown_commands(page):
        check(command_line)


def test_a_wrong_command_line_would_be_found():
    for wrong in ("callcore transcrib x.wav", "callcore --no-such-option"):
        with pytest.raises((AssertionError, click.UsageError)):
            check(wrong)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_is_there_and_documented(name):
    importlib.import_module(COMMANDS[name][0].partition(":")[0])
    assert f"## callcore {name}\n" in text_of(ROOT / "docs" / "commands.md")
    for readme in READMES:
        assert f"| `callcore {name}` |" in text_of(readme)


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_explains_itself_with_examples(name):
    context = root_context()
    command = cli.get_command(context, name)
    todo = [(command, click.Context(command, info_name=name, parent=context))]
    while todo:
        command, context = todo.pop()
        assert command.help, context.command_path
        for parameter in command.params:
            if isinstance(parameter, click.Option) and not parameter.hidden:
                assert parameter.help, f"{context.command_path} {parameter.opts[0]}"
        if isinstance(command, click.Group):
            children = [(child, command.get_command(context, child)) for child in command.list_commands(context)]
            todo += [(child, click.Context(child, info_name=name, parent=context)) for name, child in children]
        else:
            examples = re.findall(r"^\s*(callcore .*)$", command.epilog or "", re.MULTILINE)
            assert examples, f"{context.command_path} shows no example"
            for example in examples:
                check(example)


def test_the_page_of_commands_is_up_to_date(generator):
    page = text_of(ROOT / "docs" / "commands.md")
    release = generator.CLICK_MARK.format(generator.click_release())
    if release not in page:
        pytest.skip(
            f"written with another release of click than {generator.click_release()}, which words help otherwise"
        )
    assert page == generator.commands_page(), "run: make docs"


# Settings


def test_the_page_of_settings_is_up_to_date(generator):
    assert text_of(ROOT / "docs" / "settings.md") == generator.settings_page(), "run: make docs"


def test_every_setting_says_what_it_does():
    for section, section_field in Settings.model_fields.items():
        for key, field in section_field.annotation.model_fields.items():
            assert field.description, f"{section}.{key}"


def test_the_settings_example_is_valid(tmp_path):
    (example,) = blocks(ROOT / "docs" / "settings.md", "toml")
    (tmp_path / "callcore.toml").write_text(example, encoding="utf-8")
    settings = load_settings(tmp_path / "callcore.toml")
    assert settings.model_dump(exclude_unset=True).keys() >= tomllib.loads(example).keys()
    assert settings.turns.max_gap_s == 0.8


def test_settings_named_in_the_troubleshooting_exist():
    known = {key for section in Settings.model_fields.values() for key in section.annotation.model_fields}
    rows = [line for line in text_of(ROOT / "docs" / "troubleshooting.md").splitlines() if "settings.md" in line]
    assert rows
    for row in rows:
        assert set(re.findall(r"`([a-z_]+)`", row.rsplit("|", 2)[1])) <= known


# Exit codes and formats


def test_exit_codes_are_those_of_the_errors():
    rows = re.findall(
        r"^\| (\d+) \| .* \|\s*(?:`(\w+)`)?\s*\|$", text_of(ROOT / "docs" / "exit-codes.md"), re.MULTILINE
    )
    documented = {name: int(code) for code, name in rows if name}
    raised = {name: value.exit_code for name, value in vars(errors).items() if isinstance(value, type)}
    assert set(map(str, [0, INTERRUPTED])) <= {code for code, _ in rows}
    assert documented == {name: raised[name] for name in documented}
    assert set(raised.values()) == set(documented.values())


def test_every_format_event_and_column_is_documented():
    page = text_of(ROOT / "docs" / "file-formats.md")
    for name, (extension, _) in FORMATS.items():
        assert f"| `{name}` | `{extension}` |" in page
    for name in (*EVENT_TYPES, *CSV_COLUMNS):
        assert f"`{name}`" in page, name


def test_the_json_example_keeps_to_the_schema():
    (example,) = blocks(ROOT / "docs" / "file-formats.md", "json")
    schema = Path(callcore.output.__file__).parent / "transcript.schema.json"
    jsonschema.validate(json.loads(example), json.loads(schema.read_text(encoding="utf-8")))


# Examples


@readmes
def test_the_python_example_runs(page, fixture_call, tmp_path, monkeypatch, capsys):
    (example,) = blocks(page, "python")
    assert len([line for line in example.splitlines() if line]) <= 5
    shutil.copy(fixture_call, tmp_path / "call.wav")
    monkeypatch.setenv("CALLCORE_MODELS__FOLDER", str(tmp_path / "models"))  # the bundled model, whatever is installed
    monkeypatch.chdir(tmp_path)
    exec(compile(example, page.name, "exec"), {})
    printed = list(csv.reader(capsys.readouterr().out.splitlines(), delimiter=" "))
    assert {row[0] for row in printed} == {"agent", "customer"}
    starts = [float(row[1]) for row in printed]
    assert starts == sorted(starts)


@readmes
def test_the_readme_has_its_place_for_the_output_of_make_run(page):
    assert re.search(r"<!-- make run output -->\n```text\n.+?```\n<!-- end -->", text_of(page), re.DOTALL)


def test_make_targets_that_are_named_exist():
    makefile = text_of(ROOT / "Makefile")
    for page in PAGES:
        for target in re.findall(r"(?:`|\$ )make (\w+)", text_of(page)):
            assert re.search(rf"^{target}:", makefile, re.MULTILINE), f"{page.name}: make {target}"
