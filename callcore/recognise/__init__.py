"""What to ask an engine and what to make of its answers."""
