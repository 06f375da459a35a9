"""The mood in a voice, both moods together, and their course over a call."""
