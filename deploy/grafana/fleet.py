"""Every node, from recording rules only: a panel reads few series, however many there are."""

from __future__ import annotations

from panels import Box, Query, series, stat, table

_TO_NODE = {
    "title": "This node",
    "url": "/d/aisec-node?var-instance=${__data.fields.instance}&${__url_time_range}",
}

FLEET = (
    stat(
        "Open findings",
        "Over all nodes, without what exceptions cover.",
        Query("sum(rule_severity:aisec_finding_open:sum)"),
        Box(4, 4),
        bad_from=1,
    ),
    stat(
        "Nodes that answer",
        "Share of nodes whose page Prometheus can read. The rest is not watched.",
        Query("fleet:aisec_up:ratio"),
        Box(4, 4),
        unit="percentunit",
    ),
    stat("Nodes", "Nodes that are scraped.", Query("fleet:aisec_up:count"), Box(4, 4)),
    stat("GPUs", "GPUs without MIG instances.", Query("fleet:aisec_gpu:count"), Box(4, 4)),
    stat(
        "Power",
        "Power of all GPUs.",
        Query("fleet:aisec_gpu_power_watts:sum"),
        Box(4, 4),
        unit="watt",
    ),
    stat(
        "Memory in use",
        "Share of all GPU memory.",
        Query("fleet:aisec_gpu_memory_used:ratio"),
        Box(4, 4),
        unit="percentunit",
    ),
    table(
        "Nodes with the most open findings",
        "The worst fifty. A click leads to the node.",
        Query("topk(50, instance_severity:aisec_finding_open:sum > 0)"),
        Box(12, 10),
        ("instance", "severity"),
        link=_TO_NODE,
    ),
    table(
        "By rule",
        "How many findings of each rule are open over the fleet.",
        Query("rule_severity:aisec_finding_open:sum"),
        Box(12, 10),
        ("rule", "severity"),
    ),
    series(
        "Nodes with an open finding, by rule",
        "Many nodes at once is a rollout or a worm; one is one.",
        [Query("rule:aisec_finding_open_nodes:count", "{{rule}}")],
        Box(12),
    ),
    series(
        "Findings opened within an hour, by rule",
        "A rule that opens many is right about something large, or costs attention for nothing.",
        [Query("rule:aisec_findings_opened:increase1h", "{{rule}}")],
        Box(12),
    ),
    series(
        "Highest score, by rule",
        "1 is the line. Absent while nothing is open.",
        [Query("rule:aisec_finding_score:max", "{{rule}}")],
        Box(12),
        line_at=1,
    ),
    series(
        "Permitted, by rule",
        "Findings that exceptions cover: a number that only grows wants a review.",
        [Query("rule:aisec_finding_allowed:sum", "{{rule}}")],
        Box(12),
    ),
    table(
        "Hottest nodes",
        "Highest temperature of any GPU, in °C.",
        Query("topk(20, instance:aisec_gpu_temperature_celsius:max)"),
        Box(8, 9),
        ("instance",),
        link=_TO_NODE,
    ),
    table(
        "Longest silence",
        "Nodes whose slowest part has done nothing for longest, in seconds.",
        Query("topk(20, instance:aisec_upkeep_age_seconds:max)"),
        Box(8, 9),
        ("instance",),
        link=_TO_NODE,
    ),
    table(
        "Nodes that opened most",
        "Findings opened within an hour.",
        Query("topk(20, instance:aisec_findings_opened:increase1h)"),
        Box(8, 9),
        ("instance",),
        link=_TO_NODE,
    ),
    series(
        "GPU utilisation",
        "Mean over all GPUs of the fleet.",
        [Query("fleet:aisec_gpu_utilization_ratio:avg", "mean")],
        Box(8),
        unit="percentunit",
        most=1,
    ),
    series(
        "The monitor: CPU",
        "99th percentile over nodes, in cores.",
        [Query("fleet:aisec_process_tree_cpu_seconds:rate5m_p99", "99 %")],
        Box(8),
    ),
    series(
        "The monitor: memory",
        "99th percentile over nodes.",
        [Query("fleet:aisec_process_tree_memory_bytes:p99", "99 %")],
        Box(8),
        unit="bytes",
    ),
)
