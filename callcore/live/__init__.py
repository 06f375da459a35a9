"""Live calls: frames come in as they are spoken, events go out as they come about."""
