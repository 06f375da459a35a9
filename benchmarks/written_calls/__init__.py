"""Written two-party bank calls with gold tickets; see README.md beside this file."""
