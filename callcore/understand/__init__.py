"""What a turn means: category, topic, intent, cause, mood, entities. No I/O but reading the data files."""
