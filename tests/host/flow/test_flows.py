"""What AI workloads read, write and talk to."""

from __future__ import annotations

import math
from pathlib import Path

import pytest

from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.flow import files as module
from tests.host.proc.tree import descriptors
from tests.host.workload.node import loaded

TORCH = loaded("/opt/libtorch.so")
HUB = "/home/bob/.cache/huggingface/hub"
MOUNTS = (
    "1 0 0:70 / / rw - overlay overlay rw,upperdir=/x\n"
    "2 1 0:80 / /data rw - nfs4 nas.corp:/export/data rw\n"
    "3 1 0:81 / /bucket rw - fuse.s3fs s3fs rw,passwd_file=/secret\n"
)
READ, WRITE, BOTH = "0100000", "0100001", "0100002"


@pytest.fixture
def flows(node):
    """Return what is told of all flows at a time: rows by their text."""

    def read(now=1.0, **more):
        node.again()
        return {row.text: row for row in node.host.flows.read(now, **more)}

    return read


def open_files(folder, *files):
    """Have a process hold files open: (path, flags)."""
    for number, (path, flags) in enumerate(files):
        (folder / f"fd/{number}").symlink_to(path)
        (folder / f"fdinfo/{number}").write_text(f"pos:\t0\nflags:\t{flags}\nmnt_id:\t1\n")


def test_files_are_told_with_their_direction_and_what_they_lie_on(node, flows):
    folder = node.add(7, TORCH)
    (folder / "mountinfo").write_text(MOUNTS)
    open_files(
        folder,
        ("/data/train.parquet", READ),
        ("/app/out/checkpoint-500/model.safetensors", WRITE),
        ("/bucket/x.jsonl", BOTH),
        ("/data/readme.rst", READ),
        ("/data/notes.md", READ),
        ("socket:[77]", BOTH),
    )
    told = {
        text: (row.target.kind, row.direction, row.target.storage) for text, row in flows().items()
    }

    assert told == {
        "/data/train.parquet": ("dataset", "read", ("nas.corp:/export/data", "nfs4", "network")),
        "/app/out/checkpoint-*/model.safetensors": (
            *("model", "write", ("overlay", "overlay", "container")),
        ),
        "/bucket/x.jsonl": ("dataset", "both", ("s3fs", "fuse.s3fs", "fuse")),
    }


def test_many_files_are_one_row_of_their_folder_and_ending(node, flows):
    folder = node.add(7, TORCH)
    other = node.add(8, TORCH)
    open_files(folder, *((f"/d/{at}.parquet", READ) for at in range(40)))
    open_files(other, *((f"/d/{at}.parquet", READ) for at in range(30, 50)))
    (row,) = flows().values()

    assert (row.text, row.files, row.direction) == ("/d/*.parquet", 50.0, "read")


def test_a_cache_of_a_hub_is_one_row(node, flows):
    folder = node.add(7, TORCH)
    blobs = [f"{HUB}/models--org--name/blobs/{at:064x}" for at in range(5)]
    open_files(folder, *((path, READ) for path in blobs))
    (row,) = flows().values()

    assert (row.text, row.target.kind, row.files) == (f"{HUB}/models--org--name", "model", 5.0)


def test_mapped_files_count_too(node, flows):
    node.add(7, TORCH + loaded("/m/a.safetensors", "/m/a.safetensors", rights="r--s"))
    (row,) = flows().values()

    assert (row.text, row.direction, row.size) == ("/m/a.safetensors", "read", 8192.0)


def test_what_was_seen_stays_while_the_workload_lives(node, flows):
    folder = node.add(7, TORCH)
    open_files(folder, ("/d/a.csv", READ))
    flows(1.0)
    (folder / "fd/0").unlink()
    (row,) = flows(2.0).values()
    assert (row.first, row.last, row.files) == (1.0, 1.0, 0.0)
    assert math.isnan(row.size)
    node.tree.remove(7)
    node.add(8)

    assert flows(3.0) == {}
    assert node.host.flows._seen == {}


def test_files_without_end_are_bounded_and_counted(node, flows, monkeypatch):
    monkeypatch.setattr(module, "_LINKS_MAX", 300)
    folder = node.add(7, TORCH)
    open_files(folder, *((f"/d{at}/x.csv", READ) for at in range(500)))
    told = flows()
    (row, *_) = told.values()

    assert len(told) == 64
    assert row.left_out == 300 - 64
    assert math.isnan(row.unread)  # a folder that is no procfs tells no number of files


def test_a_turn_follows_so_many_links_and_another_begins_elsewhere(node, flows, monkeypatch):
    monkeypatch.setattr(module, "_TURN_LINKS", 40)
    for pid in range(10, 14):
        open_files(node.add(pid, TORCH), *((f"/d/{pid}-{at}.csv", READ) for at in range(30)))
    seen = []
    for now in range(8):
        flows(float(now))
        ((_, flow),) = next(iter(node.host.flows._seen.values())).flows.items()
        seen.append({name.partition("-")[0] for name, _ in flow.open.values()})

    assert all(len(pids) == 2 for pids in seen)
    assert set.union(*seen) == {"10", "11", "12", "13"}


