"""Which files hold models or data."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.workload.formats import Mapped, mapped_data, recognise

HUB = "/home/bob/.cache/huggingface/hub"


@pytest.mark.parametrize(
    ("path", "kind", "ending", "if_large"),
    [
        ("/m/model-00001-of-00030.safetensors", "model", "safetensors", False),
        ("/m/LLAMA.GGUF", "model", "gguf", False),
        ("/m/checkpoint-7/pytorch_model.bin", "model", "bin", True),
        ("/d/train-0001.parquet", "dataset", "parquet", False),
        ("/d/a.jsonl", "dataset", "jsonl", False),
        ("/d/shard.tar", "dataset", "tar", True),
    ],
)
def test_endings(path, kind, ending, if_large):
    found = recognise(path.encode())

    assert (found.kind, found.ending, found.if_large) == (kind, ending, if_large)


@pytest.mark.parametrize(
    "path",
    [
        *(
            "/usr/lib/x.bin",
            "/etc/x.json",
            "/v/lib/python3.11/site-packages/torch/x.pt",
            "/proc/7/x",
        ),
        *("/home/a/x.py", "/home/a/safetensors", "/home/a.pt/x", "/dev/shm/torch_1", ""),
    ],
)
def test_what_comes_with_programs_or_has_no_ending_is_none(path):
    assert recognise(path.encode()) is None


def test_a_cache_that_names_files_by_hashes_is_known_by_its_folder():
    model = recognise(f"{HUB}/models--meta-llama--Llama-3/blobs/{'a' * 64}".encode())
    data = recognise(f"{HUB}/datasets--squad/snapshots/{'b' * 40}/x.parquet".encode())
    ollama = recognise(f"/usr/share/ollama/.ollama/models/blobs/sha256-{'c' * 64}".encode())

    assert (model.kind, model.folder) == ("model", f"{HUB}/models--meta-llama--Llama-3".encode())
    assert (data.kind, data.folder) == ("dataset", f"{HUB}/datasets--squad".encode())
    assert ollama.folder == b"/usr/share/ollama/.ollama/models/blobs"


def test_mapped_files_are_told_with_their_extent_and_whether_they_are_written():
    maps = (
        b"7f00-8f00 r--s 00000000 00:2f 9    /models/a b.safetensors\n"
        b"8f00-9f00 r--s 00000000 00:2f 9    /models/a b.safetensors\n"
        b"9f00-af00 rw-s 00000000 00:2f 9    /data/x.npy (deleted)\n"
        b"af00-bf00 rw-p 00000000 00:2f 9    /data/private.npy\n"
        b"bf00-cf00 r--s 00000000 fe:00 9    /m/models/blobs/sha256-" + b"c" * 64 + b"\n"
        b"bf00-cf00 r-xp 00000000 00:2f 9    /usr/lib/libc.so.6\n"
    )

    assert mapped_data(maps) == (
        Mapped(b"/models/a b.safetensors", 0x2000, writes=False),
        Mapped(b"/data/x.npy", 0x1000, writes=True),
        Mapped(b"/data/private.npy", 0x1000, writes=False),
        Mapped(b"/m/models/blobs/sha256-" + b"c" * 64, 0x1000, writes=False),
    )


@given(st.binary(max_size=300))
def test_any_text_is_survived(text):
    recognise(text)
    mapped_data(text)
