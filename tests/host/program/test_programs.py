"""Programs on GPUs, in a /proc that can be broken."""

from __future__ import annotations

import math
from types import SimpleNamespace

import pytest

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.proc.stat import EXITING, KERNEL_THREAD
from aisec_daemon.host.program.programs import Programs
from tests.host.proc.tree import descriptors

MAPS = (
    "5500-5501 r-xp 00000000 fe:00 8  /usr/bin/python3\n"
    "7f00-7f01 r-xp 00000000 fe:00 9  /usr/lib/libcuda.so.580\n"
)


class Gpus:
    def __init__(self, *pids):
        self.pids = pids

    def read(self):
        processes = [SimpleNamespace(pid=pid) for pid in self.pids]
        return SimpleNamespace(gpus=[SimpleNamespace(processes=processes)])


@pytest.fixture
def gpus():
    return Gpus(7)


@pytest.fixture
def programs(tree, gpus, processes, tally):
    return Programs(tree.root, gpus, processes, tally)


def add(tree, pid=7, **more):
    tree.add(pid, **more)
    (tree.proc / f"{pid}/io").write_text("rchar: 5\nwchar: 6\n")
    (tree.proc / f"{pid}/maps").write_text(MAPS)
    (tree.proc / f"{pid}/environ").write_text("A=b\0")
    (tree.proc / f"{pid}/fd").mkdir()


def again(programs):
    """Read in the next turn, when who is on a GPU is asked anew."""
    programs._members_at = -math.inf
    return programs.read()


def test_a_program_is_read(tree, programs):
    add(tree)
    (program,) = programs.read()

    assert program.identity.subject == "7:1000"
    assert (program.read_bytes, program.written_bytes) == (5, 6)
    assert program.image.libraries == "cuda"
    assert program.image.preload == ""
    assert program.image.file.place == "system"


def test_the_file_of_a_copied_proc_is_not_looked_at(tree, programs):
    """Its links lead to this machine's files, not to that node's."""
    add(tree)
    (program,) = programs.read()

    assert (program.image.file.changed, program.image.file.writable) == (None, None)


@pytest.mark.parametrize(
    ("file", "word"), [("maps", "libraries"), ("environ", "preload"), ("cmdline", "disguise")]
)
def test_what_cannot_be_read_is_none_and_counted(tree, programs, tally, file, word):
    add(tree)
    (tree.proc / "7" / file).unlink()
    (tree.proc / "7" / file).mkdir()
    (program,) = programs.read()

    assert getattr(program.image, word) is None
    assert file in [call.call for call, _, _ in tally.rows() if call.sensor == "program"]


def test_counters_that_cannot_be_read_are_no_zero(tree, programs, tally):
    add(tree)
    (tree.proc / "7/io").write_text("nothing")
    (program,) = programs.read()

    assert math.isnan(program.read_bytes)
    assert ("program", "io", "malformed") in [tuple(call) for call, _, _ in tally.rows()]


def test_a_kernel_thread_has_no_file(tree, programs):
    add(tree, name="kworker/0:1", flags=KERNEL_THREAD)
    (program,) = programs.read()

    assert program.image.file is None
    assert program.image.disguise is None


def test_a_pid_that_is_used_again_is_another_program(tree, programs):
    add(tree)
    programs.read()
    tree.stat(7, start=2000)

    assert again(programs) == []


@pytest.mark.parametrize(
    ("link", "shown", "word"),
    [
        ("/opt/tool", "/opt/tool", ""),
        ("/opt/tool (deleted)", "/opt/tool (deleted)", ""),
        ("/memfd:x (deleted)", "/memfd:x (deleted)", ""),
        ("/opt/a\nb", "/opt/a\\012b", ""),
        ("/usr/bin/dd", "/usr/lib/libc.so.6", "replaced"),
        ("/usr/bin/dd", "/usr/bin/dd.old", "replaced"),
    ],
)
def test_a_program_of_whose_file_nothing_is_mapped_was_replaced(tree, programs, link, shown, word):
    add(tree, name="tool", argv="tool\0" if "tool" in link else "dd\0")
    (tree.proc / "7/exe").unlink()
    (tree.proc / "7/exe").symlink_to(link)
    (tree.proc / "7/maps").write_text(f"5500-5501 r-xp 00000000 fe:00 8  {shown}\n")
    (program,) = programs.read()

    assert program.image.disguise == word


def test_maps_that_are_too_long_do_not_tell_what_is_missing(tree, programs, monkeypatch, tally):
    """A thousand mappings of one file with a long path push everything else out of sight."""
    long = "1000-2000 r--p 00000000 fe:00 7  /tmp/" + "x" * 200 + "\n"
    monkeypatch.setattr("aisec_daemon.host.program.image.MAPS_BYTES", 200)
    add(tree)
    (tree.proc / "7/maps").write_text(400 * long + MAPS)
    (program,) = programs.read()

    assert (program.image.libraries, program.image.preload) == (None, None)
    assert program.image.disguise == ""
    assert [(call.call, call.code) for call, _, _ in tally.rows() if call.sensor == "program"] == [
        ("maps", "EFBIG")
    ]


