"""Secrets by their place in a command line."""

from __future__ import annotations

from aisec_daemon.host.redaction.arguments import redact_arguments


def test_a_flag_without_a_value_hides_no_flag() -> None:
    """`--use-auth-token --model m`: the model is told."""
    given = ["x", "--use-auth-token", "--model", "m"]

    assert redact_arguments(given) == given


def test_a_letter_means_a_password_only_to_programs_that_say_so() -> None:
    """`-p` is a port, a path, a process, and a pool's password."""
    assert redact_arguments(["ssh", "-p", "22", "h"]) == ["ssh", "-p", "22", "h"]
    assert redact_arguments(["sudo", "/usr/bin/sshpass", "-p", "22"])[-1] == "<redacted>"


def test_a_value_with_spaces_is_hidden_whole() -> None:
    """An argument is one word, whatever is in it."""
    assert redact_arguments(["x", "--password", "a b c", "d"])[2:] == ["<redacted>", "d"]


def test_a_user_keeps_his_name_and_ids_their_numbers() -> None:
    """`-u` takes user:password for curl, uid:gid for docker."""
    assert redact_arguments(["x", "-u", "bob:pw"])[-1] == "bob:<redacted>"
    assert redact_arguments(["x", "-u", "1000:1000"])[-1] == "1000:1000"
