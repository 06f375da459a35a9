"""Places in a call as people read them."""

from callcore.types import SAMPLE_RATE_HZ


def clock(sample: int) -> str:
    """The position of a sample at 16 kHz as ``mm:ss``, from an hour on as ``h:mm:ss``."""
    return clock_ms(sample * 1000 // SAMPLE_RATE_HZ)


def clock_ms(ms: int) -> str:
    """A position in milliseconds as ``mm:ss``, from an hour on as ``h:mm:ss``."""
    minutes, second = divmod(ms // 1000, 60)
    hours, minute = divmod(minutes, 60)
    return f"{hours}:{minute:02d}:{second:02d}" if hours else f"{minute:02d}:{second:02d}"
