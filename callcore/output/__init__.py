"""Results as files: the formats, and how they are written.

:func:`render` is pure; :func:`write` touches the disk; :func:`plan_names` gives each recording of a run its own name.
"""

from callcore.output.files import STDIN, plan_names, shortened, write
from callcore.output.formats import FORMATS, render

__all__ = ["FORMATS", "STDIN", "plan_names", "render", "shortened", "write"]
