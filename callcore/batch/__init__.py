"""Recorded calls to transcripts: one file, or folders of them."""
