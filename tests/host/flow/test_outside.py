"""The list of known outside services."""

from __future__ import annotations

from importlib import resources
from ipaddress import ip_address

import pytest

from aisec_daemon.host.flow import outside as module
from aisec_daemon.host.flow.outside import (
    address_variables,
    hosts,
    name_of_address,
    name_of_host,
    outside,
)


@pytest.mark.parametrize(
    ("address", "name"),
    [
        ("160.79.104.10", "Anthropic API"),
        ("2607:6bc0::10", "Anthropic API"),
        ("199.36.153.9", "Google APIs"),
        ("140.82.121.4", "GitHub"),
        ("8.8.8.8", ""),
        ("10.0.0.1", ""),
    ],
)
def test_addresses(address, name):
    assert name_of_address(ip_address(address)) == name


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("api.openai.com", "OpenAI API"),
        ("API.OpenAI.com.", "OpenAI API"),
        ("cdn-lfs.hf.co", "Hugging Face Hub"),
        ("us-central1-aiplatform.googleapis.com", "Google APIs"),
        ("my.openai.azure.com", "Azure OpenAI"),
        ("evilopenai.com", ""),
        ("", ""),
    ],
)
def test_hosts(host, name):
    assert name_of_host(host) == name


def test_the_list_is_well_formed():
    """Ranges have a source, whoever has a key has a host, each variable is one service's."""
    module.outside.cache_clear()
    text = resources.files(module.__package__).joinpath("outside.toml").read_text("utf-8")
    ranges = sum(bool(each.ranges) for each in outside())

    assert text.count("\nsource = ") == ranges > 2
    assert all(each.hosts for each in outside() if each.variables)
    assert len(address_variables()) == sum(len(each.addresses) for each in outside())
    assert len(set(hosts())) == len(hosts())
