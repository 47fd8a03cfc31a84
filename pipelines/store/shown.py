"""What each release showed that rests on self-assessments: which figures, and the members behind them.

Belongs here: keeping it, for its owner's eyes only, and reading it back. Does not belong here: what follows from it
for the next release (statistics/), or choosing the figures (dbt). No release holds any of it.

Nothing here is ever taken away: a release that is no longer served has still been seen.
"""

from __future__ import annotations

import re
from pathlib import Path

import duckdb
import polars as pl

from pipelines.settings import Workspace
from pipelines.store.snapshots import make_private, sha256_of
from pipelines.store.whole import copy_whole, partial_of, put_in_place

COLUMNS = pl.Schema(
    {
        "table_name": pl.String(),
        "group_key": pl.String(),
        "block_key": pl.String(),
        "cell_key": pl.String(),
        "member_key": pl.String(),
        "is_unnamed": pl.Boolean(),
        "is_shown": pl.Boolean(),
    }
)
SCHEMA = pl.Schema({"release_rank": pl.Int32(), **COLUMNS})
FIGURES = """
    select cells.table_name, cells.group_key, cells.block_key, cells.cell_key, cells.member_key, cells.is_unnamed,
        cells.is_shown
    from intermediate.int_disclosure__cells as cells
    inner join intermediate.int_disclosure__judged as judged
        using (table_name, group_key, block_key, cell_key)
    where not judged.is_held
    union all
    select 'int_maturity__admitted', instrument_family || '|' || round_key, 'leading', 'all', member_key,
        not may_be_named, false
    from intermediate.int_maturity__reportable
    where is_shared_nationally
    order by all
"""


def folder(workspace: Workspace) -> Path:
    """Beside the raw files: it cannot be rebuilt either."""
    return workspace.kept / "shown"


def keep(workspace: Workspace, path: Path) -> Path:
    """Writes what the build file lets a release show to a private file."""
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        frame = connection.execute(FIGURES).pl()
    make_private(path.parent)
    partial = partial_of(path, is_private=True)
    frame.select(COLUMNS.names()).write_parquet(partial, compression="zstd")
    return put_in_place(partial, path)


def admit(workspace: Workspace, release_id: str, kept: Path) -> Path:
    """Takes down what a release shows, which `keep` wrote when it was built.

    After the release lies in its place, so that figures of one that never goes out count for nothing; before it is
    served, so that no stop loses it.
    """
    make_private(folder(workspace))
    return copy_whole(kept, _path(workspace, release_id), is_private=True)


def digests(workspace: Workspace, leave_out: str) -> dict[str, str]:
    """The SHA-256 of what each release showed but one: what a release that waits was judged against."""
    paths = sorted(folder(workspace).glob("[0-9]*.parquet"))
    return {path.stem: sha256_of(path) for path in paths if path.stem != leave_out}


def history(workspace: Workspace) -> pl.DataFrame:
    """All of it, the newest release with release_rank 1. What was known on an earlier day is no release: nothing."""
    if workspace.as_at:
        return SCHEMA.to_frame()
    paths = sorted(folder(workspace).glob("[0-9]*.parquet"), key=_version, reverse=True)
    frames = [
        pl.read_parquet(path).select(pl.lit(rank, dtype=pl.Int32).alias("release_rank"), *COLUMNS)
        for rank, path in enumerate(paths, start=1)
    ]
    return pl.concat([SCHEMA.to_frame(), *frames])


def _path(workspace: Workspace, release_id: str) -> Path:
    return folder(workspace) / f"{release_id}.parquet"


def _version(path: Path) -> list[int]:
    return [int(part) for part in re.findall(r"\d+", path.stem)]
