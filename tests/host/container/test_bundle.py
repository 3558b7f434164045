"""What runtimes wrote, and what somebody wrote in their place."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.container.bundle import (
    Stored,
    parse_bundle,
    parse_record,
    parse_store,
)
from tests.host.container.files import CRI, ID, IMAGE, RECORDED, recorded

PARSERS = (parse_bundle, lambda text: parse_record(text, ID), parse_store)
every_parser = pytest.mark.parametrize("parse", PARSERS, ids=["bundle", "record", "store"])


def raw(name):
    return (RECORDED / f"{name}.json").read_bytes()


def test_containerds_bundle():
    bundle = parse_bundle(raw("containerd"))

    assert bundle.group.startswith("/kubepods/burstable/pod")
    assert (bundle.of_containerd, bundle.of_crio) == (IMAGE, "")


def test_a_sandbox_has_no_image_whatever_a_pod_says_of_it():
    """Recorded with the annotation on the pod, which containerd has not let through."""
    sandbox = recorded("containerd-sandbox")
    assert CRI not in sandbox["annotations"]
    assert parse_bundle(json.dumps(sandbox).encode()).of_containerd == ""

    sandbox["annotations"][CRI] = "evil"  # as with pod_annotations = ["*"]
    assert parse_bundle(json.dumps(sandbox).encode()).of_containerd == ""


def test_dockers_bundle_and_record():
    name = recorded("docker-record")["ID"]

    assert parse_bundle(raw("docker")).group == f"/docker/{name}"
    assert parse_record(raw("docker-record"), name) == IMAGE
    with pytest.raises(ValueError, match="another"):
        parse_record(raw("docker-record"), ID)


def test_podmans_bundle_and_list():
    (entry,) = recorded("podman-list")

    assert parse_bundle(raw("podman")).group == f"/libpod_parent/libpod-{entry['id']}"
    assert parse_store(raw("podman-list")) == {entry["id"]: Stored(IMAGE, crio=False)}


def test_a_list_is_read_although_some_of_it_is_none():
    good = {"id": ID, "metadata": json.dumps({"image-name": "x", "pod-id": "y"})}
    odd = [
        *(1, None, [], {}, {"id": 1}, {"id": "a"}, {"id": "b", "metadata": "{"}),
        {"id": "c", "metadata": "[]"},
        {"id": "d", "metadata": '{"image-name": 3}'},
    ]

    assert parse_store(json.dumps([*odd, good]).encode()) == {ID: Stored("x", crio=True)}


@pytest.mark.parametrize("annotations", [None, {}, {CRI: 3}, {CRI: ""}, {"other": "x"}])
def test_a_bundle_without_the_word_has_none(annotations):
    text = json.dumps({"annotations": annotations, "linux": {"cgroupsPath": 7}}).encode()

    bundle = parse_bundle(text)

    assert (bundle.group, bundle.of_containerd, bundle.of_crio) == ("", "", "")


@every_parser
@pytest.mark.parametrize(
    "text",
    [
        b"",
        b"\0",
        b"{",
        b"3",
        b'"x"',
        b"[" * 200_000,
        b'{"a":' * 100_000,
        b'{"linux": [1], "ID": [], "Config": []}',
        b'{"annotations": {"a": "\\ud800"}}',
        b"\xff\xfe",
    ],
    ids=range(10),
)
def test_what_is_none_is_a_value_error(parse, text):
    with pytest.raises(ValueError):  # noqa: PT011 - whatever the library says of it
        parse(text)


@every_parser
@given(
    text=st.binary(max_size=200)
    | st.recursive(
        st.none() | st.integers() | st.text(max_size=5),
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(
                    ["linux", "annotations", "cgroupsPath", "ID", "Config", "Image", "id"]
                ),
                inner,
            )
        ),
    ).map(lambda value: json.dumps(value).encode())
)
def test_any_text_is_parsed_or_refused(parse, text):
    try:
        parse(text)
    except ValueError:
        return
