"""One node: what is open and why, where, what the GPUs do, and what the monitor itself costs."""

from __future__ import annotations

from panels import Box, Query, heat, series, stat, table

_IN = 'instance="$instance"'
_NAMED = f"* on (uuid) group_left (index, name, kind) aisec_gpu_info{{{_IN}}}"
_GPU = "GPU {{index}} {{kind}}"


def _gpu(metric: str) -> str:
    return f"{metric}{{{_IN}}} {_NAMED}"


NODE = (
    stat(
        "Open findings",
        "Open findings that no exception covers. Anything but 0 wants a person.",
        Query(f"sum(aisec_finding_open{{{_IN}}})"),
        Box(4, 4),
        bad_from=1,
    ),
    stat(
        "Permitted findings",
        "Open findings that an operator's exception covers.",
        Query(f"sum(aisec_finding_allowed{{{_IN}}})"),
        Box(4, 4),
    ),
    stat(
        "Monitor answers",
        "1 while Prometheus can read the node's page.",
        Query(f"up{{{_IN}}}"),
        Box(4, 4),
    ),
    stat(
        "Longest silence",
        "How long the slowest part of the monitor has done nothing.",
        Query(f"max(aisec_upkeep_age_seconds{{{_IN}}})"),
        Box(4, 4),
        unit="s",
        bad_from=120,
    ),
    stat(
        "GPUs",
        "GPUs that the driver lists, without MIG instances.",
        Query(f'count(aisec_gpu_info{{{_IN}, kind="gpu"}})'),
        Box(4, 4),
    ),
    stat(
        "Power",
        "Power that all GPUs of the node draw now.",
        Query(f"sum(aisec_gpu_power_watts{{{_IN}}})"),
        Box(4, 4),
        unit="watt",
    ),
    table(
        "What is open, and why",
        "Rules with open findings. Reason, subjects and evidence are on the node's own page.",
        Query(
            f"(sum by (rule, severity) (aisec_finding_open{{{_IN}}}) > 0) * on (rule)"
            f" group_left (title, technique) topk by (rule) (1, aisec_rule_info{{{_IN}}})"
        ),
        Box(12, 8),
        ("rule", "severity", "title", "technique"),
    ),
    series(
        "Scores",
        "Highest score of each rule's open findings: 1 is the line, 2 is twice past it.",
        [Query(f"aisec_finding_score{{{_IN}}}", "{{rule}}")],
        Box(12, 8),
        line_at=1,
    ),
    series(
        "False alarms of drift",
        "Accepted in a week, and all openings of the last: an upper bound of the false ones.",
        [
            Query(
                f"aisec_drift_target_false_alarms_per_gpu_week{{{_IN}}}"
                f' * scalar(count(aisec_gpu_info{{{_IN}, kind="gpu"}}))',
                "accepted",
            ),
            Query(
                f'sum(increase(aisec_findings_opened_total{{{_IN}, rule="drift"}}[7d]))', "opened"
            ),
        ],
        Box(8),
    ),
    series(
        "Findings opened",
        "How often each rule has opened a finding within an hour: what it costs in attention.",
        [Query(f"sum by (rule) (increase(aisec_findings_opened_total{{{_IN}}}[1h]))", "{{rule}}")],
        Box(8),
    ),
    series(
        "Who is on the GPUs",
        "GPU memory by user and container.",
        [
            Query(
                f"sum by (user, container) (aisec_gpu_process_memory_used_bytes{{{_IN}}})",
                "{{user}} {{container}}",
            )
        ],
        Box(8),
        unit="bytes",
        stacked=True,
    ),
    heat(
        "GPU utilisation",
        "A row for each GPU; a gap is a reading that failed.",
        Query(_gpu("aisec_gpu_utilization_ratio"), _GPU),
        Box(12, 8),
        unit="percentunit",
        most=1,
    ),
    heat(
        "GPU temperature",
        "A row for each GPU.",
        Query(_gpu("aisec_gpu_temperature_celsius"), _GPU),
        Box(12, 8),
        unit="celsius",
        most=95,
    ),
    series(
        "Power",
        "Power of each GPU.",
        [Query(_gpu("aisec_gpu_power_watts"), _GPU)],
        Box(8),
        unit="watt",
    ),
    series(
        "Memory in use",
        "Share of each GPU's memory.",
        [
            Query(
                f"aisec_gpu_memory_used_bytes{{{_IN}}} / " + _gpu("aisec_gpu_memory_size_bytes"),
                _GPU,
            )
        ],
        Box(8),
        unit="percentunit",
        most=1,
    ),
    series(
        "Execution pipes",
        "Mean over GPUs: training lives on the tensor pipe, hashing on integers.",
        [Query(f"avg by (pipe) (aisec_gpu_pipe_active_ratio{{{_IN}}})", "{{pipe}}")],
        Box(8),
        unit="percentunit",
    ),
    series(
        "The monitor: CPU",
        "Cores that the daemon and its children use.",
        [Query(f"rate(aisec_process_tree_cpu_seconds_total{{{_IN}}}[$__rate_interval])", "cores")],
        Box(8),
    ),
    series(
        "The monitor: memory",
        "Proportional share of the daemon and its children.",
        [Query(f"aisec_process_tree_memory_bytes{{{_IN}}}", "memory")],
        Box(8),
        unit="bytes",
    ),
    series(
        "The monitor: failed turns",
        "Turns that failed, by part.",
        [
            Query(
                "sum by (part) (increase("
                f"aisec_upkeep_failed_runs_total{{{_IN}}}[$__rate_interval]))",
                "{{part}}",
            )
        ],
        Box(8),
    ),
)
