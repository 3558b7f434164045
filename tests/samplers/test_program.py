"""Table `program`, with true processes of this machine."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import time
from contextlib import closing, contextmanager
from pathlib import Path
from types import SimpleNamespace

import pytest

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.proc.processes import Processes
from aisec_daemon.host.program.programs import Programs
from aisec_daemon.host.tally import Tally
from aisec_daemon.samplers.program import Program


class Gpus:
    """Stands for NVML: a GPU with the processes that the test names."""

    def __init__(self) -> None:
        self.pids: list[int] = []

    def read(self):
        processes = [SimpleNamespace(pid=pid) for pid in self.pids]
        return SimpleNamespace(gpus=[SimpleNamespace(processes=processes)])


@pytest.fixture
def read():
    """Read the row of one process as the sampler does; None if it has none."""
    with closing(Processes(Path("/"), Tally(), b"k" * 16, connector=False)) as processes:
        gpus = Gpus()
        host = SimpleNamespace(programs=Programs(Path("/"), gpus, processes, Tally()))

        def read(pid, time=2e9, listed=True):
            gpus.pids = [pid] if listed else []
            host.programs._members_at = -1e9
            snapshot = Program().read(host, time)
            for at, process in enumerate(snapshot.labels["process"]):
                if process.startswith(f"{pid}:"):
                    words = {name: column[at] for name, column in snapshot.labels.items()}
                    numbers = zip(snapshot.table.column_names, snapshot.values[at], strict=True)
                    return words | dict(numbers)
            return None

        yield read


def test_a_true_python_has_nothing_to_hide(read):
    row = read(os.getpid(), Path(sys.executable).stat().st_ctime + 500)

    assert "python" in row["libraries"].split()
    assert (row["disguise"], row["preload"], row["executable_writable"]) == ("", "", "")
    assert row["executable_place"] in ("system", "home")  # wherever this Python was put
    assert row["executable_age_seconds"] == pytest.approx(500, abs=1)
    assert row["read_bytes"] > 0


@contextmanager
def running(program, *arguments, name="", **more):
    """Run a copy of sleep under the name that is given for argv[0]; yield its pid."""
    command = ["bash", "-c", f'exec -a "$0" {program} "$@"', name or str(program), *arguments]
    with subprocess.Popen(command, **more) as process:
        deadline = time.monotonic() + 10
        while not Path(f"/proc/{process.pid}/cmdline").read_bytes().startswith(command[3].encode()):
            assert time.monotonic() < deadline
        try:
            yield process.pid
        finally:
            process.kill()


def sleep_copy(path):
    path.parent.mkdir(parents=True, exist_ok=True)
    return Path(shutil.copy("/bin/sleep", path))


def test_a_sleep_that_calls_itself_a_kernel_thread_is_told(read, tmp_path):
    with running(sleep_copy(tmp_path / "sleep"), "60", name="[kworker/u8:1]") as pid:
        row = read(pid)

    assert row["disguise"] == "kernel_thread"
    assert row["executable_place"] == "temporary"


REPLACED = r"""
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

struct range { unsigned long begin, end; } *ranges;

__attribute__((noinline, section("alone"))) static void stay(struct range *each)
{
    for (; each->end; each++) {
        long munmap = 11, size = each->end - each->begin;
        __asm__ volatile("syscall" : "+a"(munmap) : "D"(each->begin), "S"(size)
                         : "rcx", "r11", "memory");
    }
    for (;;) {
        long pause = 34;
        __asm__ volatile("syscall" : "+a"(pause) : : "rcx", "r11", "memory");
    }
}

