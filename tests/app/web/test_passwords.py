"""Passwords."""

import base64
import threading
import time
from unittest.mock import patch

import bcrypt
import pytest

from aisec_daemon.app.web.passwords import Entry, Passwords

HASH = bcrypt.hashpw(b"right", bcrypt.gensalt(4)).decode()


def basic(user: str, password: str) -> str:
    return "Basic " + base64.b64encode(f"{user}:{password}".encode()).decode()


def test_the_right_password_is_let_in_and_costs_bcrypt_once() -> None:
    """A scrape every few seconds must not."""
    passwords = Passwords({"alice": HASH})
    with patch("bcrypt.checkpw", wraps=bcrypt.checkpw) as check:
        answers = [passwords.check(basic("alice", "right")) for _ in range(5)]

    assert answers == [Entry.GRANTED] * 5
    assert check.call_count == 1


@pytest.mark.parametrize(
    "authorization",
    [
        "",
        "Basic",
        "Basic !!!",
        "Bearer abc",
        "Basic " + base64.b64encode(b"no colon").decode(),
        basic("alice", "wrong"),
        basic("alice", ""),
        basic("alice", "right\0"),
        basic("alice", "right" + "x" * 100),
        basic("bob", "right"),
        basic("", ""),
        basic("äöü", "right"),
    ],
)
def test_all_others_are_not(authorization: str) -> None:
    """Malformed, wrong, unknown."""
    assert Passwords({"alice": HASH}).check(authorization) is Entry.REFUSED


def test_a_right_password_opens_only_for_its_user() -> None:
    """What is remembered is the pair."""
    passwords = Passwords({"alice": HASH})
    passwords.check(basic("alice", "right"))

    assert passwords.check(basic("bob", "right")) is Entry.REFUSED
    assert passwords.check(basic("alice", "wrong")) is Entry.REFUSED


def test_an_unknown_user_is_refused_whatever_bcrypt_says() -> None:
    """The decoy opens nothing."""
    with patch("bcrypt.checkpw", return_value=True):
        assert Passwords({"alice": HASH}).check(basic("bob", "x")) is Entry.REFUSED


def test_an_unknown_user_costs_what_a_wrong_password_costs() -> None:
    """One bcrypt of the same cost."""
    passwords = Passwords({"alice": HASH})
    with patch("bcrypt.checkpw", wraps=bcrypt.checkpw) as check:
        passwords.check(basic("bob", "x"))
        passwords.check(basic("alice", "x"))
    costs = [call.args[1][:7] for call in check.call_args_list]

    assert costs == [HASH[:7].encode()] * 2


def test_guessing_cannot_burn_a_core() -> None:
    """Checks run one at a time, few wait, the rest is sent away; wrong ones bring a rest."""
    passwords = Passwords({"alice": HASH})
    running, most, answers = [0], [0], []

    def slow(*_: bytes) -> bool:
        running[0] += 1
        most[0] = max(most[0], running[0])
        time.sleep(0.02)
        running[0] -= 1
        return False

    start = time.monotonic()
    with patch("bcrypt.checkpw", slow):
        guesses = [
            threading.Thread(target=lambda n=n: answers.append(passwords.check(basic("a", str(n)))))
            for n in range(20)
        ]
        for guess in guesses:
            guess.start()
        for guess in guesses:
            guess.join()
    took = time.monotonic() - start

    assert most[0] == 1
    refused = answers.count(Entry.REFUSED)
    assert answers.count(Entry.BUSY) == 20 - refused > 0
    assert took >= (refused - 1) * 4 * 0.02


def test_who_was_let_in_before_is_let_in_while_others_guess() -> None:
    """What is remembered needs no turn."""
    passwords = Passwords({"alice": HASH})
    passwords.check(basic("alice", "right"))
    with passwords._turn:
        assert passwords.check(basic("alice", "right")) is Entry.GRANTED


def test_a_password_is_not_kept() -> None:
    """Only a keyed hash is."""
    word = "correct horse"
    passwords = Passwords({"alice": bcrypt.hashpw(word.encode(), bcrypt.gensalt(4)).decode()})

    assert passwords.check(basic("alice", word)) is Entry.GRANTED
    assert word not in repr(vars(passwords))
