"""What the page says of the daemon itself."""

from __future__ import annotations

from aisec_daemon.sinks.own import Own


def test_version_and_interpreter_are_told_with_the_constant_labels():
    page = b"".join(chunk.body for chunk in Own({"replayed": "demo"}).read()).decode()
    lines = [line for line in page.splitlines() if line and not line.startswith("#")]

    assert any(line.startswith("aisec_build_info{") for line in lines)
    assert any(line.startswith("process_cpu_seconds_total{") for line in lines)
    assert all('replayed="demo"' in line for line in lines)
