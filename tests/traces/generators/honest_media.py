"""Pictures and films."""

from __future__ import annotations

from aisec_daemon.model import Severity
from tests.traces.generators import buses, crowds, rhythms
from tests.traces.generators.crowds import sometimes
from tests.traces.generators.work import Code, Work

_WARNING = Severity.WARNING

WORKS = (
    Work(
        "rendering",
        (
            Code(
                "blender",
                "/opt/blender/blender",
                "blender -b scene.blend -a",
                "cuda optix python",
                kind="compute+graphics",
            ),
            Code("kick", "/opt/arnold/bin/kick", "kick -i scene.ass", "cuda optix"),
        ),
        peaks={  # [post] Blender 100 % and 19 %
            "busy": (0.95, 1.0),
            "memory": (0.10, 0.45),
            "sm": (0.7, 1.0),
            "occupancy": (0.2, 0.5),
            "integer": (0.1, 0.35),
            "fp32": (0.15, 0.4),
            "dram": (0.1, 0.4),
        },
        power=(0.6, 1.0),
        shape=rhythms.frames,
        memory=(1, 18),
        rates=buses.writing((2, 200), (1e7, 1e9)),
        cores=(0.5, 6),
        write=(1e4, 1e7),
        most=_WARNING,
    ),
    Work(
        "transcoding",
        (
            Code(
                "ffmpeg",
                "/usr/bin/ffmpeg",
                "ffmpeg -hwaccel cuda -i in.mp4 -c:v hevc_nvenc o.mp4",
                "cuda ffmpeg nvenc",
            ),
        ),
        peaks={
            "busy": (0.05, 0.4),
            "memory": (0.03, 0.3),
            "sm": (0.05, 0.3),
            "integer": (0.02, 0.1),
            "fp32": (0.0, 0.05),
            "dram": (0.03, 0.25),
        },
        power=(0.2, 0.5),
        shape=rhythms.flat,
        memory=(0.3, 3),
        rates=buses.media,
        sockets=sometimes(0.5, crowds.storage),
        write=(1e5, 1e8),
        read=(1e5, 1e8),
    ),
)