def test_services_that_are_configured_are_told_by_host_only(node, flows):
    folder = node.add(7, TORCH, ("python", "x.py", "--db=postgres://u:s3cr3tpw@db.corp:5432/x"))
    (folder / "environ").write_text("HF_TOKEN=hf_s3cr3t\0PATH=/bin\0")
    told = flows()

    assert {(row.text, row.target.name, row.target.evidence) for row in told.values()} == {
        ("db.corp:5432", "", "argument"),
        ("huggingface.co", "Hugging Face Hub", "variable"),
    }
    assert "s3cr3t" not in repr(told)
    assert all(row.direction == "out" and math.isnan(row.connections) for row in told.values())


def connect(node, folder, *lines):
    """Give a process sockets of its own network namespace, as /proc/PID/net/tcp lists them."""
    rows = ["  sl  local_address rem_address   st tx_queue rx_queue tr tm->when retrnsmt   uid"]
    for inode, (local, peer, state) in enumerate(lines, 100):
        (folder / f"fd/{inode}").symlink_to(f"socket:[{inode}]")
        rows.append(f"   0: {local} {peer} {state} 00000000:00000000 00:00000000 0 0 0 {inode} 1 0")
    (folder / "net/tcp").write_text("\n".join(rows) + "\n")


def test_connections_that_go_out_are_told_with_who_is_there(node, flows):
    """Addresses are numbers of this machine: 160.79.104.10 and 10.0.0.7; one came in."""
    folder = node.add(7, TORCH)
    connect(
        node,
        folder,
        ("0500000A:9C40", "0A684FA0:01BB", "01"),
        ("0500000A:9C41", "0A684FA0:01BB", "01"),
        ("0500000A:9C42", "0700000A:0CEA", "01"),
        ("00000000:1F40", "00000000:0000", "0A"),
        ("0500000A:1F40", "09090909:C350", "01"),
    )
    told = {
        text: (row.target.name, row.target.scope, row.target.evidence, row.connections)
        for text, row in flows().items()
    }

    assert told == {
        "Anthropic API:443": ("Anthropic API", "public", "address range", 2.0),
        "10.0.0.7:3306": ("", "private", "connection", 1.0),
    }


def test_names_are_resolved_only_if_that_is_wanted(node, flows, monkeypatch):
    folder = node.add(7, TORCH, ("python", "--url=https://gateway.corp:8443/v1"))
    connect(node, folder, ("0500000A:9C42", "0700000A:0CEA", "01"))
    asked = []

    def names(hosts):
        asked.extend(hosts)
        return {"10.0.0.7": "gateway.corp"}

    monkeypatch.setattr(node.host.flows._resolver, "names", names)
    assert "10.0.0.7:3306" in flows(1.0)
    assert asked == []
    assert flows(2.0, resolve=True)["gateway.corp:3306"].target.evidence == "resolved"
    assert "gateway.corp" in asked
    assert "api.openai.com" in asked


def test_open_files_that_may_not_be_read_are_counted_and_if_all_are_an_error(
    node, flows, monkeypatch
):
    node.add(7, TORCH)
    open_files(node.add(8, TORCH), ("/d/a.csv", READ))
    real, refused = module.read_opened, {7}

    def refuse(folder, limit, **more):
        if int(Path(f"/proc/self/fd/{folder}").readlink().name) in refused:
            raise PermissionError(13, "Permission denied")
        return real(folder, limit, **more)

    monkeypatch.setattr(module, "read_opened", refuse)
    assert list(flows()) == ["/d/a.csv"]
    assert ("flow", "fd", "EACCES") in [tuple(call) for call, _, _ in node.tally.rows()]
    refused.add(8)
    with pytest.raises(UnreadableError, match="open files of 2 processes"):
        flows()


def test_hostile_names_are_made_visible(node, flows):
    folder = node.add(7, TORCH)
    open_files(folder, ("/d/a\nb\x1b[31m\u202e.csv", READ))
    (text,) = flows()

    assert text == "/d/a\\x0ab\\x1b[31m\\u202e.csv"


def test_no_descriptor_is_left_open_and_no_subject_is_told_twice(node, flows):
    for pid in range(10, 20):
        folder = node.add(pid, TORCH)
        open_files(folder, ("/d/a.csv", READ), ("/d/a.csv", WRITE), ("/m/a.pt", READ))
    (node.tree.proc / "12/fdinfo/0").unlink()
    flows(1.0)
    before = descriptors()
    told = flows(2.0)

    assert descriptors() == before
    assert len({row.subject for row in told.values()}) == len(told) == 2
    assert told["/d/a.csv"].direction == "both"
