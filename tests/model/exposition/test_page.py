"""The page as a whole."""

import gzip
from unittest.mock import patch

from aisec_daemon.model.exposition import Family, Page, samples

INFO = Family("aisec_build_info", "info", "Build.")


def test_a_page_is_the_same_in_both_formats_but_for_its_headers() -> None:
    """OpenMetrics ends in EOF."""
    page = Page("7", lambda: [samples(INFO, [({"version": "1"}, 1.0)], {})])

    assert page.plain(openmetrics=False).decode() == (
        "# HELP aisec_build_info Build.\n# TYPE aisec_build_info gauge\n"
        'aisec_build_info{version="1"} 1.0\n'
    )
    assert page.plain(openmetrics=True).decode() == (
        "# HELP aisec_build Build.\n# TYPE aisec_build info\n"
        'aisec_build_info{version="1"} 1.0\n# EOF\n'
    )


def test_a_page_is_compressed_once() -> None:
    """The second who asks gets the very same bytes, of the format that was asked for."""
    page = Page("7", lambda: [samples(INFO, [({}, 1.0)], {})])
    with patch("gzip.compress", wraps=gzip.compress) as compress:
        first = page.packed(openmetrics=True)

        assert page.packed(openmetrics=True) is first
        assert compress.call_count == 1
    assert gzip.decompress(first) == page.plain(openmetrics=True)
    assert gzip.decompress(page.packed(openmetrics=False)) == page.plain(openmetrics=False)
