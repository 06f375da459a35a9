"""Which models there are, where they lie, and how to get them."""
