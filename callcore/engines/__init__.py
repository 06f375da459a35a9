"""Recognisers and speech scorers: the one door to each heavy library."""
