"""The examination: everything is looked at once, then judged."""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from pathlib import Path

from aisec_daemon.app.doctor import cgroups, driver, images, nvml, place, processes, rights, service
from aisec_daemon.app.doctor.check import Check
from aisec_daemon.app.node import close_host, open_host
from aisec_daemon.app.settings import Settings, SettingsError, load
from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.host import Host
from aisec_daemon.host.nvml.reading import Reading
from aisec_daemon.host.proc.identity import ProcessIdentity

_GPU_SECONDS = 10.0


def examine(file: Path | None, root: Path | None) -> list[Check]:
    """Return every check; SettingsError only if not even defaults can be used."""
    try:
        settings, error = load(file, root=root), ""
    except SettingsError as mistake:
        settings, error = load(None, root=root), str(mistake)
    there = place.SERVICE_FILE.exists()
    host = open_host(settings, secrets.token_bytes(32), gpu_deadline_seconds=_GPU_SECONDS)
    try:
        return [
            *_gpu_checks(host),
            *_process_checks(host, settings),
            place.judge_settings(file, error, service_file=there),
            place.judge_folder(place.read_folder(settings.state)),
            place.judge_address(
                settings.listen,
                place.read_address(settings.listen),
                protected=settings.web_config is not None,
            ),
            place.judge_time(place.read_time(settings.root)),
            service.judge_service(service.read_service(settings.root)),
        ]
    finally:
        close_host(host)


def _gpu_checks(host: Host) -> list[Check]:
    devices, module = driver.read_devices(host.root), driver.read_module(host.root)
    reading = _read_gpus(host)
    opens = not isinstance(reading, UnreadableError)
    may = rights.read_rights()
    setuid = isinstance(may, OSError) or not may.no_new_privs
    answers = nvml.Answers(call for call, _, _ in host.tally.rows())
    return [
        driver.judge_module(module, devices, opens=opens),
        driver.judge_devices(devices),
        driver.judge_nodes(driver.read_nodes(host.root), driver=module is not None, setuid=setuid),
        driver.judge_binding(driver.read_binding()),
        nvml.judge_nvml(reading, on_bus=isinstance(devices, UnreadableError) or bool(devices)),
        nvml.judge_process_list(answers),
        nvml.judge_gpm(answers),
        nvml.judge_mig(answers, reading),
    ]


def _process_checks(host: Host, settings: Settings) -> list[Check]:
    who, seen, may = _scan(host), processes.read_namespace(host.root), rights.read_rights()
    hidepid = processes.read_hidepid(host.root)
    connector = host.processes.connector_error
    return [
        processes.judge_processes(who, seen),
        processes.judge_executables(who, may),
        processes.judge_hidepid(hidepid, may, host.root),
        processes.judge_connector(connector, wanted=settings.host.connector),
        cgroups.judge_cgroups(cgroups.read_version(host.root), who, host=seen.host),
        images.judge_images(images.read_images(host, who), may),
        rights.judge_capabilities(may),
        rights.judge_no_new_privs(may),
        processes.judge_descriptors(processes.read_descriptors(), who),
    ]


def _read_gpus(host: Host) -> Reading | UnreadableError:
    try:
        return host.nvml.read()
    except UnreadableError as error:
        return error


def _scan(host: Host) -> Sequence[ProcessIdentity] | UnreadableError:
    try:
        return host.processes.scan().identities
    except UnreadableError as error:
        return error
