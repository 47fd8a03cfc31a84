"""Everything that a release consists of beside its DuckDB file, made from the candidate and its record.

Belongs here: which outputs there are, in order. Does not belong here: how each is made.
"""

from __future__ import annotations

from pathlib import Path

from pipelines.release.api import write_api
from pipelines.release.export import export
from pipelines.release.fingertips import write_fingertips
from pipelines.release.packaging import write_packages
from pipelines.release.record import read_record
from pipelines.release.rewriting import rewrite
from pipelines.release.site import write_site
from pipelines.release.workbook import write_workbook
from pipelines.settings import DUCKDB_FILE


def write_outputs(candidate: Path) -> list[Path]:
    """Write every output into the candidate, and return what was written. Packages and site list the files before.

    The DuckDB file is complete by then; all else is read from it.
    """
    rewrite(candidate / DUCKDB_FILE)
    record = read_record(candidate)
    return [
        *export(candidate),
        *write_api(candidate, record),
        *write_fingertips(candidate, record),
        write_workbook(candidate, record),
        *write_packages(candidate, record),
        *write_site(candidate, record),
    ]
