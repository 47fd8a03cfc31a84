"""Everything that a release consists of beside its DuckDB file, made from the candidate and its record.

Belongs here: which outputs there are, in order. Does not belong here: how each is made.
"""

from __future__ import annotations

from pathlib import Path

from pipelines.release.export import export
from pipelines.release.rewriting import rewrite
from pipelines.settings import DUCKDB_FILE


def write_outputs(candidate: Path) -> list[Path]:
    """Write every output into the candidate, and return what was written.

    The DuckDB file is complete by then; all else is read from it.
    """
    rewrite(candidate / DUCKDB_FILE)
    return export(candidate)
