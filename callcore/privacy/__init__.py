"""What must not leave the pipeline in the clear: found, masked, sealed."""
