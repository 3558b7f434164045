"""The bill of materials follows the published schema, whatever text is in it."""

from __future__ import annotations

import json

import pytest
from cyclonedx.schema import SchemaVersion
from cyclonedx.validation.json import JsonStrictValidator
from hypothesis import given, settings
from hypothesis import strategies as st

from aisec_daemon.app import catalogue
from aisec_daemon.app.inventory.ml_bom import ml_bom
from aisec_daemon.model import Snapshot

TABLES = catalogue.tables()
VALID = JsonStrictValidator(SchemaVersion.V1_6)
ASSETS = {
    "a1": {
        "asset": "a1",
        "script": "/srv/serve.py",
        "frameworks": "torch 2.4.1, vllm 0.6.3, cuda",
        "user": "bob",
        "image": "registry.example/serve:7",
        "executable_hash": "ab" * 32,
    },
    "a2": {"asset": "a2", "service": "ollama", "frameworks": "", "user": None},
}
FLOWS = {
    "f1": {"asset": "a1", "kind": "model", "target": "/m/llama.safetensors", "mount": "nfs:/m"},
    "f2": {"asset": "a1", "kind": "dataset", "target": "/d/train", "format": "parquet"},
    "f3": {
        "asset": "a1",
        "kind": "service",
        "target": "160.79.104.10:443",
        "scope": "public",
        "name": "Anthropic API",
    },
}
LISTENERS = {
    "l1": {
        "asset": "a2",
        "address": "::",
        "port": "11434",
        "service": "ollama",
        "version": "0.5.1",
        "authentication": "open",
        "scope": "public",
    }
}


def made(**tables) -> dict:
    snapshots = {
        name: Snapshot.from_rows(TABLES[name], 1.8e9, {s: ({}, w) for s, w in rows.items()})
        for name, rows in tables.items()
    }
    text = ml_bom(snapshots, "node-7", "1.2.3")
    wrong = VALID.validate_str(text)
    assert wrong is None, wrong
    return json.loads(text)


@pytest.fixture(scope="module")
def bill() -> dict:
    return made(asset=ASSETS, flow=FLOWS, listener=LISTENERS)


def test_assets_frameworks_models_and_data_are_components(bill):
    found = {each["bom-ref"]: each for each in bill["components"]}
    kinds = {ref: each["type"] for ref, each in found.items()}

    assert kinds == {
        "asset/a1": "application",
        "asset/a2": "application",
        "framework/torch@2.4.1": "framework",
        "framework/vllm@0.6.3": "framework",
        "framework/cuda@unknown": "framework",
        "model//m/llama.safetensors": "machine-learning-model",
        "dataset//d/train": "data",
    }
    assert found["framework/torch@2.4.1"]["purl"] == "pkg:pypi/torch@2.4.1"
    assert "version" not in found["framework/cuda@unknown"]
    assert found["asset/a1"]["hashes"] == [{"alg": "SHA-256", "content": "ab" * 32}]
    assert {"name": "aisec:user", "value": "bob"} in found["asset/a1"]["properties"]
    image = {"name": "aisec:image", "value": "registry.example/serve:7"}
    assert image in found["asset/a1"]["properties"]
    assert "properties" not in found["asset/a2"]


def test_who_needs_which_is_told(bill):
    needs = {each["ref"]: set(each.get("dependsOn", ())) for each in bill["dependencies"]}

    assert needs["asset/a1"] == {
        *("framework/torch@2.4.1", "framework/vllm@0.6.3", "framework/cuda@unknown"),
        *("model//m/llama.safetensors", "dataset//d/train", "service/160.79.104.10:443"),
    }


def test_services_inside_and_outside_and_who_may_is_told_only_where_it_was_measured(bill):
    services = {each["name"]: each for each in bill["services"]}

    assert {"name": "aisec:address", "value": "::"} in services["ollama"]["properties"]
    assert services["Anthropic API"]["endpoints"] == ["tcp://160.79.104.10:443"]
    assert services["ollama"]["authenticated"] is False
    assert services["Anthropic API"]["x-trust-boundary"] is True
    assert "authenticated" not in services["Anthropic API"]


def test_it_says_whose_it_is_and_as_of_when(bill):
    meta = bill["metadata"]

    assert meta["timestamp"] == "2027-01-15T08:00:00+00:00"
    assert (meta["component"]["name"], meta["component"]["type"]) == ("node-7", "device")
    assert meta["tools"]["components"][0]["version"] == "1.2.3"


def test_of_a_node_without_ai_there_is_an_empty_bill():
    assert "components" not in made(asset={})


def rows_of(table: str):
    words = st.dictionaries(st.sampled_from(TABLES[table].label_names), st.text() | st.none())
    return st.dictionaries(st.sampled_from(["x", "y"]), words, max_size=2)


@given(rows_of("asset"), rows_of("flow"), rows_of("listener"))
@settings(max_examples=12)
def test_any_words_make_a_valid_bill(assets, flows, listeners):
    made(asset=assets, flow=flows, listener=listeners)
