"""A machine without a driver is told from one whose driver is broken."""

from __future__ import annotations

from aisec_daemon.host.driver import has_driver


def test_a_machine_without_any_sign_has_no_driver(tmp_path):
    assert not has_driver(tmp_path)


def test_a_loaded_module_is_a_driver_even_if_nothing_works(tmp_path):
    (tmp_path / "proc/driver/nvidia").mkdir(parents=True)
    (tmp_path / "proc/driver/nvidia/version").write_text("NVRM version: 570.86.15")

    assert has_driver(tmp_path)
