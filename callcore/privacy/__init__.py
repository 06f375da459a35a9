"""What must not leave the pipeline in the clear: found, masked, sealed."""

from callcore.privacy.redactor import CallRedactor, Redactor

__all__ = ["CallRedactor", "Redactor"]
