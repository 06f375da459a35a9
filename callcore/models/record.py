"""``callcore-model.json``: what callcore writes beside the files of a model it installs, so that it can verify them.

A trainer may write one beside its own weights; then ``facts`` tell callcore how to use them (docs/models.md).
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Literal

from pydantic import Field, ValidationError

from callcore.models.files import ModelFault, write_atomically
from callcore.models.manifest import NAME_PATTERN, Facts, FileEntry, Sha256, Strict

RECORD_FILE = "callcore-model.json"


class Origin(Strict):
    """The whole model that a model with a smaller head was made from, and how."""

    name: str
    source: str  #: where that one came from, as in its own record; "folder:PATH" for a folder without one
    model_hash: Sha256
    languages: tuple[str, ...]
    tokens: int | None = Field(None, gt=0)  #: the limit that was asked for

    def command(self, name: str) -> str:
        """What makes the model ``name`` anew."""
        whole = self.source.removeprefix("folder:") if self.source.startswith("folder:") else self.name
        limit = f" --tokens {self.tokens}" if self.tokens else ""
        return f"callcore models trim {whole} --languages {','.join(self.languages)}{limit} --name {name} --force"


class ModelRecord(Strict):
    """A model's name, origin, checksums and, for models that are not in the manifest, facts."""

    format: Literal[1] = 1
    name: str = Field(pattern=NAME_PATTERN)
    source: str  #: "huggingface:ID@REVISION", "modelscope:ID", a URL, "file:NAME", or "trimmed:NAME"
    checksums_from: Literal["manifest", "source", "none"] = "none"  #: what the files were compared with when installed
    files: Mapping[str, FileEntry]
    facts: Facts | None = None
    origin: Origin | None = None  #: for a model with a smaller head

    def write(self, folder: Path) -> None:
        """Write the record into ``folder``. Raises :class:`OSError`."""
        write_atomically(folder / RECORD_FILE, self.model_dump_json(indent=2, exclude_none=True).encode() + b"\n")


def read_record(folder: Path) -> ModelRecord | None:
    """The record in ``folder``, or None without one. Raises :class:`ModelFault` when it is damaged."""
    try:
        return ModelRecord.model_validate_json((folder / RECORD_FILE).read_bytes())
    except FileNotFoundError:
        return None
    except OSError as error:
        raise ModelFault(f"{RECORD_FILE} cannot be read: {error.strerror}") from error
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        raise ModelFault(f"{RECORD_FILE} is damaged ({where}: {first['msg']})") from error
