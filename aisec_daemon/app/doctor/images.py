"""Images of containers: whether they are told by the files that runtimes leave on the node."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from itertools import islice

from aisec_daemon.app.doctor.check import Check, Status
from aisec_daemon.app.doctor.rights import SERVICE, Rights
from aisec_daemon.host.container.images import FOREIGN, OK, UNKNOWN, UNNAMED
from aisec_daemon.host.errors import UnreadableError
from aisec_daemon.host.host import Host
from aisec_daemon.host.proc.identity import ProcessIdentity

_LOOKED_AT = 256  # containers at most
_SAYS = {
    UNKNOWN: "in no file of a runtime that we know (rootless ones are not believed)",
    UNNAMED: "without a name for its image (a pod's sandbox, or containerd before 1.5)",
    FOREIGN: "in another control group than the runtime says",
}
_LOST = "images in findings, policies and exceptions; what names an image holds for none of these"
_HOST = "docker run --pid host --cap-add SYS_PTRACE --cap-add DAC_READ_SEARCH (hostPID: true)"


def read_images(
    host: Host, who: Sequence[ProcessIdentity] | UnreadableError
) -> Mapping[str, int] | UnreadableError:
    """Count containers by the word that says whether their image is told."""
    if isinstance(who, UnreadableError):
        return who
    one = {each.container: each for each in who if each.container}
    return Counter(host.images.code(each) for each in islice(one.values(), _LOOKED_AT))


def judge_images(codes: Mapping[str, int] | UnreadableError, rights: Rights | OSError) -> Check:
    """Judge whether it is known which images containers run."""
    name = "images"
    if isinstance(codes, UnreadableError):
        return Check(name, Status.UNKNOWN, "no process can be read")
    count = sum(codes.values())
    if not count:
        return Check(name, Status.OK, "no container runs here")
    found = f"told for {codes.get(OK, 0)} of {count} container(s)"
    why = [
        f"{number} {_SAYS.get(code, f'unreadable: {code}')}"
        for code, number in sorted(codes.items())
        if code != OK
    ]
    found = "; ".join([found, *why])
    if not set(codes) - {OK, UNNAMED}:
        return Check(name, Status.OK, found)
    may = set() if isinstance(rights, OSError) else rights.capabilities
    lacks = {"SYS_PTRACE", "DAC_READ_SEARCH"} - may
    return Check(name, Status.DEGRADED, found, _LOST, SERVICE if lacks else _HOST)
