"""What a command does not need, it does not load."""

from __future__ import annotations

import subprocess
import sys

import pytest

from pipelines import release
from pipelines.settings import PROJECT_ROOT

HEAVY = {
    "dagster",
    "dbt",
    "duckdb",
    "great_expectations",
    "openpyxl",
    "pandas",
    "pandera",
    "polars",
    "requests",
    "scipy",
}


def test_the_command_line_itself_loads_nothing_heavy():
    code = "import sys, pipelines.cli; print(*sys.modules)"
    done = subprocess.run([sys.executable, "-c", code], cwd=PROJECT_ROOT, capture_output=True, text=True, check=True)
    loaded = set(done.stdout.split())
    assert "typer" in loaded
    assert HEAVY & loaded == set()


@pytest.mark.parametrize("name", sorted(release.HOMES))
def test_what_the_package_offers_is_there(name):
    assert getattr(release, name).__name__ == name


def test_what_it_does_not_offer_is_an_error():
    with pytest.raises(AttributeError, match="no attribute 'nonsense'"):
        release.nonsense  # noqa: B018
