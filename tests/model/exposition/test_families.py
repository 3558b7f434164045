"""Which metrics a table yields."""

import pytest

from aisec_daemon.model import Column, Kind, Label, Table
from aisec_daemon.model.exposition import FINDINGS, OWN, families

COLUMNS = (
    Column("power_watts", "Power."),
    Column("energy_joules", "Energy.", Kind.COUNTER),
    Column("start_timestamp_seconds", "Start.", Kind.TIMESTAMP),
    Column("pipe_a_ratio", "Pipes.", family="pipe_ratio", labels=(("pipe", "a"),)),
    Column("pipe_b_ratio", "Pipes.", family="pipe_ratio", labels=(("pipe", "b"),)),
)
LABELS = (Label("uuid", "Id."), Label("user", "Owner."), Label("command", "Command."))


def table(**shown: tuple[str, ...]) -> Table:
    return Table("gpu", "GPUs.", COLUMNS, LABELS, **{"series": ("uuid",), **shown})


def test_a_row_table_yields_its_columns_and_an_info() -> None:
    """A counter ends in _total, columns of a family are one metric, words go to the info."""
    found = {f.name: (f.kind, f.labels) for f in families(table(info=("user",)))}

    assert found == {
        "aisec_gpu_power_watts": ("gauge", ("uuid",)),
        "aisec_gpu_energy_joules_total": ("counter", ("uuid",)),
        "aisec_gpu_start_timestamp_seconds": ("gauge", ("uuid",)),
        "aisec_gpu_pipe_ratio": ("gauge", ("pipe", "uuid")),
        "aisec_gpu_info": ("info", ("uuid", "user")),
    }


def test_an_aggregated_table_yields_sums_and_rows_on_demand() -> None:
    """Sums leave timestamps out; single rows are marked as opt-in."""
    found = families(table(aggregate=("user",)))

    assert [f.name for f in found if not f.opt_in] == [
        "aisec_gpu_count",
        "aisec_gpu_power_watts",
        "aisec_gpu_energy_joules_total",
        "aisec_gpu_pipe_ratio",
    ]
    assert "aisec_gpu_pid_start_timestamp_seconds" in {f.name for f in found if f.opt_in}


@pytest.mark.parametrize("where", ["series", "info", "aggregate"])
def test_a_command_line_never_comes_onto_the_page(where: str) -> None:
    """A table that would show one is refused."""
    with pytest.raises(ValueError, match="command must not be on the page"):
        families(table(**{where: ("command",)}))


def test_a_family_of_two_kinds_is_refused() -> None:
    """One metric has one type."""
    mixed = (
        Column("a_watts", "A.", family="b_watts", labels=(("side", "a"),)),
        Column("c_watts", "C.", Kind.COUNTER, family="b_watts", labels=(("side", "c"),)),
    )
    with pytest.raises(ValueError, match="differ in kind"):
        families(Table("t", "T.", mixed, (), ()))


def test_fixed_metrics_have_a_name_and_a_help_of_their_own() -> None:
    """Names are not used twice, and each says what it is."""
    fixed = (*FINDINGS, *OWN)

    assert len({f.name for f in fixed}) == len(fixed)
    assert all(f.help.endswith(".") for f in fixed)
