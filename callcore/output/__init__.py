"""Results as files: the formats, and how they are written.

:func:`render` is pure; :func:`write` touches the disk; :func:`plan_names` gives each recording of a run its own name.
"""

from callcore.output.files import plan_names, write
from callcore.output.formats import FORMATS, render

__all__ = ["FORMATS", "plan_names", "render", "write"]
