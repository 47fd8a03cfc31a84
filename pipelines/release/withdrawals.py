"""Notes beside earlier releases that hold what an organisation has since withdrawn.

Belongs here: which releases, and what the note says. Does not belong here: keeping withdrawn answers out of the next
release (dbt). A release itself is never rewritten: the note is `releases/<version>.withdrawals.json`, next to its
folder.
"""

from __future__ import annotations

import json
from datetime import datetime
from pathlib import Path
from typing import Any

import duckdb

from pipelines.release.manifest import read_manifest
from pipelines.release.promote import current_release, list_releases
from pipelines.release.reading import connect, literal, rows
from pipelines.settings import DUCKDB_FILE, Workspace
from pipelines.store.whole import replace_json

WITHDRAWN = "intermediate.int_maturity__withdrawn"
NAMING = ("pub_driver_maturity", "pub_maturity_responses")


def note_withdrawals(workspace: Workspace, kept: Path | None = None) -> list[Path]:
    """Writes a note beside each earlier release of this origin that a withdrawal concerns. Returns the notes.

    A release is concerned if it was built after a submission that was shared nationally came in, and before it was
    withdrawn. An organisation is named only where that release names it. kept: what `keep` wrote when the release that
    is served was built; without it, the build file is asked.
    """
    withdrawn, served = _read(kept) if kept else _withdrawn(workspace), current_release(workspace)
    if not withdrawn or served is None:
        return []
    notes = []
    for release in list_releases(workspace):
        folder = workspace.releases / release.release_id
        is_synthetic = workspace.origin == "synthetic"
        if release.is_synthetic == is_synthetic and folder.resolve() != served:
            concerned = [row for row in withdrawn if _was_in(row, _built_at(folder))]
            notes += [_write(folder, served.name, concerned)] if concerned else []
    return notes


def keep(workspace: Workspace, path: Path) -> Path:
    """Writes what was withdrawn when the build file was made, for a release that waits."""
    path.write_text(json.dumps(_withdrawn(workspace), default=str, indent=1), encoding="utf-8")
    return path


def is_more_withdrawn(workspace: Workspace, kept: Path) -> bool:
    """Whether the build file knows of a withdrawal that `keep` did not."""
    known = _read(kept)
    return any(row not in known for row in _withdrawn(workspace))


def note_path(folder: Path) -> Path:
    """Where the note about a release lies, if there is one."""
    return folder.with_name(f"{folder.name}.withdrawals.json")


def _withdrawn(workspace: Workspace) -> list[dict[str, Any]]:
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        return rows(
            connection,
            f"select org_code, instrument_version, round_key, received_at, withdrawn_at from {WITHDRAWN} "
            "where was_shared_nationally order by all",
        )


def _read(kept: Path) -> list[dict[str, Any]]:
    lines = json.loads(kept.read_text(encoding="utf-8"))
    times = ("received_at", "withdrawn_at")
    return [line | {name: line[name] and datetime.fromisoformat(line[name]) for name in times} for line in lines]


def _built_at(folder: Path) -> datetime:
    return datetime.fromisoformat(read_manifest(folder)["built_at"].removesuffix("Z"))


def _was_in(row: dict[str, Any], built_at: datetime) -> bool:
    """Where a time is not known, the release is taken to be concerned."""
    came, went = row["received_at"], row["withdrawn_at"]
    return (came is None or came <= built_at) and (went is None or built_at <= went)


def _write(folder: Path, served: str, concerned: list[dict[str, Any]]) -> Path:
    rounds = sorted({(row["instrument_version"], row["round_key"]) for row in concerned})
    content = {
        "release_id": folder.name,
        "note": "This release holds answers that their organisation has withdrawn since. Use a later release.",
        "first_without_them": served,
        "withdrawn": [_entry(folder, concerned, *each) for each in rounds],
    }
    path = note_path(folder)
    if path.exists():
        # The first release without them stays the one that was first, unless something was withdrawn since.
        earlier = json.loads(path.read_text(encoding="utf-8"))
        if earlier["withdrawn"] == content["withdrawn"]:
            return path
    return replace_json(path, content)


def _entry(folder: Path, concerned: list[dict[str, Any]], version: str, round_key: str) -> dict[str, Any]:
    mine = {
        row["org_code"] for row in concerned if (row["instrument_version"], row["round_key"]) == (version, round_key)
    }
    named = sorted(mine & _named_in(folder, round_key))
    # How many they are is not told: with the counts of two releases it would say how many have come since.
    return {"instrument_version": version, "round_key": round_key, "named": named}


def _named_in(folder: Path, round_key: str) -> set[str]:
    with connect(folder / DUCKDB_FILE) as connection:
        return {
            code
            for table in NAMING
            for (code,) in connection.execute(
                f"select distinct org_code from {table} where org_code is not null and round_key = {literal(round_key)}"
            ).fetchall()
        }
