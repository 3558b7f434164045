"""Panels: the few kinds that the dashboards are made of, as JSON of Grafana 10 and later."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

Json = dict[str, Any]
SOURCE = {"type": "prometheus", "uid": "${datasource}"}
SEVERITIES = {"critical": "dark-red", "high": "red", "warning": "orange", "info": "blue"}


class Query(NamedTuple):
    """One expression and how its series are called."""

    expr: str
    legend: str = ""


class Box(NamedTuple):
    """Width and height on the grid of 24 columns."""

    width: int
    height: int = 7


def stat(
    title: str,
    about: str,
    query: Query,
    box: Box,
    unit: str = "short",
    bad_from: float | None = None,
) -> Json:
    """One number; red from `bad_from` on."""
    steps: list[Json] = [{"color": "green" if bad_from is not None else "text", "value": None}]
    if bad_from is not None:
        steps.append({"color": "red", "value": bad_from})
    panel = _panel("stat", title, about, [query], box, unit, instant=True)
    panel["fieldConfig"]["defaults"]["thresholds"] = {"mode": "absolute", "steps": steps}
    panel["options"] = {
        "colorMode": "background" if bad_from is not None else "value",
        "graphMode": "none",
        "reduceOptions": {"calcs": ["lastNotNull"], "fields": "", "values": False},
        "textMode": "value",
    }
    return panel


def series(
    title: str,
    about: str,
    queries: Sequence[Query],
    box: Box,
    unit: str = "short",
    *,
    most: float | None = None,
    line_at: float | None = None,
    stacked: bool = False,
) -> Json:
    """Lines over time; `line_at` draws a threshold."""
    panel = _panel("timeseries", title, about, queries, box, unit)
    custom: Json = {
        "drawStyle": "line",
        "lineWidth": 1,
        "fillOpacity": 12,
        "showPoints": "never",
        "spanNulls": False,
        "stacking": {"mode": "normal" if stacked else "none", "group": "A"},
    }
    defaults = panel["fieldConfig"]["defaults"]
    defaults |= {"custom": custom, "min": 0}
    if most is not None:
        defaults["max"] = most
    if line_at is not None:
        custom["thresholdsStyle"] = {"mode": "line"}
        steps = [{"color": "green", "value": None}, {"color": "red", "value": line_at}]
        defaults["thresholds"] = {"mode": "absolute", "steps": steps}
    panel["options"] = {
        "legend": {"displayMode": "list", "placement": "bottom", "showLegend": True},
        "tooltip": {"mode": "multi", "sort": "desc"},
    }
    return panel


def heat(title: str, about: str, query: Query, box: Box, unit: str, most: float) -> Json:
    """One row a series, its colour the number: readable for eight GPUs as for eighty."""
    panel = _panel("status-history", title, about, [query], box, unit)
    panel["fieldConfig"]["defaults"] |= {
        "color": {"mode": "continuous-GrYlRd"},
        "custom": {"fillOpacity": 90, "lineWidth": 0},
        "min": 0,
        "max": most,
    }
    panel["options"] = {"colWidth": 1, "rowHeight": 0.9, "showValue": "never"}
    panel["maxDataPoints"] = 120
    return panel


def table(
    title: str,
    about: str,
    query: Query,
    box: Box,
    columns: Sequence[str],
    *,
    link: Json | None = None,
) -> Json:
    """Rows now: the labels in `columns`, then the value."""
    panel = _panel("table", title, about, [query], box, "short", instant=True)
    panel["targets"][0]["format"] = "table"
    order = {name: at for at, name in enumerate([*columns, "Value"])}
    panel["transformations"] = [
        {
            "id": "filterFieldsByName",
            "options": {"include": {"names": [*columns, "Value"]}},
        },
        {"id": "organize", "options": {"indexByName": order}},
    ]
    colours = {
        word: {"color": colour, "index": at} for at, (word, colour) in enumerate(SEVERITIES.items())
    }
    panel["fieldConfig"]["overrides"] = [
        {
            "matcher": {"id": "byName", "options": "severity"},
            "properties": [
                {"id": "mappings", "value": [{"type": "value", "options": colours}]},
                {"id": "custom.cellOptions", "value": {"type": "color-background"}},
            ],
        }
    ]
    if link is not None:
        panel["fieldConfig"]["overrides"].append(
            {
                "matcher": {"id": "byName", "options": columns[0]},
                "properties": [{"id": "links", "value": [link]}],
            }
        )
    panel["options"] = {"showHeader": True, "sortBy": [{"displayName": "Value", "desc": True}]}
    return panel


def _panel(
    kind: str,
    title: str,
    about: str,
    queries: Sequence[Query],
    box: Box,
    unit: str,
    *,
    instant: bool = False,
) -> Json:
    return {
        "type": kind,
        "title": title,
        "description": about,
        "datasource": SOURCE,
        "fieldConfig": {"defaults": {"unit": unit}, "overrides": []},
        "gridPos": {"w": box.width, "h": box.height},
        "targets": [
            {
                "refId": chr(ord("A") + at),
                "datasource": SOURCE,
                "expr": query.expr,
                "legendFormat": query.legend or "__auto",
                "instant": instant,
                "range": not instant,
            }
            for at, query in enumerate(queries)
        ],
    }
