"""Models whose output head holds only some of the published tokens.

Such a folder is a Whisper of its own: its ``tokenizer.json`` numbers the kept tokens as the rows of its weights and
holds only their merges, so texts are encoded and decoded as ever. ``token_map.json`` says which published token each
row is.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field, model_validator

TOKEN_MAP_FILE = "token_map.json"
MULTILINGUAL_TOKENS = 51_865  #: CTranslate2 takes a model of fewer tokens for an English one


class TokenMap(BaseModel):
    """The published token id of each row, ascending, and the languages that the rows were chosen for."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    format: Literal[1] = 1
    languages: tuple[str, ...] = Field(min_length=1)
    published_tokens: int = Field(gt=0)  #: how many tokens the whole model has
    rows: tuple[int, ...] = Field(min_length=1)

    @model_validator(mode="after")
    def _ascending(self) -> TokenMap:
        if self.rows[0] < 0 or self.rows[-1] >= self.published_tokens:
            raise ValueError("a row is no published token")
        if any(later <= earlier for earlier, later in pairwise(self.rows)):
            raise ValueError("rows are not in ascending order")
        return self

    @property
    def multilingual(self) -> bool:
        """Whether the whole model writes several languages, so that prompts name one."""
        return self.published_tokens >= MULTILINGUAL_TOKENS

    def published(self, rows: Sequence[int]) -> tuple[int, ...]:
        """The published ids of ``rows``."""
        return tuple(self.rows[row] for row in rows)


def read_token_map(folder: Path) -> TokenMap | None:
    """The token map in ``folder``; None where the model has all its tokens. Raises OSError and ValueError."""
    try:
        return TokenMap.model_validate_json((folder / TOKEN_MAP_FILE).read_bytes())
    except FileNotFoundError:
        return None