def test_what_was_read_whole_once_stays_known(tree, programs, monkeypatch):
    add(tree)
    programs.read()
    monkeypatch.setattr("aisec_daemon.host.program.image.MAPS_BYTES", 10)
    (tree.proc / "7/maps").write_text("1000-2000 r--p 00000000 fe:00 7  /tmp/x\n")
    tree.stat(7, virtual=1 << 30)
    for _ in range(10):
        (program,) = again(programs)

    assert program.image.libraries == "cuda"


def test_who_ends_stays_what_it_was(tree, programs, tally):
    """Its memory goes before its GPU is free; then no maps do not mean no libraries."""
    add(tree)
    programs.read()
    tree.stat(7, flags=EXITING, code=0, arguments=0)
    (tree.proc / "7/maps").write_text("")
    (tree.proc / "7/exe").unlink()
    (program,) = again(programs)

    assert program.image.libraries == "cuda"
    assert program.image.file.place == "system"
    assert [call.call for call, _, _ in tally.rows() if call.sensor == "program"] == []


def test_of_who_ends_at_first_sight_nothing_is_told(tree, programs):
    add(tree, flags=EXITING, code=0, arguments=0)

    assert programs.read() == []


def test_no_descriptor_is_left_open(tree, gpus, programs):
    add(tree)
    for broken in ("maps", "io", "environ", "cmdline"):
        (tree.proc / "7" / broken).unlink()
    gpus.pids = (7, 8, 9)
    add(tree, 8)
    again(programs)
    before = descriptors()
    for _ in range(5):
        again(programs)

    assert descriptors() == before


def test_who_is_gone_is_forgotten(tree, programs, processes):
    add(tree)
    add(tree, 8)
    programs.read()
    tree.remove(7)
    assert again(programs) == []
    processes.scan()
    again(programs)

    assert programs._images == {}


def test_maps_are_read_again_while_more_is_mapped_and_ever_more_rarely(tree, programs, monkeypatch):
    add(tree)
    reads = []

    def turn(vsize):
        line = (tree.proc / "7/stat").read_text().split()
        line[22] = str(vsize)
        (tree.proc / "7/stat").write_text(" ".join(line) + "\n")
        before = programs._images["7:1000"].maps.count if programs._images else 0
        again(programs)
        reads.append(programs._images["7:1000"].maps.count - before)

    for number in range(20):
        turn(number)
    growing = [at for at, read in enumerate(reads) if read]
    reads.clear()
    for _ in range(20):
        turn(19)

    assert growing == [0, 1, 3, 7, 13, 19]
    assert sum(reads) == 0


def test_a_turn_reads_no_more_maps_than_it_may_and_then_the_others(
    tree, gpus, programs, monkeypatch
):
    monkeypatch.setattr("aisec_daemon.host.program.programs._TURN_BYTES", 2 * len(MAPS))
    gpus.pids = range(10, 16)
    for pid in gpus.pids:
        add(tree, pid)

    known = [sum(p.image.libraries is not None for p in again(programs)) for _ in range(4)]
    assert known == [2, 4, 6, 6]


@pytest.mark.parametrize("driver", [True, False])
def test_nobody_tells_is_an_error_where_there_is_a_driver(
    tree, gpus, programs, monkeypatch, driver
):
    """NVML does not answer, and a process's open files may not be listed."""
    add(tree)
    if driver:
        (tree.proc / "driver/nvidia").mkdir(parents=True)
        (tree.proc / "driver/nvidia/version").write_text("580")

    def fail():
        raise UnreadableError("nvml", "no library")

    def refuse(folder):
        raise PermissionError(13, "Permission denied")

    gpus.read = fail
    assert again(programs) == []
    monkeypatch.setattr("aisec_daemon.host.program.holders.read_links", refuse)
    programs._holders._seen.clear()
    if driver:
        with pytest.raises(UnreadableError, match="no library"):
            again(programs)
    else:
        assert again(programs) == []


def test_a_file_that_is_read_is_paid_from_the_same_budget(tree, gpus, programs, monkeypatch):
    """Programs that say python, and map nothing of it, one large file each."""
    monkeypatch.setattr("aisec_daemon.host.program.programs._TURN_BYTES", 1000)
    monkeypatch.setattr("aisec_daemon.host.program.programs.is_procfs", lambda _: True)
    gpus.pids = range(10, 16)
    file = tree.root / "large"
    file.write_bytes(bytes(1 << 20))
    for pid in gpus.pids:
        add(tree, pid)
        (tree.proc / f"{pid}/exe").unlink()
        (tree.proc / f"{pid}/exe").symlink_to(file)

    known = [sum(p.image.disguise is not None for p in again(programs)) for _ in range(6)]
    assert known == [1, 2, 3, 4, 5, 6]
    assert {p.image.disguise for p in again(programs)} == {"interpreter"}
