"""Rules for English."""

from __future__ import annotations

import re

from callcore.understand.entities.corrections import Corrections
from callcore.understand.entities.spans import Rule

RULES: tuple[Rule, ...] = ()
_NEVER = re.compile("(?!)")
CORRECTIONS = Corrections(_NEVER, _NEVER, _NEVER, _NEVER)
