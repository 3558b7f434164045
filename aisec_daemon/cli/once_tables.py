"""A look as tables for people, at 80 columns and more."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from math import isnan

from rich.console import Console
from rich.table import Table
from rich.text import Text

from aisec_daemon.app.once.look import Look, seconds_until_told
from aisec_daemon.cli.screen import gibibytes, percent, table, text, whole
from aisec_daemon.model import Finding, Severity, Snapshot

_STYLES = {
    Severity.INFO: "",
    Severity.WARNING: "yellow",
    Severity.HIGH: "red",
    Severity.CRITICAL: "bold red",
}
_ID = 12  # characters of a container's id that people use


def show(look: Look, console: Console, *, every_process: bool = False) -> None:
    """Print everything."""
    for part in _parts(look, every_process=every_process):
        console.print(part)
        console.print()
    console.print(_summary(look))


def _parts(look: Look, *, every_process: bool) -> Iterator[Table | Text]:
    gpus = look.tables.get("gpu")
    if gpus is None or not gpus.subjects:
        yield _no_gpu(look)
    else:
        yield _gpus(gpus)
        processes = look.tables.get("gpu_process")
        if processes is not None and processes.subjects:
            yield _gpu_processes(processes, gpus)
    if every_process and "process" in look.tables:
        yield _processes(look)
    if look.findings:
        yield _findings(look)
    untold = {  # elsewhere: the line without GPUs and their table give their own reasons
        name: why
        for name, why in look.unreadable.items()
        if why != look.unreadable.get("gpu") and not name.startswith("gpu/")
    }
    if untold:
        yield _unreadable(untold)


def _no_gpu(look: Look) -> Text:
    why = look.unreadable.get("gpu", "NVML lists none" if "gpu" in look.tables else "switched off")
    devices = look.tables.get("gpu_device")
    count = len(devices.subjects) if devices else 0
    bus = f"; {count} NVIDIA device(s) on the PCI bus" if count else ""
    return text(f"No GPU is read: {why}{bus}", "yellow" if count else "")


def _gpus(gpus: Snapshot) -> Table:
    heads = ("GPU", "NAME", "USE", "MEMORY GiB", "POWER W", "TEMP °C")
    made = table("GPUs", *heads, right=("USE", "MEMORY GiB", "POWER W", "TEMP °C"))
    wrong = any(gpus.labels["error"])
    if wrong:
        made.add_column("ERROR", overflow="fold")
    for row, place in enumerate(_places(gpus)):
        cells = [
            text(place),
            text(gpus.labels["name"][row]),
            text(percent(gpus["utilization_ratio"][row])),
            text(f"{_gib(gpus, 'memory_used_bytes', row)}/{_gib(gpus, 'memory_size_bytes', row)}"),
            text(f"{whole(gpus['power_watts'][row])}/{whole(gpus['power_limit_watts'][row])}"),
            text(whole(gpus["temperature_celsius"][row])),
        ]
        if wrong:
            cells.append(text(gpus.labels["error"][row], "red"))
        made.add_row(*cells)
    return made


def _gib(snapshot: Snapshot, column: str, row: int) -> str:
    return gibibytes(snapshot[column][row])


def _places(gpus: Snapshot) -> list[str]:
    """Name each GPU by its index, a MIG instance by that and its GPU instance: `0`, `0/7`."""
    rows = zip(gpus.labels["index"], gpus.labels["gpu_instance_id"], strict=True)
    return [
        f"{index or '?'}/{instance}" if instance else (index or "?") for index, instance in rows
    ]


def _gpu_processes(processes: Snapshot, gpus: Snapshot) -> Table:
    place = dict(zip(gpus.subjects, _places(gpus), strict=True))
    made = table(
        "Processes on GPUs",
        *("GPU", "PID", "USER", "IN", "GiB", "SM", "NAME", "COMMAND"),
        right=("PID", "GiB", "SM"),
    )
    _shape(made, USER=12, IN=20, NAME=15)
    order = processes["memory_used_bytes"]
    words = processes.labels
    for row in sorted(
        range(len(order)), key=lambda r: (place.get(words["uuid"][r] or "", "~"), -order[r])
    ):
        made.add_row(
            text(place.get(words["uuid"][row] or "", words["uuid"][row] or "?")),
            text(words["pid"][row]),
            text(words["user"][row]),
            text(_home(processes, row)),
            text(_gib(processes, "memory_used_bytes", row)),
            text(percent(processes["sm_utilization_ratio"][row])),
            text(words["name"][row]),
            text(words["command"][row]),
        )
    return made


def _shape(made: Table, **widest: int) -> None:
    """Keep one line a row: words have a widest column each, the command takes what is left."""
    made.expand = True
    for column in made.columns:
        column.no_wrap = True
        column.max_width = widest.get(str(column.header))
    made.columns[-1].ratio = 1


def _home(processes: Snapshot, row: int) -> str | None:
    """Return where a process runs: its container, Slurm job or systemd unit."""
    container, job = processes.labels["container"][row], processes.labels["slurm_job"][row]
    if container:
        return container[:_ID]
    return f"job {job}" if job else processes.labels["unit"][row]


def _processes(look: Look) -> Table:
    processes = look.tables["process"]
    made = table(
        "Processes",
        *("PID", "USER", "IN", "CPU", "GiB", "NAME", "COMMAND"),
        right=("PID", "CPU", "GiB"),
    )
    _shape(made, USER=12, IN=20, NAME=15)
    cpu = look.rates["process"][:, processes.table.index("cpu_seconds")]
    words = processes.labels
    for row in sorted(range(len(cpu)), key=lambda r: (isnan(cpu[r]), -cpu[r])):
        made.add_row(
            text(words["pid"][row]),
            text(words["user"][row]),
            text(_home(processes, row)),
            text(percent(cpu[row])),
            text(_gib(processes, "memory_resident_bytes", row)),
            text(words["name"][row]),
            text(words["command"][row]),
        )
    return made


def _findings(look: Look) -> Table:
    made = table(
        "Past the line", *("SEVERITY", "RULE", "SCORE", "TOLD", "REASON"), right=("SCORE",)
    )
    made.columns[-1].overflow = "fold"
    for finding in look.findings:
        made.add_row(
            text(finding.severity.word, "dim" if finding.allowed else _STYLES[finding.severity]),
            text(finding.rule.name),
            text(f"{finding.score:.1f}"),
            text(_told(finding, look.time)),
            text(finding.reason),
        )
    return made


def _told(finding: Finding, time: float) -> str:
    if finding.allowed:
        return f"no: {finding.allowed}"
    wait = seconds_until_told(finding, time)
    return f"after {wait:.0f} s" if wait else "now"


def _unreadable(reasons: Mapping[str, str]) -> Table:
    """Return what could not be read, each sentence once."""
    made = table("Could not be read", "WHAT", "WHY")
    made.columns[-1].overflow = "fold"
    for why in dict.fromkeys(reasons.values()):
        names = [name for name, sentence in reasons.items() if sentence == why]
        made.add_row(text(", ".join(names)), text(why, "yellow"))
    return made


def _summary(look: Look) -> Text:
    told = sum(not finding.allowed for finding in look.findings)
    verdict = f"{told} past the line" if told else "nothing past the line"
    if look.unreadable:
        verdict += f", {len(look.unreadable)} not read"
    counts = [
        f"{len(look.tables[name].subjects)} {words}"
        for name, words in (
            ("gpu", "GPU(s) and MIG instances"),
            ("gpu_process", "process(es) on them"),
            ("process", "process(es) in all"),
        )
        if name in look.tables
    ]
    style = {0: "green", 1: "red"}.get(look.exit_code, "yellow")
    return text("; ".join(filter(None, [verdict, ", ".join(counts)])), style)
