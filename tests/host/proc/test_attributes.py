"""Full attributes of a process."""

from __future__ import annotations

import os
import subprocess
from hashlib import blake2b
from pathlib import Path
from typing import Any

import pytest

from aisec_daemon.host.proc import attributes
from aisec_daemon.host.proc.attributes import Attributes
from aisec_daemon.host.proc.stat import EXITING
from aisec_daemon.host.tally import Tally
from tests.host.proc.tree import KEY, Tree, descriptors


@pytest.fixture
def reader(tree: Tree, tally: Tally) -> Attributes:
    return Attributes(tree.root, tally, KEY)


def test_everything_is_told(tree: Tree, reader: Attributes, tally: Tally) -> None:
    """Words by the host's own files, nothing counted as failed."""
    tree.add(7, start=900, parent=3)

    who = reader.read(7).identity

    assert (who.subject, who.name, who.parent, who.uid, who.user) == (
        "7:900",
        "python",
        3,
        1000,
        "alice",
    )
    assert (who.executable, who.executable_state) == ("/usr/bin/python3", "")
    assert (who.command, who.unit, who.container, who.login_user) == (
        "python x.py",
        "a.service",
        "",
        "",
    )
    assert who.command_hash == blake2b(b"python\0x.py\0", digest_size=16, key=KEY).hexdigest()
    assert tally.rows() == []


def test_a_hash_needs_the_key(tree: Tree, tally: Tally) -> None:
    """The same command has another hash on another node, and no key is no choice."""
    tree.add(7)
    hashes = {
        Attributes(tree.root, tally, key).read(7).identity.command_hash for key in (KEY, KEY[::-1])
    }

    assert len(hashes) == 2
    with pytest.raises(ValueError, match="at least 16 bytes"):
        Attributes(tree.root, tally, b"short")


@pytest.mark.parametrize(
    ("link", "path", "state"),
    [
        ("/tmp/x (deleted)", "/tmp/x", "deleted"),
        ("/memfd:x (deleted)", "/memfd:x", "memfd"),
        ("/usr/bin/x", "/usr/bin/x", ""),
    ],
)
def test_a_file_that_is_gone_is_told_so(
    tree: Tree, reader: Attributes, link: str, path: str, state: str
) -> None:
    """psutil would hide it."""
    tree.add(7)
    (tree.proc / "7/exe").unlink()
    (tree.proc / "7/exe").symlink_to(link)

    who = reader.read(7).identity

    assert (who.executable, who.executable_state) == (path, state)


def test_a_kernel_thread_has_no_executable(tree: Tree, reader: Attributes, tally: Tally) -> None:
    """There is none, which is not the same as unread."""
    tree.add(2, "kthreadd", "", flags=0x00200000)
    (tree.proc / "2/exe").unlink()

    who = reader.read(2).identity

    assert (who.executable, who.executable_state, who.command, who.command_hash) == ("", "", "", "")
    assert tally.rows() == []


@pytest.mark.parametrize(
    ("file", "words"),
    [
        ("cmdline", ("command", "command_hash")),
        ("status", ("uid", "user")),
        ("cgroup", ("container", "pod", "qos", "slurm_job", "slurm_step", "unit")),
        ("loginuid", ("login_user",)),
    ],
)
def test_what_cannot_be_read_is_none_and_counted(
    tree: Tree, reader: Attributes, tally: Tally, file: str, words: tuple[str, ...]
) -> None:
    """Unread is never empty."""
    tree.add(7)
    (tree.proc / "7" / file).unlink()
    (tree.proc / "7" / file).symlink_to(file)  # to itself: ELOOP, for root too

    who = reader.read(7).identity

    assert [getattr(who, word) for word in words] == [None] * len(words)
    assert [call for call, *_ in tally.rows()] == [("proc", file, "ELOOP")]


def test_an_unreadable_link_is_none_and_counted(
    tree: Tree, reader: Attributes, tally: Tally
) -> None:
    """As it is for whoever may not trace the process."""
    tree.add(7)
    (tree.proc / "7/exe").unlink()
    (tree.proc / "7/exe").write_text("no link")

    who = reader.read(7).identity

    assert (who.executable, who.executable_state) == (None, None)
    assert [call for call, *_ in tally.rows()] == [("proc", "exe", "EINVAL")]


def test_who_nobody_knows_is_a_number(tree: Tree, reader: Attributes) -> None:
    """And who logged in is told whatever he became."""
    tree.add(7)
    (tree.proc / "7/status").write_text("Uid:\t1\t4242\t1\t1\n")
    (tree.proc / "7/loginuid").write_text("1000")

    who = reader.read(7).identity

    assert (who.uid, who.user, who.login_user) == (4242, "4242", "alice")


def test_the_gone_are_no_error(reader: Attributes, tally: Tally) -> None:
    """Processes end all the time."""
    assert reader.read(7) is None
    assert tally.rows() == []


