"""Running the daemon, from its options to its end; what it needs is imported as it is needed."""

from __future__ import annotations

import gc
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

from aisec_daemon.host.nvml.client import Nvml
from aisec_daemon.host.tally import Tally

if TYPE_CHECKING:
    from aisec_daemon.app.settings import Settings

_SETTINGS_OR_ADDRESS = 2
_SWITCH_SECONDS = 0.001  # for which a thread keeps others from Python: a scrape waits several times


def run(
    settings: Path | None = None,
    listen: str | None = None,
    state: Path | None = None,
    root: Path | None = None,
    *,
    demo: bool = False,
) -> int:
    """Watch this node until stopped; return the exit code: 0, or 2 with a line on what is wrong."""
    sys.setswitchinterval(_SWITCH_SECONDS)
    gc.disable()  # nothing that is imported is garbage; the daemon goes on with it
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")  # its threads spin, and have nothing to do
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # it would look for some
    nvml = Nvml(Tally())
    if not demo:
        nvml.begin()  # its process wakes up while the rest is imported
    from aisec_daemon.app import logs  # noqa: PLC0415
    from aisec_daemon.app.settings import SettingsError, load  # noqa: PLC0415

    def read() -> Settings:
        return load(settings, listen=listen, state=state, root=root)

    try:
        read_now = read()
    except SettingsError as error:
        nvml.close()
        return _refused(error)
    logs.begin(read_now.log_level)
    return _watch(read_now, read, nvml, demo=demo)


def _watch(settings: Settings, reread: Callable[[], Settings], nvml: Nvml, *, demo: bool) -> int:
    """Run the daemon."""
    from aisec_daemon.app import player  # noqa: PLC0415
    from aisec_daemon.app.daemon import Daemon  # noqa: PLC0415
    from aisec_daemon.app.web.refused import WebConfigError  # noqa: PLC0415
    from aisec_daemon.app.web.server import WebServerError  # noqa: PLC0415
    from aisec_daemon.host.driver import has_driver  # noqa: PLC0415

    nvml.arrange(
        patience_seconds=settings.host.gpu_patience_seconds,
        release_seconds=settings.host.gpu_release_seconds,
    )
    playing = demo and not has_driver(settings.root)
    if playing:
        sys.stdout.write("There is no NVIDIA driver here: a bundled, simulated node is played.\n")
        sys.stdout.flush()
    try:
        Daemon(settings, reread, player.demo() if playing else None, nvml).run()
    except (WebConfigError, WebServerError) as error:
        return _refused(error)
    return 0


def _refused(error: Exception) -> int:
    """Say why the daemon does not begin."""
    sys.stderr.write(f"{error}\n")
    return _SETTINGS_OR_ADDRESS
