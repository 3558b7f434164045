"""YAML without surprises; apart, since most daemons start without need of a parser."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import yaml


class Strict(yaml.SafeLoader):
    """YAML in which a key that is given twice is an error, not a surprise."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        """Read a mapping; YAMLError if it names a key twice."""
        names = [self.construct_object(key) for key, _ in node.value]
        twice = {str(name) for name in names if names.count(name) > 1}
        if twice:
            raise yaml.YAMLError(f"{', '.join(sorted(twice))} is given twice")
        return super().construct_mapping(node, deep)
