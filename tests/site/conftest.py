"""Fixtures of the tests of pages: the site of the served sample, and a browser to look at it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.site import browser as browsing


@pytest.fixture(scope="session")
def release(served_sample: Path) -> Path:
    """The folder of the release that is made from the sample; nobody may change it."""
    return max((served_sample / "releases").glob("*/site")).parent


@pytest.fixture(scope="session")
def site(release: Path) -> Path:
    return release / "site"


@pytest.fixture(scope="session")
def browser() -> Iterator[object]:
    """Chromium as it is installed; tests that need it are skipped where there is none."""
    if browsing.installed() is None:
        pytest.skip(f"no browser is installed: none of {', '.join(browsing.NAMES)} (apt-get install chromium)")
    with browsing.chromium() as chromium:
        yield chromium
