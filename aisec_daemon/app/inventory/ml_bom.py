"""The inventory as a bill of materials: CycloneDX 1.6 with machine-learning components.

Assets are applications, their frameworks frameworks, what they read models or data, where they
listen and whom they talk to services. https://cyclonedx.org/capabilities/mlbom/
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping
from datetime import datetime, timezone

from cyclonedx.model import HashAlgorithm, HashType, Property, XsUri
from cyclonedx.model.bom import Bom
from cyclonedx.model.component import Component, ComponentType
from cyclonedx.model.dependency import Dependency
from cyclonedx.model.service import Service
from cyclonedx.output.json import JsonV1Dot6
from packageurl import PackageURL

from aisec_daemon.app.telling import printable
from aisec_daemon.model import Snapshot

Words = Mapping[str, str]
_FRAMEWORK = re.compile(r"([A-Za-z0-9._-]+)(?: ([\w.+!-]+))?")
_PROPERTIES = (
    "user",
    "login_user",
    "container",
    "image",
    "pod",
    "slurm_job",
    "unit",
    "executable",
    "script",
)
_OF_FILES = ("target", "format", "storage", "file_system", "mount")
_OF_LISTENERS = ("asset", "address", "port", "scope", "authentication", "on_gpu")
_HASH = re.compile(r"[0-9a-f]{64}")
_PLACE = re.compile(r"[A-Za-z0-9._-]+:[0-9]+")
_OPEN = {"open": False, "protected": True}


def ml_bom(tables: Mapping[str, Snapshot], node: str, version: str, indent: int | None = 1) -> str:
    """Return the bill as JSON; words are made printable, what was not read is left out."""
    made = _Bill(Component(name=node, type=ComponentType.DEVICE, bom_ref="node"))
    for words in _rows(tables.get("asset")):
        made.asset(words)
    for words in _rows(tables.get("flow")):
        made.flow(words)
    for words in _rows(tables.get("listener")):
        made.listener(words)
    bom = Bom(
        components=made.components.values(),
        services=made.services.values(),
        dependencies=made.dependencies(),
    )
    bom.metadata.timestamp = datetime.fromtimestamp(_latest(tables.values()), timezone.utc)
    bom.metadata.component = made.node
    bom.metadata.tools.components.add(
        Component(name="aisec-daemon", version=version, type=ComponentType.APPLICATION)
    )
    return str(JsonV1Dot6(bom).output_as_string(indent=indent))


class _Bill:
    """Components and services by their reference, and who needs which."""

    def __init__(self, node: Component) -> None:
        self.node = node
        self.components: dict[str, Component] = {}
        self.services: dict[str, Service] = {}
        self._needs: dict[str, set[str]] = {}

    def asset(self, words: Words) -> None:
        """Add an asset and its frameworks."""
        ref = f"asset/{words['subject']}"
        name = words.get("service") or words.get("script") or words.get("executable") or ref
        digest = words.get("executable_hash", "")
        known = [HashType(alg=HashAlgorithm.SHA_256, content=digest)]
        self.components[ref] = Component(
            name=name,
            type=ComponentType.APPLICATION,
            bom_ref=ref,
            hashes=known if _HASH.fullmatch(digest) else (),
            properties=_properties(words, _PROPERTIES),
        )
        self._needs.setdefault(ref, set())
        for found in filter(
            None, map(_FRAMEWORK.fullmatch, words.get("frameworks", "").split(", "))
        ):
            self._need(ref, self._framework(found[1], found[2]))

    def flow(self, words: Words) -> None:
        """Add what an asset reads or writes, or whom it talks to."""
        kind, target = words.get("kind", "unknown"), words.get("target", words["subject"])
        ref = f"{kind}/{target}"
        if kind == "service":
            self.services[ref] = Service(
                name=words.get("name") or target,
                bom_ref=ref,
                x_trust_boundary=words.get("scope") == "public",
                endpoints=_endpoints(target),
            )
        else:
            made = ComponentType.MACHINE_LEARNING_MODEL if kind == "model" else ComponentType.DATA
            self.components[ref] = Component(
                name=target.rsplit("/", 1)[-1] or target,
                type=made,
                bom_ref=ref,
                properties=_properties(words, _OF_FILES),
            )
        self._need(f"asset/{words.get('asset', '')}", ref)

    def listener(self, words: Words) -> None:
        """Add where an asset can be reached, and whether it asks who does."""
        ref = f"listener/{words['subject']}"
        self.services[ref] = Service(
            name=words.get("service") or "unknown",
            version=words.get("version") or None,
            bom_ref=ref,
            endpoints=_endpoints(f"{words.get('address', '')}:{words.get('port', '')}"),
            authenticated=_OPEN.get(words.get("authentication", "")),
            properties=_properties(words, _OF_LISTENERS),
        )

    def dependencies(self) -> Iterator[Dependency]:
        """Yield who needs which."""
        of = {ref: each.bom_ref for ref, each in {**self.components, **self.services}.items()}
        owned = {owner: needed for owner, needed in self._needs.items() if owner in of}
        loose = of.keys() - {ref for needed in owned.values() for ref in needed}
        yield Dependency(self.node.bom_ref, [Dependency(of[ref]) for ref in sorted(loose)])
        for owner, needed in owned.items():
            yield Dependency(of[owner], [Dependency(of[ref]) for ref in sorted(needed)])

    def _framework(self, name: str, version: str | None) -> str:
        ref = f"framework/{name}@{version or 'unknown'}"
        self.components[ref] = Component(
            name=name,
            version=version,
            type=ComponentType.FRAMEWORK,
            bom_ref=ref,
            purl=PackageURL("pypi", name=name, version=version) if version else None,
        )
        return ref

    def _need(self, owner: str, ref: str) -> None:
        self._needs.setdefault(owner, set()).add(ref)


def _endpoints(place: str) -> list[XsUri]:
    """Return an address and port as a URI; nothing else, as the library escapes IPv6's brackets."""
    return [XsUri(f"tcp://{place}")] if _PLACE.fullmatch(place) else []


def _properties(words: Words, names: Iterable[str]) -> list[Property]:
    return [
        Property(name=f"aisec:{name}", value=words[name]) for name in names if words.get(name, "")
    ]


def _rows(rows: Snapshot | None) -> Iterator[dict[str, str]]:
    """Yield the words of each row that were read, printable."""
    for at in range(len(rows.subjects) if rows else 0):
        assert rows is not None  # noqa: S101 # told to mypy
        words = {name: column[at] for name, column in rows.labels.items()}
        known = {name: printable(word) for name, word in words.items() if word is not None}
        yield {**known, "subject": printable(rows.subjects[at])}


def _latest(tables: Iterable[Snapshot]) -> float:
    return max((rows.time for rows in tables), default=0.0)
