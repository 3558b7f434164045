"""Programs on the page: who is on the GPUs, the largest first."""

from __future__ import annotations

import numpy as np

from aisec_daemon.app.web.landing.words import share, size, word
from aisec_daemon.model import Snapshot

_ROWS = 25
_HEADS = ("GPU", "Program", "Pid", "User", "Container or unit", "Memory", "Busy")


def programs_section(programs: Snapshot | None, gpus: Snapshot | None) -> str:
    """Return a table of processes on GPUs."""
    if programs is None:
        return ""
    if not programs.subjects:
        body = '<p class="calm">Nobody is on a GPU.</p>'
    else:
        order = np.argsort(-np.nan_to_num(programs["memory_used_bytes"], nan=-1.0), kind="stable")
        indexes = _indexes(gpus)
        rows = "".join(_row(programs, int(at), indexes) for at in order[:_ROWS])
        heads = "".join(f'<th scope="col">{head}</th>' for head in _HEADS)
        left = len(programs.subjects) - _ROWS
        more = f'<p class="calm">{left} more are not shown.</p>' if left > 0 else ""
        body = (
            f'<div class="wide"><table><thead><tr>{heads}</tr></thead><tbody>{rows}</tbody>'
            f"</table></div>{more}"
        )
    return f'<section id="programs"><h2>Programs on GPUs</h2>{body}</section>'


def _indexes(gpus: Snapshot | None) -> dict[str, str | None]:
    return dict(zip(gpus.subjects, gpus.labels["index"], strict=True)) if gpus else {}


def _row(programs: Snapshot, at: int, indexes: dict[str, str | None]) -> str:
    words = {name: column[at] for name, column in programs.labels.items()}
    uuid = words["uuid"]
    container, unit = words["container"], words["unit"]
    place = container or (unit if unit or container is not None else None)
    cells = (
        word(indexes.get(uuid, uuid) if uuid else uuid),
        word(words["name"], 40),
        word(words["pid"]),
        word(words["user"], 32),
        word(place, 24),
        size(float(programs["memory_used_bytes"][at])),
        share(float(programs["sm_utilization_ratio"][at])),
    )
    return "<tr>" + "".join(f"<td>{cell}</td>" for cell in cells) + "</tr>"
