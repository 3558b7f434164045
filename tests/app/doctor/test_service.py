"""What is said of the systemd service, by files alone."""

from __future__ import annotations

import pytest

from aisec_daemon.app.doctor.check import Status
from aisec_daemon.app.doctor.service import Service, judge_service, read_service


def service(*true: str) -> Service:
    return Service(**{name: name in true for name in Service.__dataclass_fields__})


@pytest.mark.parametrize(
    ("found", "status", "told"),
    [
        (service("systemd", "installed", "enabled", "running"), Status.OK, ""),
        (service("systemd", "installed", "running"), Status.DEGRADED, "enable"),
        (service("systemd", "installed", "enabled"), Status.DEGRADED, "restart"),
        (service("systemd"), Status.UNKNOWN, "make install"),
        (service(), Status.UNKNOWN, ""),
    ],
)
def test_what_to_do_about_the_service(found, status, told):
    check = judge_service(found)

    assert check.status is status
    assert told in check.remedy
    assert bool(told) == bool(check.remedy)


@pytest.mark.parametrize("group", ["system.slice", "systemd/system.slice"])
def test_files_tell_all_of_it(tmp_path, group):
    unit = tmp_path / "usr/local/lib/systemd/system/aisec-daemon.service"
    link = tmp_path / "etc/systemd/system/multi-user.target.wants/aisec-daemon.service"
    procs = tmp_path / f"sys/fs/cgroup/{group}/aisec-daemon.service/cgroup.procs"
    assert read_service(tmp_path) == service()

    (tmp_path / "run/systemd/system").mkdir(parents=True)
    for file in (unit, link, procs):
        file.parent.mkdir(parents=True)
    unit.write_text("")
    link.symlink_to("/usr/local/lib/systemd/system/aisec-daemon.service")
    procs.write_text("")
    assert read_service(tmp_path) == service("systemd", "installed", "enabled")

    procs.write_text("4711\n")
    assert read_service(tmp_path) == service("systemd", "installed", "enabled", "running")