def test_an_exec_in_between_is_read_again(
    tree: Tree, reader: Attributes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Name and command belong to one image."""
    tree.add(7, "sh", "sh\0", code=1)

    def exec_once(raw: bytes) -> str:
        if raw == b"sh\0":
            (tree.proc / "7/cmdline").write_text("miner\0")
            tree.stat(7, "miner", code=2)
        return raw.decode()

    monkeypatch.setattr(attributes, "redact_command", exec_once)
    who = reader.read(7).identity

    assert (who.name, who.command) == ("miner", "miner\0")


def test_a_process_that_never_settles_is_told_as_it_was_last(
    tree: Tree, reader: Attributes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three attempts; its image is that of the reading, so that the next scan reads it again."""
    tree.add(7, "sh", code=1)
    attempts = []

    def exec_again(raw: bytes) -> str:
        attempts.append(raw)
        tree.stat(7, "sh", code=1 + len(attempts))
        (tree.proc / "7/cmdline").write_text(f"sh\0{len(attempts)}\0")
        return ""

    monkeypatch.setattr(attributes, "redact_command", exec_again)

    assert reader.read(7).image[2] == b"3"
    assert len(attempts) == 3


def test_a_command_line_is_understood_once_and_not_kept(
    tree: Tree, reader: Attributes, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Workers of one program have the same one; its secret is nowhere in what is remembered."""
    redacted = []
    redact = attributes.redact_command
    monkeypatch.setattr(
        attributes, "redact_command", lambda raw: redacted.append(raw) or redact(raw)
    )
    for pid in (7, 8):
        tree.add(pid, "sh", "serve\0--password\0hunter2hunter2\0")
    tree.add(9, "sh", "serve\0--password\0other-secret\0--verbose\0")

    told = [reader.read(pid).identity for pid in (7, 8, 9)]

    assert len(redacted) == 2
    assert told[0].command == told[1].command != told[2].command
    assert told[0].command_hash == told[1].command_hash != told[2].command_hash
    assert "hunter2" not in repr(vars(reader)) + repr(told)


@pytest.mark.parametrize("ending", [{"state": "Z"}, {"state": "R", "flags": EXITING}])
def test_who_ends_does_not_pretend_to_run_nothing(
    tree: Tree, reader: Attributes, tally: Tally, ending: dict[str, Any]
) -> None:
    """Memory goes first, and the command line with it; that is no failure to read it."""
    tree.add(7, "sh", "", **ending)
    (tree.proc / "7/exe").unlink()

    known = reader.read(7)

    assert known.dying
    assert (known.identity.executable, known.identity.command) == (None, None)
    assert [call for call, _, _ in tally.rows() if call.call == "exe"] == []


def test_a_real_process_is_told_by_the_kernel() -> None:
    """Our own, through the real /proc."""
    who = Attributes(Path("/"), Tally(), KEY).read(os.getpid()).identity

    assert who.executable == str(Path("/proc/self/exe").readlink())
    assert (who.uid, who.parent, who.executable_state) == (os.geteuid(), os.getppid(), "")


def test_no_descriptor_is_left_open(tree: Tree, reader: Attributes) -> None:
    """But the one that is kept, until it is closed."""
    tree.add(7)
    before = descriptors()

    known = reader.read(7)
    assert descriptors() == before + 1
    known.close()
    reader.read(8)

    assert descriptors() == before


def test_a_real_deleted_executable(tmp_path: Path) -> None:
    """The kernel's own suffix."""
    copy = tmp_path / "sleeper"
    copy.write_bytes(Path("/bin/sleep").read_bytes())
    copy.chmod(0o755)
    with subprocess.Popen([copy, "60"]) as process:
        copy.unlink()
        who = Attributes(Path("/"), Tally(), KEY).read(process.pid).identity
        process.kill()

    assert (who.executable, who.executable_state) == (str(copy), "deleted")


CONTAINER = "4f5a6b7c8d9e0f1a2b3c4d5e6f708192a3b4c5d6e7f8091a2b3c4d5e6f708192"


def mounted(tree: Tree, pid: int, cgroup: str = "0::/\n") -> None:
    """Add a process that sees its container's mounts, and such a path in its cgroup."""
    tree.add(pid)
    (tree.proc / f"{pid}/cgroup").write_text(cgroup)
    (tree.proc / f"{pid}/mountinfo").write_text(
        f"9 8 8:1 /docker/containers/{CONTAINER}/hostname /etc/hostname rw - ext4 /dev/sda1 rw\n"
    )


def test_a_container_with_a_namespace_for_cgroups_is_known_by_its_mounts(
    tree: Tree, reader: Attributes, tally: Tally
) -> None:
    """Its cgroup is "/" to us; on a host without containers that is all there is."""
    mounted(tree, 7)
    mounted(tree, 8, "0::/system.slice/a.service\n")
    tree.add(9)
    (tree.proc / "9/cgroup").write_text("0::/\n")

    assert reader.read(7).identity.container == CONTAINER
    assert reader.read(8).identity.container == ""
    assert reader.read(9).identity.container == ""
    assert tally.rows() == []


def test_processes_of_one_mount_namespace_are_asked_once_a_scan(
    tree: Tree, reader: Attributes
) -> None:
    mounted(tree, 7)
    mounted(tree, 8)
    for pid in (7, 8):
        (tree.proc / f"{pid}/ns").mkdir()
        (tree.proc / f"{pid}/ns/mnt").symlink_to("mnt:[4026531841]")
    assert reader.read(7).identity.container == CONTAINER
    (tree.proc / "8/mountinfo").write_text("")

    assert reader.read(8).identity.container == CONTAINER
    reader.refresh()
    assert reader.read(8).identity.container == ""
