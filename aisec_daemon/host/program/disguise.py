"""Whether a program pretends to be another one."""

from __future__ import annotations

import re
from collections.abc import Callable, Collection
from dataclasses import dataclass

from aisec_daemon.host.program.names import Interpreter, names

_NAME_LENGTH = 15  # of comm
_ALIKE_LENGTH = 3
_BRACKETS = re.compile(r"\[([^\s\[\]]+)(\]?)")
_NO_LETTERS = re.compile(r"[^a-z0-9]+")


@dataclass(frozen=True)
class Appearance:
    """How a program presents itself: comm, the path of its file, arguments, files it maps."""

    name: str
    executable: str
    arguments: tuple[str, ...]
    mapped: Collection[bytes]


def disguise(
    seen: Appearance,
    file_holds: Callable[[tuple[bytes, ...]], bool | None],
    called: Callable[[str], bool | None],
) -> str:
    """Return kernel_thread, interpreter, name, or nothing; never for a true kernel thread.

    `file_holds(words)` says whether the executable's file holds one of them, `called(name)` whether
    a file of that name leads to the executable (a symbolic link); None if that cannot be told.
    """
    if _claims_kernel_thread(seen):
        return "kernel_thread"
    for interpreter in names().interpreters:
        if any(map(interpreter.name.fullmatch, _claims(seen))):
            return "" if _is_interpreter(interpreter, seen, file_holds) else "interpreter"
    return "name" if _is_misnamed(seen, called) else ""


def _claims(seen: Appearance) -> tuple[str, str]:
    """Return what it calls itself: comm, and the base name of the first argument."""
    return seen.name, _first(seen)


def _first(seen: Appearance) -> str:
    """Return the base name of argv[0], without the hyphen of login shells and behind a colon."""
    word = seen.arguments[0] if seen.arguments else ""
    word = word.split(" ", 1)[0].split(":", 1)[0]
    return word.rpartition("/")[2].removeprefix("-")


def _claims_kernel_thread(seen: Appearance) -> bool:
    """Say whether comm or argv[0] reads like ps shows a kernel thread."""
    pattern = names().kernel_thread
    if pattern.fullmatch(seen.name) and not _alike(seen.name, _base(seen)):
        return True
    for word in (seen.name, seen.arguments[0] if seen.arguments else ""):
        found = _BRACKETS.fullmatch(word)
        if found and (found[2] or len(word) == _NAME_LENGTH):
            return True
    return False


def _is_interpreter(
    interpreter: Interpreter,
    seen: Appearance,
    file_holds: Callable[[tuple[bytes, ...]], bool | None],
) -> bool:
    """Say whether it is what it claims; if in doubt, it is."""
    if any(map(interpreter.mapped.search, seen.mapped)):
        return True
    return file_holds(interpreter.words) is not False


def _is_misnamed(seen: Appearance, called: Callable[[str], bool | None]) -> bool:
    """Say whether what it calls itself is neither its executable, nor a link to it, nor its script.

    Many honest programs name themselves after what they do at the moment: it takes a well-known
    program's name, or that comm and argv[0] both tell of something else.
    """
    base, first = _base(seen), _first(seen)
    if not base or names().many.fullmatch(base) or _runs_scripts(base):
        return False
    unlike = [word for word in (seen.name, first) if word and not _alike(word, base)]
    claims = [word for word in unlike if word in names().known]
    if not claims and not (len(unlike) == 2 and seen.name[:_NAME_LENGTH] == first[:_NAME_LENGTH]):  # noqa: PLR2004 - both
        return False
    return all(called(word) is False for word in dict.fromkeys(claims or unlike))


def _base(seen: Appearance) -> str:
    return seen.executable.rpartition("/")[2].removeprefix("memfd:")


def _runs_scripts(base: str) -> bool:
    return any(each.executable.fullmatch(base) for each in names().interpreters)


def _alike(one: str, other: str) -> bool:
    """Say whether one name holds the other, letters and digits alone, case ignored."""
    short, long = sorted((_NO_LETTERS.sub("", each.lower()) for each in (one, other)), key=len)
    if len(short) < _ALIKE_LENGTH:
        return short == long
    return short in long
