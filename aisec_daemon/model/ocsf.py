"""Findings as OCSF Detection Findings (class 2004): one schema for export and every event sink.

Field names, numbers and their meaning: https://schema.ocsf.io/1.5.0/classes/detection_finding
An event is one change of a finding; `finding_info.uid` is the finding's id, `metadata.uid` the
change's own, the same however often it is delivered.
"""

from __future__ import annotations

import json
import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from aisec_daemon.model.evidence import Evidence
from aisec_daemon.model.finding import Change, Finding
from aisec_daemon.model.rule import Fact, Severity

VERSION = "1.5.0"
_CLASS = 2004
_ACTIVITIES = {"opened": (1, "Create"), "changed": (2, "Update"), "closed": (3, "Close")}
_SEVERITIES = {
    Severity.INFO: (1, "Informational"),
    Severity.WARNING: (3, "Medium"),
    Severity.HIGH: (4, "High"),
    Severity.CRITICAL: (5, "Critical"),
}
_NEW, _SUPPRESSED, _RESOLVED = (1, "New"), (3, "Suppressed"), (4, "Resolved")
_LINKS = {
    "AML.": "https://atlas.mitre.org/techniques/",
    "T": "https://attack.mitre.org/techniques/",
}


@dataclass(frozen=True)
class Source:
    """Who speaks: the node and the daemon's version."""

    node: str
    version: str


def event(change: Change, seq: int, source: Source) -> dict[str, Any]:
    """Return a change as an event; its text is as hostile as the finding's."""
    finding = change.finding
    activity, activity_name = _ACTIVITIES[change.what]
    severity, severity_name = _SEVERITIES[finding.severity]
    status, status_name = _status(change)
    return {
        "category_uid": 2,
        "category_name": "Findings",
        "class_uid": _CLASS,
        "class_name": "Detection Finding",
        "activity_id": activity,
        "activity_name": activity_name,
        "type_uid": 100 * _CLASS + activity,
        "type_name": f"Detection Finding: {activity_name}",
        "time": _milliseconds(change.time),
        "start_time": _milliseconds(finding.since),
        "end_time": _milliseconds(change.time if math.isnan(finding.closed) else finding.closed),
        "severity_id": severity,
        "severity": severity_name,
        "status_id": status,
        "status": status_name,
        "is_alert": change.what != "closed" and not finding.allowed,
        "message": finding.reason,
        "finding_info": _info(change),
        "device": {"hostname": source.node, "name": source.node, "type_id": 1, "type": "Server"},
        "resources": _resources(change),
        "evidences": [*_actor(finding), *map(_evidence, change.evidence)],
        "metadata": _metadata(seq, source),
        "unmapped": _unmapped(finding),
    }


def line(content: Mapping[str, Any]) -> str:
    """Return an event as one line of JSON in printable ASCII, which nothing can misread."""
    return json.dumps(content, allow_nan=False, separators=(",", ":")).replace("\x7f", "\\u007f")


def _status(change: Change) -> tuple[int, str]:
    if change.what == "closed":
        return _RESOLVED
    return _SUPPRESSED if change.finding.allowed else _NEW


def _metadata(seq: int, source: Source) -> dict[str, Any]:
    product = {"name": "aisec-daemon", "vendor_name": "aisec-daemon", "version": source.version}
    return {
        "version": VERSION,
        "product": product,
        "profiles": ["host"],
        "uid": f"{source.node}/{seq}",
        "sequence": seq,
    }


def _info(change: Change) -> dict[str, Any]:
    finding = change.finding
    rule = finding.rule
    opened = finding.since if math.isnan(finding.opened) else finding.opened
    return {
        "uid": finding.id,
        "title": rule.title,
        "desc": finding.reason,
        "types": [rule.name],
        "analytic": {"type_id": 1, "type": "Rule", "uid": rule.name, "name": rule.title},
        "attacks": [_attack(name) for name in rule.technique.replace(",", " ").split()],
        "first_seen_time": _milliseconds(finding.since),
        "created_time": _milliseconds(opened),
        "modified_time": _milliseconds(change.time),
        "last_seen_time": _milliseconds(change.time),
    }


def _attack(name: str) -> dict[str, Any]:
    """Return a technique of ATT&CK or ATLAS; `T1562.001` is a part of `T1562`."""
    link = next((place for mark, place in _LINKS.items() if name.startswith(mark)), "")
    whole, dot, _ = name.partition(".")
    if name.startswith("AML.") or not dot:
        return {"technique": {"uid": name, "src_url": f"{link}{name}"}}
    return {
        "technique": {"uid": whole, "src_url": f"{link}{whole}"},
        "sub_technique": {"uid": name, "src_url": f"{link}{name.replace('.', '/')}"},
    }


def _resources(change: Change) -> list[dict[str, Any]]:
    """Return what is affected: the finding's subjects."""
    kinds = {subject: each.table for each in change.evidence[:1] for subject in each.subjects}
    return [
        {"uid": subject, "name": subject, "type": kinds.get(subject, "subject")}
        for subject in change.finding.subjects
    ]


def _actor(finding: Finding) -> list[dict[str, Any]]:
    """Return the process behind a finding, as far as its words name one."""
    words = finding.labels
    number = words.get("pid", "")
    if not number.isdecimal():
        return []
    process: dict[str, Any] = {"pid": int(number), "uid": words.get("process", number)}
    for key, label in (("name", "name"), ("cmd_line", "command")):
        if words.get(label):
            process[key] = words[label]
    if words.get("user"):
        process["user"] = {"name": words["user"]}
    if words.get("executable"):
        name = words["executable"].rpartition("/")[2]
        process["file"] = {"path": words["executable"], "name": name, "type_id": 1}
    found: dict[str, Any] = {"name": "process", "process": process}
    if words.get("container"):
        image = words.get("image")
        named = {"image": {"name": image, "uid": image}} if image else {}
        found["container"] = {"uid": words["container"], **named}
    return [found]


def _evidence(each: Evidence) -> dict[str, Any]:
    """Return rows of a table with their past."""
    rows = []
    for at, subject in enumerate(each.subjects):
        numbers = {name: number(row[at]) for name, row in each.numbers.items()}
        words = {name: row[at] for name, row in each.words.items()}
        past = {name: [number(x) for x in many[at]] for name, many in each.past.items()}
        rows.append({"subject": subject, **numbers, **words, **({"past": past} if past else {})})
    data = {"time": each.time, "rows": rows, "more": each.more, "past_times": list(each.times)}
    return {"name": each.table, "data": data}


def _unmapped(finding: Finding) -> dict[str, Any]:
    return {
        "key": finding.key,
        "score": number(finding.score),
        "peak": number(finding.peak),
        "facts": {name: number(fact) for name, fact in finding.facts.items()},
        "labels": dict(finding.labels),
        "allowed": finding.allowed,
        "benign": finding.rule.benign,
    }


def number(fact: Fact | None) -> Fact | None:
    """Return a number as JSON has it: null for what was not read, or is not finite."""
    if fact is None or isinstance(fact, str):
        return fact
    return float(fact) if math.isfinite(fact) else None


def _milliseconds(seconds: float) -> int | None:
    return int(seconds * 1000) if math.isfinite(seconds) else None
