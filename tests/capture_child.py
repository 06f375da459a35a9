"""Listens to two devices in a process of its own and tells what happens, a line of JSON each, until its input ends.

Arguments: the agent's and the customer's device, a file for what was heard (``.npz``), a file for the recording.
"""

from __future__ import annotations

import json
import sys
import threading
from pathlib import Path

import numpy as np

from callcore.capture.plan import plan_capture
from callcore.capture.recording import Recorder
from callcore.capture.source import DeviceSource, Patience
from callcore.errors import CallcoreError
from callcore.types import AudioFrame, Tick

telling = threading.Lock()


def main(agent: str, customer: str, heard_file: str, recording: str) -> None:
    heard: dict[int, list[AudioFrame]] = {0: [], 1: []}
    sounding: set[int] = set()

    def deliver(tick: Tick) -> None:
        for item in tick:
            if not isinstance(item, AudioFrame):
                say(
                    {
                        "event": type(item).__name__,
                        "kind": getattr(item, "kind", None),
                        "channel": getattr(item, "channel", None),
                    }
                )
                continue
            heard[item.channel].append(item)
            if item.channel not in sounding and float(np.abs(item.samples).max()) > 0.05:
                sounding.add(item.channel)
                say({"event": "sound", "channel": item.channel})

    try:
        plan = plan_capture(agent, customer)
        recorder = Recorder(Path(recording), plan.channels)
        source = DeviceSource(plan, deliver, recorder=recorder, patience=Patience(backoff_s=(0.2,)))
        source.start()
    except CallcoreError as error:
        say({"event": "error", "type": type(error).__name__, "message": error.message})
        return
    say({"event": "started"})
    for line in sys.stdin:
        command = line.strip()
        if command == "again":
            sounding.clear()
        else:
            {"pause": source.pause, "resume": source.resume}[command]()
        say({"event": command})
    source.stop()
    starts = {channel: [frame.start_sample for frame in frames] for channel, frames in heard.items()}
    assert all(start == 320 * number for own in starts.values() for number, start in enumerate(own))
    np.savez(heard_file, *(np.concatenate([frame.samples for frame in frames]) for frames in heard.values()))
    say({"event": "stopped", "drift_ppm": source.drift_ppm})


def say(what: dict) -> None:
    # The capture's thread and the one that reads commands both tell; without the lock two lines could come as one.
    with telling:
        print(json.dumps(what), flush=True)


if __name__ == "__main__":
    main(*sys.argv[1:])
