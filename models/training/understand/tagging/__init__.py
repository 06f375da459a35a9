"""Training of the taggers of secrets (docs/understanding-models.md)."""
