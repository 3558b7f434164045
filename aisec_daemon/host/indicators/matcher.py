"""The matcher: which known miner's marks a program bears."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from functools import cache

from aisec_daemon.host.indicators.lists import Lists, builtin

_NAME_LENGTH = 15  # of comm, see proc_pid_comm(5)
_TEXT_LENGTH = 16384  # of a command line are searched: enough for all that miners are told
_VERSION = re.compile(r"[-_.]?v?\d+(?:[._]\d+)*(?:[-_.](?:linux|gpu|cuda\d*|x64|x86_64))*$")
_ENDINGS = (".exe", ".bin", ".real", "-bin")
_SYSTEM = ("/usr/", "/bin/", "/sbin/", "/snap/", "/nix/store/")
_HOST_AND_PORT = re.compile(
    r"(?:^|[\s='\"/@])((?:[a-z0-9-]{1,63}\.){1,8}[a-z]{2,24}):\d{2,5}(?!\d)", re.IGNORECASE
)
_ARGUMENT_ENDS = re.compile(r"[\n=]")
_PORT = re.compile(r"[A-Za-z]:\d\d")
_WEB = re.compile(r"https?://\S*", re.IGNORECASE)


class Matcher:
    """Finds ids of indicators: `name/xmrig`, `argument/stratum-scheme`, `pool/…`, `file/…`."""

    def __init__(self, lists: Lists) -> None:
        self._lists = lists
        self._short = {name[:_NAME_LENGTH]: name for name in lists.names}

    def match(self, name: bytes, executable: bytes, command: bytes) -> str:
        """Return the ids that a program matches, sorted and joined by spaces; empty if none.

        `name` is its comm, `executable` the path of its file, `command` its raw arguments, each
        with a NUL behind it. What stands in an ordinary argument is no name: `grep xmrig` is grep.
        """
        path = executable.decode("utf-8", "replace").removesuffix(" (deleted)")
        lines = command[: 4 * _TEXT_LENGTH].decode("utf-8", "replace").replace("\n", " ")
        arguments = lines.rstrip("\0").split("\0")
        names = set(self._names(name.decode("utf-8", "replace"), path, arguments[0]))
        text = "\n".join(arguments[1:])[:_TEXT_LENGTH]
        strong, weak, common = self._arguments("" if self._reads(path) else text)
        generic = {known for known in names if self._lists.names[known]}
        sure = {f"name/{known}" for known in names - generic} | strong
        if sure or len(weak) > 1 or (weak and (common or generic)):
            sure |= weak | common | {f"name/{known}" for known in generic}
        return " ".join(sorted(sure))

    def _reads(self, path: str) -> bool:
        """Say whether arguments are what this program looks at, not what it does."""
        return path.startswith(_SYSTEM) and path.rpartition("/")[2] in self._lists.readers

    def _names(self, name: str, path: str, first: str) -> Iterator[str]:
        """Yield listed names that the program bears."""
        base = path.rpartition("/")[2].removeprefix("memfd:")
        called = first.rpartition("/")[2] if " " not in first else ""
        for word in _forms((name, base, called)):
            if word in self._lists.names:
                yield word
        known = self._short.get(name.lower())
        if known is not None and len(name) == _NAME_LENGTH:
            yield known

    def _arguments(self, text: str) -> tuple[set[str], set[str], set[str]]:
        """Return the ids of what the arguments match: strong, weak, common."""
        found: dict[str, set[str]] = {"strong": set(), "weak": set(), "common": set()}
        lower = text.lower()
        for argument in self._lists.arguments if text else ():
            if argument.hints and not any(hint in lower for hint in argument.hints):
                continue
            if argument.pattern.search(text):
                found[argument.strength].add(f"argument/{argument.id}")
        found["strong"] |= {f"pool/{pool}" for pool in self._pools(text)}
        files = {line.rpartition("/")[2].lower() for line in _ARGUMENT_ENDS.split(text)}
        found["strong"] |= {f"file/{file}" for file in files & self._lists.files}
        return found["strong"], found["weak"], found["common"]

    def _pools(self, text: str) -> Iterator[str]:
        """Yield pools whose hosts stand there with a port, unless in the address of a web page."""
        if _PORT.search(text) is None:
            return
        for found in _HOST_AND_PORT.finditer(_WEB.sub("", text)):
            words = found[1].lower().split(".")
            for at in range(len(words) - 1):
                host = ".".join(words[at:])
                if host in self._lists.pools:
                    yield host


@cache
def default() -> Matcher:
    """Return the matcher of the package's own lists."""
    return Matcher(builtin())


def _forms(words: Iterable[str]) -> Iterator[str]:
    """Yield each name in lower case, and without its ending or version."""
    for word in words:
        lower = word.lower()
        yield lower
        for ending in _ENDINGS:
            lower = lower.removesuffix(ending)
        yield lower
        yield _VERSION.sub("", lower)
