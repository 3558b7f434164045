"""What the page says of the daemon itself."""

from __future__ import annotations

import os

import prometheus_client
from prometheus_client.parser import text_string_to_metric_families

from aisec_daemon.model.exposition import Page
from aisec_daemon.sinks.own import Own


def told(own):
    """Return every series by name and labels, as a client's parser reads it."""
    page = Page("1", own.read).plain(openmetrics=False).decode()
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(page)
        for sample in family.samples
    }


def test_version_and_interpreter_are_told_with_the_constant_labels():
    page = b"".join(chunk.body for chunk in Own({"replayed": "demo"}).read()).decode()
    lines = [line for line in page.splitlines() if line and not line.startswith("#")]

    assert any(line.startswith("aisec_build_info{") for line in lines)
    assert any(line.startswith("process_cpu_seconds_total{") for line in lines)
    assert all('replayed="demo"' in line for line in lines)


def test_it_is_what_the_client_library_tells_of_this_process():
    registry = prometheus_client.CollectorRegistry()
    prometheus_client.ProcessCollector(registry=registry)
    prometheus_client.PlatformCollector(registry=registry)
    prometheus_client.GCCollector(registry=registry)
    theirs = {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in registry.collect()
        for sample in family.samples
    }
    ours = {name: value for name, value in told(Own({})).items() if "build" not in name[0]}
    near = {"process_resident_memory_bytes": 2e6, "process_virtual_memory_bytes": 2e7}
    near |= {"process_cpu_seconds_total": 1.0, "process_open_fds": 1.0}
    near |= {"process_start_time_seconds": 0.02, "python_gc_collections_total": 2.0}
    far = {
        name: (value, theirs[name])
        for name, value in ours.items()
        if abs(value - theirs[name]) > near.get(name[0], 1000.0)
    }

    assert ours.keys() == theirs.keys()
    assert far == {}


def test_open_files_are_counted_on_kernels_that_do_not_tell(monkeypatch):
    """Before Linux 6.2 the folder's size is 0."""
    before = told(Own({}))["process_open_fds", frozenset()]
    stat = os.stat
    monkeypatch.setattr(os, "stat", lambda path: stat(path) and os.stat_result([0] * 10))

    assert abs(told(Own({}))["process_open_fds", frozenset()] - before) <= 1


def test_what_cannot_be_read_is_left_out(monkeypatch):
    def refuse(*_, **__):
        raise OSError

    monkeypatch.setattr("pathlib.Path.open", refuse)
    monkeypatch.setattr("pathlib.Path.read_bytes", refuse)
    names = {name for name, _ in told(Own({}))}

    assert "process_cpu_seconds_total" in names
    assert names.isdisjoint({"process_start_time_seconds", "process_resident_memory_bytes"})
