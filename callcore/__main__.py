"""``python -m callcore``."""

from callcore.cli import main

main()
