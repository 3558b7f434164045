"""Files come in bounded pieces, and damage to gzip costs no more than it must."""

from __future__ import annotations

import gzip
import random
import zlib

from hypothesis import given, settings
from hypothesis import strategies as st

from aisec_daemon.app.traces.blocks import blocks

TEXT = "".join(f"{n} {n * 7919 % 10_007}\n" for n in range(100_000)).encode()


def read(folder, content: bytes) -> tuple[bytes, list[str]]:
    file = folder / "file"
    file.write_bytes(content)
    damage: list[str] = []
    return b"".join(blocks(file, damage.append)), damage


def test_plain_and_gzip_and_several_members_read_alike(tmp_path):
    half = len(TEXT) // 2
    members = gzip.compress(TEXT[:half]) + gzip.compress(TEXT[half:])

    for content in (TEXT, gzip.compress(TEXT), members, members + b"\0" * 512):
        assert read(tmp_path, content) == (TEXT, [])


def test_what_was_written_before_a_cut_is_kept(tmp_path):
    packed = gzip.compress(TEXT)
    found, damage = read(tmp_path, packed[: len(packed) * 9 // 10])

    assert len(found) > len(TEXT) * 0.85
    assert TEXT.startswith(found)
    assert damage == ["cut-off gzip data"]


def test_the_member_after_a_cut_one_is_found(tmp_path):
    for size in (1000, 100_000):
        packed = gzip.compress(TEXT)[:size]
        found, damage = read(tmp_path, packed + gzip.compress(b"the next\n" * 9))

        assert found.endswith(b"the next\n" * 9)
        assert len(damage) == 1


def test_a_small_file_that_would_become_a_huge_one_comes_piece_by_piece(tmp_path):
    file = tmp_path / "bomb"
    packer = zlib.compressobj(9, wbits=31)
    file.write_bytes(
        b"".join([*(packer.compress(bytes(1 << 20)) for _ in range(64)), packer.flush()])
    )
    sizes = [len(piece) for piece in blocks(file, print)]

    assert sum(sizes) == 64 << 20
    assert max(sizes) <= 1 << 20


@settings(max_examples=60)
@given(seed=st.integers(0, 10**6), hits=st.integers(1, 20))
def test_any_damage_is_survived(tmp_path_factory, seed, hits):
    dice = random.Random(seed)
    packed = bytearray(gzip.compress(TEXT[:50_000]) * 3)
    for _ in range(hits):
        packed[dice.randrange(len(packed))] = dice.randrange(256)
    read(tmp_path_factory.mktemp("damaged"), bytes(packed))
