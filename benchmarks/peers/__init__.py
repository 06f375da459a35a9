"""Environments of other recognisers, so that they run beside callcore without their packages in its own."""
