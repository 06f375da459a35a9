"""What turns mean: labels, moods, entities and the course of the conversation."""
