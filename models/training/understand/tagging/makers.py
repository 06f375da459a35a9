"""The maker of a language."""

from __future__ import annotations

from collections.abc import Mapping
from random import Random
from typing import Any

from models.training.understand.tagging.english import EnglishMaker
from models.training.understand.tagging.invented import Maker
from models.training.understand.tagging.mandarin import MandarinMaker


def maker(
    language: str, known: Mapping[str, Any], random: Random, pairs: Mapping[str, list[str]] | None = None
) -> Maker:
    """What makes up people and numbers of a language; see :class:`Maker`."""
    return (MandarinMaker if language == "zh" else EnglishMaker)(known, random, pairs)