int main(int count, char **words)
{
    char line[4096];
    FILE *maps = fopen("/proc/self/maps", "r");
    int rights = PROT_READ | PROT_WRITE | PROT_EXEC, kind = MAP_PRIVATE | MAP_ANONYMOUS;
    char *page = mmap(0, 8192, rights, kind, -1, 0);
    struct range *next = ranges = (struct range *)(page + 4096);
    while (fgets(line, sizeof line, maps))
        if (strstr(line, words[1]))
            sscanf(line, "%lx-%lx", &next->begin, &next->end), next++;
    memcpy(page, (void *)stay, 512);
    puts("runs");
    fflush(stdout);
    ((void (*)(struct range *))page)(ranges);
}
"""


@pytest.mark.system
@pytest.mark.skipif(os.uname().machine != "x86_64", reason="it is written for this processor")
def test_a_program_that_was_loaded_in_anothers_place_is_told(read, tmp_path):
    """As DDexec and userland exec do: the kernel still names the file that was started."""
    (tmp_path / "tool.c").write_text(REPLACED)
    tool = tmp_path / "tool"
    subprocess.run(["gcc", "-O1", "-o", tool, tmp_path / "tool.c"], check=True, timeout=60)
    with subprocess.Popen([tool, tool], stdout=subprocess.PIPE) as process:
        try:
            process.stdout.readline()
            deadline = time.monotonic() + 10
            while f" {tool}" in Path(f"/proc/{process.pid}/maps").read_text():
                assert time.monotonic() < deadline
            row = read(process.pid)
            assert Path(f"/proc/{process.pid}/exe").readlink() == tool
        finally:
            process.kill()

    assert row["disguise"] == "replaced"


def test_a_sleep_called_python_is_no_interpreter(read, tmp_path):
    with running(sleep_copy(tmp_path / ".x/python3"), "60") as pid:
        row = read(pid)

    assert row["disguise"] == "interpreter"
    assert row["executable_place"] == "hidden"


def test_a_copy_of_a_true_python_is_an_interpreter(read, tmp_path):
    """Even where it maps nothing but the C library, its file tells."""
    python = Path(shutil.copy(Path("/proc/self/exe").readlink(), tmp_path / "python3"))
    with running(python, "-I", "-S", "-c", "import time; time.sleep(60)") as pid:
        row = read(pid)

    assert row["disguise"] == ""


def test_a_sleep_that_calls_itself_a_web_server_is_told(read, tmp_path):
    with running(sleep_copy(tmp_path / "m"), "60", name="nginx: worker process") as pid:
        row = read(pid)

    assert row["disguise"] == "name"


def test_a_program_that_is_started_by_a_link_is_honest(read, tmp_path):
    """As with alternatives: it is called like the link, and its file is another."""
    program = sleep_copy(tmp_path / "bin/sleep")
    (tmp_path / "bin/launch").symlink_to(program)
    with running(tmp_path / "bin/launch", "60") as pid:
        row = read(pid)
        assert Path(f"/proc/{pid}/comm").read_text() == "launch\n"

    assert row["disguise"] == ""


def test_a_link_in_a_place_of_ones_own_makes_no_web_server(read, tmp_path):
    program = sleep_copy(tmp_path / "bin/m")
    (tmp_path / "bin/nginx").symlink_to(program)
    with running(tmp_path / "bin/nginx", "60") as pid:
        row = read(pid)

    assert row["disguise"] == "name"


def test_a_file_in_memory_is_told(read):
    descriptor = os.memfd_create("x")
    os.write(descriptor, Path("/bin/sleep").read_bytes())
    with running(f"/proc/self/fd/{descriptor}", "60", pass_fds=[descriptor]) as pid:
        row = read(pid)
    os.close(descriptor)

    assert row["executable_place"] == "memory"


def test_a_deleted_file_is_told_and_its_age_too(read, tmp_path):
    program = sleep_copy(tmp_path / "a")
    with running(program, "60") as pid:
        program.unlink()
        row = read(pid, time.time() + 1000)

    assert row["executable_place"] == "deleted"
    assert row["executable_age_seconds"] == pytest.approx(1000, abs=30)


def test_a_file_that_is_really_called_deleted_is_not(read, tmp_path):
    program = sleep_copy(tmp_path / "a (deleted)")
    with running(f"'{program}'", "60", name="a") as pid:
        row = read(pid)

    assert row["executable_place"] == "temporary"


@pytest.mark.parametrize(
    ("file", "folder", "told"),
    [(0o755, 0o755, ""), (0o757, 0o755, "others"), (0o755, 0o777, "others"), (0o755, 0o1777, "")],
)
def test_what_anyone_may_write_is_told(read, tmp_path, file, folder, told):
    program = sleep_copy(tmp_path / "d/a")
    program.chmod(file)
    program.parent.chmod(folder)
    with running(program, "60") as pid:
        row = read(pid)

    assert row["executable_writable"] == told


def test_a_preloaded_library_is_told(read, tmp_path):
    library = shutil.copy(next(Path("/usr/lib").glob("*/libdl.so.2")), tmp_path / "libhide.so")
    environment = {**os.environ, "LD_PRELOAD": str(library), "SECRET": "hunter2"}
    with running("/bin/sleep", "60", env=environment) as pid:
        row = read(pid)

    assert row["preload"] == str(library)
    assert "hunter2" not in str(row)


def test_an_exec_makes_everything_new(read, tmp_path):
    """The same pid and start time, another program."""
    program = sleep_copy(tmp_path / "python3")
    script = f"read _; exec {program} 60"
    with subprocess.Popen(["bash", "-c", script], stdin=subprocess.PIPE) as process:
        before = read(process.pid)
        process.stdin.write(b"\n")
        process.stdin.flush()
        deadline = time.monotonic() + 10
        while Path(f"/proc/{process.pid}/exe").readlink() != program:
            assert time.monotonic() < deadline
        after = read(process.pid)
        process.kill()

    assert (before["disguise"], before["executable_place"]) == ("", "system")
    assert (after["disguise"], after["executable_place"]) == ("interpreter", "temporary")
    assert before["process"] == after["process"]


def test_a_library_that_is_mapped_later_is_found(read, tmp_path):
    library = tmp_path / "libtorch_cuda.so"
    library.write_bytes(bytes(1 << 20))
    script = (
        "import mmap,sys; input(); f=open(sys.argv[1],'rb');"
        "m=mmap.mmap(f.fileno(), 0, prot=mmap.PROT_READ); print(flush=True); input()"
    )
    with subprocess.Popen(
        [sys.executable, "-c", script, library], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as process:
        before = read(process.pid)
        process.stdin.write(b"\n")
        process.stdin.flush()
        process.stdout.readline()
        after = [read(process.pid)["libraries"] for _ in range(3)][-1]
        process.kill()

    assert "torch" not in before["libraries"].split()
    assert "torch" in after.split()


def test_who_holds_a_node_of_the_driver_has_a_row(read, monkeypatch):
    """Though NVML does not list it: here a pipe stands for the node."""
    ends = os.pipe()
    mine = os.fsencode(Path(f"/proc/self/fd/{ends[0]}").readlink())
    monkeypatch.setattr("aisec_daemon.host.proc.descriptors._GPU_NODE", mine)
    row = read(os.getpid(), listed=False)
    for end in ends:
        os.close(end)

    assert row is not None
    # At the latest once its files are read though it has as many as before: others open some, too.
    assert any(read(os.getpid(), listed=False) is None for _ in range(100))


def test_nobody_tells_is_no_empty_table(monkeypatch, read):
    """Neither NVML nor the open files of processes."""

    def refuse(*_):
        raise PermissionError(13, "Permission denied")

    def fail(_):
        raise UnreadableError("nvml", "no library")

    monkeypatch.setattr(Gpus, "read", fail)
    monkeypatch.setattr("aisec_daemon.host.program.programs.has_driver", lambda _: True)
    monkeypatch.setattr("aisec_daemon.host.program.holders.read_links", refuse)
    with pytest.raises(UnreadableError, match="no library"):
        read(os.getpid())
