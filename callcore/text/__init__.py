"""How transcripts are written: script, punctuation, spacing."""
