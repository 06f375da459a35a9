"""Audio in: decoding, resampling, channel layout, faults."""
