"""Secrets by their place in a command line: behind a flag, a name, or a program's own letter."""

from __future__ import annotations

import re
from collections.abc import Iterable

from aisec_daemon.host.redaction.assignments import redact_assignments, redact_headers
from aisec_daemon.host.redaction.entropy import HIDDEN, is_opaque, redact_opaque
from aisec_daemon.host.redaction.secret_names import is_secret_name, is_secret_word
from aisec_daemon.host.redaction.tokens import redact_tokens

# Flags that take a password, by program; a value may be attached to a single letter.
_MYSQL = ("mysql", "mysqldump", "mysqladmin", "mysqlimport", "mysqlcheck", "mysqlshow", "mysqlslap")
_MARIADB = ("mariadb", "mariadb-dump", "mariadb-admin", "mariadb-import", "mariadb-check")
_LDAP = ("ldapsearch", "ldapadd", "ldapmodify", "ldapdelete", "ldappasswd", "ldapwhoami")
_PASSWORD_FLAGS: dict[str, tuple[str, ...]] = {
    **dict.fromkeys((*_MYSQL, *_MARIADB, "sshpass", "7z", "7za", "xfreerdp", "rdesktop"), ("-p",)),
    **dict.fromkeys(("mongo", "mongosh", "mongodump", "mongorestore", "login"), ("-p",)),
    **dict.fromkeys(_LDAP, ("-w",)),
    **dict.fromkeys(("zip", "unzip", "sqlcmd", "bcp", "ipmitool", "isql"), ("-P",)),
    **dict.fromkeys(("snmpget", "snmpwalk"), ("-A", "-X", "-c")),
    "redis-cli": ("-a",),
    "curl": ("-b",),
    "openssl": ("-k", "-K", "-passin", "-passout"),
}
_USER_FLAGS = ("-u", "-U", "--user", "--proxy-user", "--proxy-login")

_FLAG = re.compile(r"--[a-z][a-z0-9]*(?:[-_.][a-z0-9]+)*(?:=.*)?|-[A-Za-z]", re.DOTALL)
# A shell's word: quotes hold spaces; an open one lasts to the end.
_WORD = re.compile(r"""(?:[^\s"']+|"[^"]*(?:"|\Z)|'[^']*(?:'|\Z))+""")
_USER_AND_PASSWORD = re.compile(r"([^:%]*[:%])(?!//)(?!\d{1,10}\Z)(.+)", re.DOTALL)


def redact_arguments(arguments: Iterable[str]) -> list[str]:
    """Hide the secrets of a command line, argument by argument."""
    command = _Command()
    return [command.redact(argument) for argument in arguments]


class _Command:
    """What is known of a command line so far: its programs, and what the next word must be."""

    def __init__(self) -> None:
        self._password_flags: set[str] = set()
        self._awaited = ""  # "", "password" or "user": what the flag before announced

    def redact(self, argument: str) -> str:
        if self._awaited == "password" and not _is_flag(argument):
            self._awaited = ""
            return HIDDEN if argument else argument
        text = redact_headers(redact_tokens(argument))
        return redact_opaque(_WORD.sub(self._redact_word, text))

    def _redact_word(self, found: re.Match[str]) -> str:
        word = found[0]
        awaited, self._awaited = self._awaited, ""
        if awaited == "password" and not _is_flag(word):
            return HIDDEN
        if awaited == "user":
            return _hide_password(word)
        if word[0] in "\"'" and word[-1] == word[0] and len(word.split(maxsplit=1)) > 1:
            return word[0] + _WORD.sub(self._redact_word, word[1:-1]) + word[0]
        self._password_flags.update(_PASSWORD_FLAGS.get(word.rsplit("/", 1)[-1], ()))
        for flag in self._password_flags:
            if word.startswith(flag) and len(word) > len(flag) == len("-p"):
                return flag + HIDDEN
        self._awaited = self._announced_by(word)
        if word.startswith(_USER_FLAGS):
            return _hide_password(word)
        return redact_assignments(word)

    def _announced_by(self, word: str) -> str:
        if word in self._password_flags or is_secret_word(word):
            return "password"
        if word in _USER_FLAGS:
            return "user"
        bare = word.rstrip("\"':=")
        named = word.startswith("-") or bare != word
        return "password" if named and "=" not in bare and is_secret_name(bare) else ""


def _is_flag(word: str) -> bool:
    return bool(_FLAG.fullmatch(word)) and not is_opaque(word.partition("=")[0].lstrip("-"))


def _hide_password(user: str) -> str:
    return _USER_AND_PASSWORD.sub(rf"\1{HIDDEN}", user)
