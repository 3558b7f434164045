"""GPUs as the PCI bus shows them: what NVML does not list is seen here."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated, ClassVar

from aisec_daemon.host import pci
from aisec_daemon.host.host import Host
from aisec_daemon.model import Label, Snapshot, Table
from aisec_daemon.model.snapshot import Word


@dataclass(frozen=True)
class GpuDevice:
    """NVIDIA display and 3D controllers in sysfs."""

    table: ClassVar[Table] = Table(
        "gpu_device",
        help="NVIDIA GPUs on the PCI bus, whichever driver they are bound to.",
        columns=(),
        labels=(
            Label("address", "PCI address, as sysfs writes it"),
            Label("device", "PCI device id, like 0x2330"),
            Label("driver", "kernel driver it is bound to; empty if none"),
        ),
        series=("address",),
        info=("device", "driver"),
    )

    period: Annotated[float, "seconds between readings"] = 30.0

    def read(self, host: Host, time: float) -> Snapshot:
        """Read the devices; UnreadableError where there is no PCI bus."""
        gpus = pci.read_nvidia_gpus(host.root)
        rows: dict[str, tuple[dict[str, float], dict[str, Word]]] = {
            gpu.address: (
                {},
                {"address": gpu.address, "device": gpu.device, "driver": gpu.driver},
            )
            for gpu in gpus
        }
        return Snapshot.from_rows(self.table, time, rows)
