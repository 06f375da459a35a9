"""Latency, quality, cost and capacity of live calls, measured on anybody's recordings."""
