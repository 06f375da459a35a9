"""The database: calls, events, turns, words, search."""
