"""``python -m callcore.capture.probe JSON``: ends with 0 when the device named can be opened now.

Run as a process of its own, because PortAudio sees only the devices that were there when it started.
"""

from __future__ import annotations

import json
import sys
from queue import SimpleQueue

from callcore.capture.devices import audio_devices
from callcore.capture.plan import DevicePart
from callcore.capture.stream import DeviceStream, Hush
from callcore.errors import CallcoreError


def probe(name: str, host_api: str) -> bool:
    """Whether the device is there and starts; nothing is listened to."""
    hush = Hush()
    hush.on = True
    try:
        for device in audio_devices():
            if (device.name, device.host_api) == (name, host_api) and device.inputs:
                DeviceStream(0, DevicePart(device, (0,)), SimpleQueue(), hush).close()
                return True
    except CallcoreError:
        return False
    return False


if __name__ == "__main__":
    sys.exit(0 if probe(**json.loads(sys.argv[1])) else 1)
