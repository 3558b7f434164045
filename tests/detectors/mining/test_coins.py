from __future__ import annotations

from datetime import datetime, timezone

import numpy as np
import pytest

from aisec_daemon.detectors.mining.coins import COINS, match

GIB = 2.0**30
NOVEMBER = datetime(2026, 11, 23, tzinfo=timezone.utc).timestamp()
DAY = 86_400.0


@pytest.mark.parametrize(
    ("coin", "gib"),
    [("Etchash (ETC)", 4.38), ("KawPow (RVN)", 5.85), ("Autolykos2 (ERG)", 6.89)],
)
def test_tables_are_as_large_as_the_protocols_say(coin, gib):
    """The figures were reckoned by hand from each protocol's formula for that day."""
    found = next(c for c in COINS if c.name == coin)

    assert found.bytes_at(NOVEMBER) / GIB == pytest.approx(gib, abs=0.01)


def test_tables_grow_as_time_goes_by():
    for coin in COINS:
        sizes = [coin.bytes_at(NOVEMBER + year * 365 * DAY) for year in range(5)]
        assert sizes == sorted(sizes)
        assert sizes[-1] > sizes[0]


def test_an_ethash_table_grows_by_eight_mebibytes_an_epoch():
    etc = COINS[0]
    epoch = 60_000 * etc.block_seconds

    grown = etc.bytes_at(NOVEMBER + 1.5 * epoch) - etc.bytes_at(NOVEMBER + 0.5 * epoch)

    assert grown == 8 * 2**20


def test_autolykos_stops_growing():
    """The protocol caps the number of elements."""
    erg = COINS[2]
    century = 100 * 365 * DAY

    assert erg.bytes_at(NOVEMBER + century) == erg.bytes_at(NOVEMBER + 2 * century)


def test_a_footprint_names_the_table_that_fits():
    used = np.array([4.93, 4.0, 6.2, 40.0, 0.0]) * GIB

    names, sizes = match(used, NOVEMBER)

    assert names == ("Etchash (ETC)", "", "KawPow (RVN)", "", "")
    np.testing.assert_allclose(sizes / GIB, [4.38, np.nan, 5.85, np.nan, np.nan], atol=0.01)


def test_no_footprints_have_no_names():
    names, sizes = match(np.empty(0), NOVEMBER)

    assert names == ()
    assert sizes.shape == (0,)
