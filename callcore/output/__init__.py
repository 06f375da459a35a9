"""Transcripts as files: JSON, JSON Lines, SRT, VTT, text, CSV."""
