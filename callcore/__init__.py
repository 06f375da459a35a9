"""callcore: listens to both sides of a bank's service call on the bank's own machine."""

__version__ = "0.1.0"
