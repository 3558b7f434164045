"""Budget: what an operator lets the daemon cost, and what is to suffer first."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field, field_validator

from aisec_daemon.app import catalogue
from aisec_daemon.pipeline.cost import Budget as CostBudget

_NEVER_SHED = frozenset({"gpu", "gpu_process", "gpu_device", "output", "upkeep", "cost"})
_SHED = (
    ("asset", "flow", "listener", "posture", "sensor"),
    ("process_view",),
    ("program", "socket"),
    ("process",),
)
"""What matters least first: inventories change by the hour; views that must agree are a second way
to see a process; programs and sockets say more of those known; without `process` none is known."""


def _shed_tables() -> list[list[str]]:
    known = catalogue.samplers()
    return [[table for table in group if table in known] for group in _SHED]


class Budget(BaseModel):
    """What the daemon may cost: past it there is a finding, and tables are read more rarely."""

    model_config = ConfigDict(
        extra="forbid", allow_inf_nan=False, validate_default=True, defer_build=True
    )

    cpu_ratio: float = Field(
        0.1, gt=0, le=64, description="share of one core that it may use, its children included"
    )
    memory_bytes: int = Field(
        268435456, ge=67108864, description="memory that it may use, its children included"
    )
    shed: list[list[str]] = Field(
        default_factory=_shed_tables,
        description="tables that are read up to 4 times more rarely while it costs too much or "
        "cannot keep up, group by group, the first first; all others never; [] for none",
    )

    @field_validator("shed")
    @classmethod
    def _sheddable(cls, groups: list[list[str]]) -> list[list[str]]:
        named = [table for group in groups for table in group]
        for table in named:
            if table in _NEVER_SHED:
                raise ValueError(f"table {table!r} is never shed")
            if table not in catalogue.samplers():
                raise ValueError(f"table {table!r} does not exist")
        if len(set(named)) != len(named):
            raise ValueError("a table is named twice")
        return [group for group in groups if group]

    def limits(self) -> CostBudget:
        """Return it as the pipeline knows it."""
        return CostBudget(self.cpu_ratio, float(self.memory_bytes))
