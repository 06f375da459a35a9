"""One call as a state machine: frames and decode results in, events and decode requests out. No I/O."""

from callcore.pipeline.call import NO_SPEECH, CallPipeline, CallPlan

__all__ = ["NO_SPEECH", "CallPipeline", "CallPlan"]
