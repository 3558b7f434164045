"""What is said of processes: whose, how many, and what of them."""

from __future__ import annotations

import resource
from pathlib import Path

import pytest

from aisec_daemon.app.doctor import processes
from aisec_daemon.app.doctor.check import Status
from aisec_daemon.app.doctor.processes import Namespace
from aisec_daemon.app.doctor.rights import Rights
from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.proc.identity import ProcessIdentity

HOSTS = Path(__file__).parents[2] / "hosts"
NONE = Rights(frozenset(), first_user_namespace=True, no_new_privs=False)
PTRACE = Rights(frozenset({"SYS_PTRACE"}), first_user_namespace=True, no_new_privs=False)
UNREADABLE = UnreadableError("proc", "no process may be read")
MOUNTS = """22 27 0:21 / /proc rw,relatime - proc proc rw{}
23 27 0:22 / /sys rw,relatime - sysfs sysfs rw
99 27 0:21 / /mnt/proc rw - proc proc rw,hidepid=2
"""


def process(pid: int, executable: str | None = "/bin/x") -> ProcessIdentity:
    words = dict.fromkeys(ProcessIdentity.__dataclass_fields__, "")
    return ProcessIdentity(**{**words, "pid": pid, "executable": executable})


def test_a_hosts_proc_has_the_kernels_process_2():
    assert processes.read_namespace(HOSTS / "idle") == Namespace(ours=False, host=True)


def test_a_proc_without_it_is_a_containers(tmp_path):
    (tmp_path / "proc/2").mkdir(parents=True)
    stat = (HOSTS / "idle/proc/2/stat").read_text()
    file = tmp_path / "proc/2/stat"

    assert not processes.read_namespace(tmp_path).host
    file.write_text(stat.replace("2129984", "4194560"))  # so named, but no kernel thread
    assert not processes.read_namespace(tmp_path).host
    file.write_text(stat)
    assert processes.read_namespace(tmp_path).host


def test_our_own_proc_is_ours():
    assert processes.read_namespace(Path("/")).ours


def test_no_process_is_a_missing_main_sensor():
    check = processes.judge_processes(UNREADABLE, Namespace(ours=True, host=True))

    assert (check.status, check.main) == (Status.MISSING, True)
    assert check.remedy


def test_a_namespace_of_its_own_hides_the_host():
    check = processes.judge_processes([process(1)], Namespace(ours=True, host=False))

    assert check.status is Status.DEGRADED
    assert "hostPID" in check.remedy
    host = Namespace(ours=True, host=True)
    assert processes.judge_processes([process(1)], host).status is Status.OK


def test_unread_executables_are_counted_and_need_the_capability():
    check = processes.judge_executables([process(1), process(7, None)], NONE)

    assert check.status is Status.DEGRADED
    assert "1 of 2" in check.found
    assert "CAP_SYS_PTRACE" in check.found


def test_with_the_capability_the_shut_ones_are_named():
    check = processes.judge_executables([process(1), process(7, None)], PTRACE)

    assert "pid 7" in check.found
    assert "make install" not in check.remedy
    assert processes.judge_executables([process(1)], NONE).status is Status.OK
    assert processes.judge_executables(UNREADABLE, NONE).status is Status.UNKNOWN


@pytest.mark.parametrize(
    ("option", "value"), [("", ""), (",hidepid=invisible", "invisible"), (",gid=4,hidepid=2", "2")]
)
def test_hidepid_is_that_of_the_mount_in_question(option, value):
    assert processes.parse_hidepid(MOUNTS.format(option), "/proc") == value


def test_a_folder_that_is_no_mount_hides_nothing():
    assert processes.parse_hidepid(MOUNTS.format(""), "/fixture/proc") == ""
    assert processes.parse_hidepid("broken\n\n", "/proc") == ""


def test_hidepid_matters_without_the_capability():
    root = Path("/")

    assert processes.judge_hidepid("2", NONE, root).status is Status.DEGRADED
    assert "remount" in processes.judge_hidepid("2", NONE, root).remedy
    assert processes.judge_hidepid("2", PTRACE, root).status is Status.OK
    assert processes.judge_hidepid("0", NONE, root).status is Status.OK
    assert processes.judge_hidepid(None, NONE, root).status is Status.UNKNOWN


def test_the_connector_says_itself_why_it_does_not_work():
    refused = processes.judge_connector("the process connector needs CAP_NET_ADMIN", wanted=True)
    inside = processes.judge_connector("answers only in the first namespace", wanted=True)

    assert refused.status is inside.status is Status.DEGRADED
    assert "NET_ADMIN" in refused.remedy
    assert "--pid host" in inside.remedy
    assert processes.judge_connector("", wanted=True).status is Status.OK
    assert processes.judge_connector("switched off", wanted=False).status is Status.OK


@pytest.mark.parametrize(
    ("limit", "status"),
    [(3, Status.DEGRADED), (4, Status.OK), (resource.RLIM_INFINITY, Status.OK)],
)
def test_half_of_the_descriptors_must_hold_all_processes(limit, status):
    check = processes.judge_descriptors(limit, [process(1), process(2)])

    assert check.status is status
    assert "-1" not in check.found
