"""Voice activity and endpointing: samples in, speech segments out."""
