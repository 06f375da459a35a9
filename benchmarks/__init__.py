"""Benchmarks: scripts that measure callcore, each runnable by itself (``python -m benchmarks.NAME``)."""
