"""Two stand-in releases: an earlier one that is served, and a later candidate that is compared with it.

Belongs here: the shortest way to both. Does not belong here: a test.
"""

from __future__ import annotations

import json
import os
from pathlib import Path

import duckdb
import standin

from pipelines import release
from pipelines.settings import DUCKDB_FILE, Workspace

FIRST, SECOND, THIRD = "2026.1.0", "2026.2.0", "2026.3.0"


def change(place: Workspace, *statements: str) -> None:
    """Runs SQL on what dbt built."""
    with duckdb.connect(str(place.warehouse)) as writer:
        for statement in statements:
            writer.execute(statement)


def candidate(place: Workspace, version: str, code: str = "abc1234") -> Path:
    """A candidate without its exports."""
    return release.build_candidate(place, standin.manifest_path(place), version, code, standin.BUILT_AT)


def serve(place: Workspace, version: str) -> Path:
    """Serves the candidate as a release, with as much of a manifest as a comparison needs."""
    folder = place.releases / version
    place.releases.mkdir(exist_ok=True)
    os.rename(place.candidate, folder)
    said = {"release_id": version, "built_at": "2026-11-22T06:30:00Z", "is_synthetic": True, "tables": {}}
    (folder / "manifest.json").write_text(json.dumps(said))
    place.current.parent.mkdir(exist_ok=True)
    place.current.unlink(missing_ok=True)
    place.current.symlink_to(Path("..") / "releases" / version)
    return folder


def rows(folder: Path, sql: str) -> list[tuple]:
    """What a select finds in a candidate or release."""
    with release.connect(folder / DUCKDB_FILE) as connection:
        return connection.execute(sql).fetchall()
