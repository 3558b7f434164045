"""Making an event fit where there is little room; what was left out is said in it."""

from __future__ import annotations

from typing import Any

from aisec_daemon.model.ocsf import line

_TEXT, _ITEMS = 200, 4


def fit(event: dict[str, Any], size_max_bytes: int) -> str:
    """Return an event as one line of JSON that is no longer than it may be.

    First the past of its rows goes, then the rows, then the ends of long texts and lists. The last
    form is sent even if it is too long still: a cut through JSON would help nobody.
    """
    written = line(event)
    for name, shorten in (("past", _without_past), ("evidence", _bare), ("text", _cut)):
        if len(written) <= size_max_bytes:
            break
        event = shorten(event)
        event["unmapped"] = {**event["unmapped"], "left_out": name}
        written = line(event)
    return written


def _without_past(event: dict[str, Any]) -> dict[str, Any]:
    return {**event, "evidences": [_row_only(each) for each in event["evidences"]]}


def _row_only(evidence: dict[str, Any]) -> dict[str, Any]:
    if "data" not in evidence:
        return evidence
    data = evidence["data"]
    rows = [{name: x for name, x in row.items() if name != "past"} for row in data["rows"]]
    return {**evidence, "data": {**data, "rows": rows, "past_times": []}}


def _bare(event: dict[str, Any]) -> dict[str, Any]:
    """Return it without rows: the process behind it stays."""
    return {**event, "evidences": [each for each in event["evidences"] if "data" not in each]}


def _cut(value: Any) -> Any:
    """Return it with long texts, lists and objects cut."""
    if isinstance(value, str):
        return value if len(value) <= _TEXT else value[:_TEXT] + "…"
    if isinstance(value, list):
        return [_cut(each) for each in value[:_ITEMS]]
    if isinstance(value, dict):
        few = list(value.items())[: 8 * _ITEMS]
        return {_cut(name): _cut(each) for name, each in few}
    return value
