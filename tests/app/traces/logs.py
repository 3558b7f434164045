"""Small logs, written here, in the forms that nvidia-smi has."""

from __future__ import annotations

from pathlib import Path

from aisec_daemon.app.traces import Trace, open_trace

FULL = """\
timestamp, index, uuid, pci.bus_id, name, driver_version, utilization.gpu [%], memory.used [MiB], \
power.draw [W], power.limit [W], clocks.current.sm [MHz], temperature.gpu, temperature.memory, \
ecc.errors.corrected.volatile.total, clocks_throttle_reasons.sw_power_cap, pstate
2026/03/01 12:00:00.000, 0, GPU-a, 00000000:3B:00.0, NVIDIA X, 570.1, 50 %, 1024 MiB, 300.50 W, \
700.00 W, 1980 MHz, 60, 71, 3, Active, P0
2026/03/01 12:00:00.004, 1, GPU-b, 00000000:5E:00.0, NVIDIA X, 570.1, [N/A], [Not Supported], \
[Unknown Error], 700.00 W, 210 MHz, 30, N/A, 0, Not Active, P8
2026/03/01 12:00:01.000, 0, GPU-a, 00000000:3B:00.0, NVIDIA X, 570.1, 51 %, 1025 MiB, 301.50 W, \
700.00 W, 1980 MHz, 61, 71, 3, Not Active, P0
2026/03/01 12:00:01.004, 1, GPU-b, 00000000:5E:00.0, NVIDIA X, 570.1, 0 %, 17 MiB, 70.00 W, \
700.00 W, 210 MHz, 30, N/A, 0, Not Active, P8
"""

NOON = 1772366400.0  # 2026-03-01 12:00:00 UTC

DMON = """\
#Date        Time         gpu    pwr  gtemp  mtemp     sm    mem    enc    dec   mclk   pclk     fb
#YYYYMMDD    HH:MM:SS     Idx      W      C      C      %      %      %      %    MHz    MHz     MB
 20260301    12:00:00       0    300     60     71     50     20      0      0   2619   1980   1024
 20260301    12:00:00       1     70     30      -      0      0      -      -   2619    210     17
#Date        Time         gpu    pwr  gtemp  mtemp     sm    mem    enc    dec   mclk   pclk     fb
#YYYYMMDD    HH:MM:SS     Idx      W      C      C      %      %      %      %    MHz    MHz     MB
 20260301    12:00:01       0    301     61     71     51     20      0      0   2619   1980   1024

 20260301    12:00:01       1     71     30      -      0      0      -      -   2619    210     17
"""

PMON = """\
# gpu         pid  type    sm    mem    enc    dec     fb    command
# Idx           #   C/G     %      %      %      %     MB    name
    0        4100     C     90     30      -      -   2048    python3
    0        4200   C+G      5      -      -      -     12    Web Content
    1           -     -      -      -      -      -      -    -
    0        4100     C     91     30      -      -   2048    python3
    1           -     -      -      -      -      -      -    -
"""


def unnamed(polls: int, gpus: int, period: float = 1.0, within: float = 0.003) -> list[str]:
    """Rows without a GPU column whose memory tells which GPU (in MiB) and poll they are from."""
    rows = []
    for poll in range(polls):
        for gpu in range(gpus):
            second = poll * period + gpu * within
            minute, second = divmod(second, 60)
            stamp = f"2026/03/01 12:{int(minute):02}:{second:06.3f}"
            rows.append(f"{stamp}, {gpu} MiB, {poll % 1000} W")
    return rows


UNNAMED = "timestamp, memory.used [MiB], power.draw [W]"


def opened(folder: Path, content: str | bytes, **settings: float) -> Trace:
    """Write a file and open it."""
    file = folder / "log"
    file.write_bytes(content.encode() if isinstance(content, str) else content)
    return open_trace(file, **settings)
