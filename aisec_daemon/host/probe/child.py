"""Asks a listener in another network namespace: `python -m aisec_daemon.host.probe.child`.

Arguments: the descriptor of the namespace, address, port, number of the link's interface, the
service that the program is known to be (may be empty), and the classes to ask for, by commas.
Writes one line of JSON. It enters the namespace (setns(2), needs CAP_SYS_ADMIN) and gives up every
capability before it reads an answer. It ends with EPERM's or another error's number.
"""

from __future__ import annotations

import ctypes
import json
import os
import sys
from dataclasses import asdict

from aisec_daemon.host.probe.get import Target
from aisec_daemon.host.probe.measuring import measure
from aisec_daemon.host.probe.services import services

_CLONE_NEWNET = 0x40000000
_CAPABILITY_VERSION_3 = 0x20080522  # include/uapi/linux/capability.h


def main(arguments: list[str]) -> int:
    """Ask, and write down what was measured; return 0 or the number of the error."""
    namespace, address, port, link, claimed, classes = arguments
    try:
        enter(int(namespace))
    except OSError as error:
        return error.errno or 1
    known = services()
    asked = [known[name] for name in classes.split(",")]
    found = measure(Target(address, int(port), int(link)), asked, claimed)
    sys.stdout.write(json.dumps(asdict(found)) + "\n")
    return 0


def enter(namespace: int) -> None:
    """Enter a network namespace for good, and give up all capabilities; OSError."""
    library = ctypes.CDLL(None, use_errno=True)
    header = (ctypes.c_uint32 * 2)(_CAPABILITY_VERSION_3, 0)
    nothing = (ctypes.c_uint32 * 6)()
    _check(library.setns(namespace, _CLONE_NEWNET))
    _check(library.capset(header, nothing))
    os.close(namespace)


def _check(answer: int) -> None:
    if answer:
        number = ctypes.get_errno()
        raise OSError(number, os.strerror(number))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
