"""Fixtures of the fetching suites: a publisher on this machine, and a client that does not really wait."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from pipelines.fetch.http import Policy
from tests.fetch.publisher import Publisher, publishing


@pytest.fixture(autouse=True)
def no_settings_of_this_machine(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("IMPACT_PROXY", "IMPACT_CONTACT", "IMPACT_SECONDS_BETWEEN_REQUESTS"):
        monkeypatch.delenv(name, raising=False)
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture
def publisher() -> Iterator[Publisher]:
    with publishing() as running:
        yield running


@pytest.fixture
def slept() -> list[float]:
    """The seconds that the client would have slept, one entry for each time."""
    return []


@pytest.fixture
def policy(slept: list[float]) -> Policy:
    """Three attempts, a second and two seconds apart, which are noted instead of slept."""
    return Policy(attempts=3, back_off=1, jitter=0, read_timeout=0.3, between=0, sleep=slept.append, clock=lambda: 0.0)
