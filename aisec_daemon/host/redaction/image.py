"""Names of container images, without credentials."""

from __future__ import annotations

import re

from aisec_daemon.host.redaction.entropy import HIDDEN
from aisec_daemon.host.redaction.tokens import redact_shapes
from aisec_daemon.host.redaction.visible import visible

_LENGTH = 512  # registry, repository (255), tag (128) and digest of a lawful name are not more
_RAW_LENGTH = 4096
_DIGEST = re.compile(r"@[a-z0-9]+(?:[.+_-][a-z0-9]+)*:[0-9a-f]{32,128}\Z")
# An image's id, a tag that is a commit: no secret, though it looks like one.
_ID = re.compile(r"((?:^|(?<=[:/]))[0-9a-f]{20,64}(?![\w.-]))")


def redact_image(name: str) -> str:
    """Return a name of at most 512 characters.

    No lawful name has an `@` but before its digest; what stands before another is who logged in to
    the registry, and his password. Digests, ids and tags that are commits survive.
    """
    name = visible(name[:_RAW_LENGTH]).strip()
    found = _DIGEST.search(name)
    digest = found[0] if found else ""
    name = name[: len(name) - len(digest)]
    _, at, place = name.rpartition("@")
    parts = _ID.split(place)
    parts[::2] = map(redact_shapes, parts[::2])
    text = f"{HIDDEN}@" * bool(at) + "".join(parts) + digest
    return text if len(text) <= _LENGTH else text[: _LENGTH - 1] + "…"
