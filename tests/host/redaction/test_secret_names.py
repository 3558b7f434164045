"""Names whose values are secrets."""

from __future__ import annotations

import pytest

from aisec_daemon.host.redaction.secret_names import is_secret_name, is_secret_word

SECRET = [
    "--password",
    "DB_PASSWORD",
    "mysqlPwd",
    "userpass",
    "--api-key",
    "apiKey",
    "X-Api-Key",
    "AWS_SECRET_ACCESS_KEY",
    "--token",
    "HF_TOKEN",
    "NotebookApp.token",
    "accessToken",
    "--auth",
    "redis-auth",
    "clientSecret",
    "--passphrase",
    "cookie",
    "key",
    "TOKEN_2",
    "Authorization",
    "X-Amz-Signature",
    "sig",
    "from-literal",
    "--oauth2-bearer",
    "webhook",
    "privateKey",
]
PLAIN = [
    "--max-tokens",
    "--num-speculative-tokens",
    "--tokenizer",
    "--tokenizer-mode",
    "--password-file",
    "--password-stdin",
    "--token-path",
    "--key-file",
    "auth-type",
    "--model",
    "--algo",
    "--user",
    "--monkey",
    "author",
    "--keys",
    "keyboard",
    "port",
    "42",
]


@pytest.mark.parametrize("name", SECRET)
def test_secret_names_in_any_spelling(name: str) -> None:
    """Dashes, underscores, dots, capitals."""
    assert is_secret_name(name)


@pytest.mark.parametrize("name", PLAIN)
def test_names_about_secrets_are_none(name: str) -> None:
    """Nor are counts of tokens."""
    assert not is_secret_name(name)


def test_plain_words_announce_a_secret_only_if_nothing_else_is_meant() -> None:
    """`secret` is a kind of thing in Kubernetes."""
    assert is_secret_word("requirepass")
    assert not is_secret_word("secret")
