"""Outputs of all sources, by model."""

from __future__ import annotations

import socket

import pytest

from aisec_daemon.host.outputs.reader import MODELS_MOST, VALUES_MOST, OutputReader


@pytest.fixture
def file(tmp_path):
    path = tmp_path / "outputs.log"
    path.write_text("")
    return path


@pytest.fixture
def reader(file):
    reader = OutputReader({"fraud": file}, "127.0.0.1:0")
    reader.read()
    yield reader
    reader.close()


def test_a_line_belongs_to_the_files_model_or_to_the_one_it_names(file, reader):
    file.write_text("0.5\nspam\tyes\n\n0.25, 0.5\n")
    found = reader.read()

    assert found["fraud"].values == ("0.5", "0.25,0.5")
    assert found["spam"].values == ("yes",)
    assert reader.refused == 0


def test_the_intake_needs_the_name_of_a_model(reader):
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"m\t1\n2\n", ("127.0.0.1", reader._intake.port))

    assert reader.read()["m"].values == ("1",)
    assert reader.refused == 1


def test_what_is_too_much_is_counted_and_not_taken(file, reader):
    file.write_text("1\n" * (VALUES_MOST + 5) + "x" * 2000 + "\n")
    found = reader.read()["fraud"]

    assert (len(found.values), found.left_out) == (VALUES_MOST, 5)
    assert reader.refused == 1


def test_models_are_bounded(file, reader):
    file.write_text("".join(f"m{at}\t1\n" for at in range(MODELS_MOST + 10)))

    assert len(reader.read()) == MODELS_MOST
    assert reader.refused == 11  # the file's own model is one of them


def test_hostile_text_is_made_visible(file, reader):
    file.write_bytes(b"m\x1b[31m\tv\x07\xff\n")
    (_, name) = reader.read()

    assert name == "m\\x1b[31m"
    assert all(value.isprintable() for value in reader.read().get(name, ((),))[0])


def test_a_file_that_is_gone_says_so_in_its_row_and_stops_no_other(file, reader):
    file.unlink()
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sender:
        sender.sendto(b"m\t1", ("127.0.0.1", reader._intake.port))
    found = reader.read()

    assert "cannot be followed" in found["fraud"].error
    assert found["m"].values == ("1",)
