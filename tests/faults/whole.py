"""A refresh with nothing replaced: Dagster's job, dbt, the gate and all pages. For kills by hand; it takes minutes."""

from __future__ import annotations

import sys
from typing import Any

from pipelines import cli


def run(words: list[str], more: dict[str, Any]) -> int:
    """One call of `impact`."""
    sys.argv = ["impact", *words]
    cli.main()
    return 0
