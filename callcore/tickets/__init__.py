"""The work order that fills itself: a fold over the events of a call."""
