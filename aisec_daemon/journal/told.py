"""What receivers are told of a change, given what they were told before."""

from __future__ import annotations

from dataclasses import replace

from aisec_daemon.model import Change, Status


def to_tell(change: Change, told: bool) -> Change | None:
    """Return what is handed to receivers of a finding that is `told` or not; None for nothing.

    An allowed finding is never told; one that becomes allowed is withdrawn, as if it closed.
    """
    finding = change.finding
    if finding.allowed:
        if not told:
            return None
        closed = replace(finding, status=Status.CLOSED, closed=change.time)
        return Change(change.time, "closed", closed, change.evidence)
    if change.what == "closed":
        return change if told else None
    return replace(change, what="changed" if told else "opened")
