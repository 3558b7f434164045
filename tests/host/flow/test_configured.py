"""Outside services that arguments and variables name: hosts leave the host floor, values never."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from aisec_daemon.host.flow.configured import Named, named_by_arguments, named_by_variables

SECRET = "s3cr3t-QwErTyUiOpAsDf"


def arguments(*words):
    return named_by_arguments("\0".join(words).encode())


def variables(**words):
    return named_by_variables("\0".join(f"{key}={value}" for key, value in words.items()).encode())


@pytest.mark.parametrize(
    ("word", "target", "name"),
    [
        ("https://api.openai.com/v1", "api.openai.com", "OpenAI API"),
        ("--url=https://huggingface.co", "huggingface.co", "Hugging Face Hub"),
        ("--tracking-uri=http://mlflow.corp:5000/#/x", "mlflow.corp:5000", ""),
        (f"postgresql://user:{SECRET}@db.corp:5432/x?password={SECRET}", "db.corp:5432", ""),
        (f"https://{SECRET}@sentry.corp/1", "sentry.corp", ""),
        ("s3://training-data/2026/x.tar", "s3://training-data", "Amazon S3"),
        ("gs://bucket", "gs://bucket", "Google Cloud Storage"),
        ("http://[2001:db8::7]:8000/", "[2001:db8::7]:8000", ""),
        ("https://x.anthropic.com/", "x.anthropic.com", "Anthropic API"),
        ("https://HUGGINGFACE.co/", "huggingface.co", "Hugging Face Hub"),
    ],
)
def test_of_a_url_only_the_host_is_told(word, target, name):
    assert arguments("python", "x.py", word) == [Named(target, name, "argument")]


@pytest.mark.parametrize(
    "word",
    [
        *("http://localhost:8000/", "http://127.0.0.1:1", "http://[::1]/", "http://0.0.0.0:80"),
        *("sqlite:///tmp/x", "file:///etc/passwd", "https://", "x.py", "http://-/"),
        *("tcp://10.0.0.1:29500", "http://a\x1b[31m.com/", "https://notopenai.com.evil"[:0]),
    ],
)
def test_what_names_nobody_outside(word):
    assert arguments("python", word) == []


def test_a_name_that_only_ends_alike_is_another():
    assert arguments("https://notopenai.com/", "https://openai.com.evil.org/") == [
        Named("notopenai.com", "", "argument"),
        Named("openai.com.evil.org", "", "argument"),
    ]


def test_variables_name_addresses():
    found = variables(
        OPENAI_BASE_URL="http://gateway.corp/v1",
        OPENAI_API_KEY=SECRET,
        HF_ENDPOINT=f"https://u:{SECRET}@hub.corp/",
        CHROMA_SERVER_HOST="chroma.corp",
        MY_SERVICE_URL="https://own.corp/x",
        HOMEPAGE="https://ignored.org",
        KUBERNETES_PORT="tcp://10.0.0.1:443",
        HTTPS_PROXY="http://proxy.corp:3128",
    )

    assert {(each.target, each.name) for each in found} == {
        ("gateway.corp", "OpenAI API"),
        ("hub.corp", "Hugging Face Hub"),
        ("chroma.corp", ""),
        ("own.corp", ""),
        ("proxy.corp:3128", "web proxy"),
    }
    assert {each.evidence for each in found} == {"variable"}


def test_a_key_tells_of_its_service_unless_its_address_is_elsewhere():
    assert variables(ANTHROPIC_API_KEY=SECRET) == [
        Named("api.anthropic.com", "Anthropic API", "variable")
    ]
    assert variables(ANTHROPIC_API_KEY="") == []


def test_a_token_in_the_place_of_a_host_is_hidden():
    (found,) = arguments("https://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.x.org/")

    assert "qwertyuiop" not in found.target


@given(
    st.text("abc:/@.?#[]=\0ABCURL_", max_size=200).map(str.encode)
    | st.binary(max_size=200)
    | st.lists(
        st.sampled_from([b"https://", b"u:p@", b"host", b":80", b"/", b"A_URL=", b"\0"])
    ).map(b"".join)
)
def test_any_text_gives_printable_targets_and_no_user_or_password(text):
    for each in (*named_by_arguments(text), *named_by_variables(text)):
        assert each.target.isprintable()
        assert "@" not in each.target
        assert len(each.target) < 300


def test_a_list_without_end_is_cut():
    assert len(arguments(*(f"http://h{at}.org/" for at in range(1000)))) == 64
