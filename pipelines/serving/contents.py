"""What the serving database must hold: the release that is served, and the answers that some may see by name.

Belongs here: choosing tables and rows. Does not belong here: copying them (load.py).

An answer is given to `impact_restricted` where its organisation lets national analysts see it under its name, drafts
never. They are kept when a release is built, for its makers alone, and belong to that release: while another one is
served, as after a rollback, nobody gets them.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines.release.manifest import read_manifest
from pipelines.release.marks import title_mark
from pipelines.release.promote import current_release
from pipelines.release.reading import connect, identifier, literal, table_names
from pipelines.serving.load import LAYOUT, Table, describe
from pipelines.settings import DUCKDB_FILE, Workspace
from pipelines.store.snapshots import make_private, sha256_of
from pipelines.store.whole import copy_whole, partial_of, put_in_place
from schemas import published

NAMED = "fct_maturity_responses"
MEANING = "Answers of self-assessments item by item, of organisations that let national analysts see them under their "
MEANING += "name; no drafts. One row for each submission and item. Not to be published."


@dataclass(frozen=True)
class Content:
    """What a schema is to hold. file: a DuckDB or parquet file, None for nothing. held: how its mark says so.

    words: for people. release: the DuckDB file of the release that it belongs to.
    """

    file: Path | None
    held: str | None
    words: str
    release: Path | None = None


def of_release(workspace: Workspace) -> Content:
    """The tables of the release that is served."""
    folder = current_release(workspace)
    if folder is None:
        return Content(None, None, "No release is served.")
    manifest = read_manifest(folder)
    (entry,) = [each for each in manifest["files"] if each["path"] == DUCKDB_FILE]
    words = f"{title_mark(manifest['is_synthetic'])}NHS IMPACT Warehouse, release {folder.name}."
    return Content(folder / DUCKDB_FILE, _held(folder.name, entry["sha256"]), words, folder / DUCKDB_FILE)


def of_restricted(workspace: Workspace) -> Content:
    """The answers that belong to the release that is served."""
    folder = current_release(workspace)
    if folder is None:
        return Content(None, None, "No release is served.")
    manifest = read_manifest(folder)
    file = kept(Workspace(workspace.root, "synthetic" if manifest["is_synthetic"] else "published"), folder.name)
    if not file.is_file():
        return Content(None, None, f"Nothing: the answers behind release {folder.name} are not kept any more.")
    words = f"{title_mark(manifest['is_synthetic'])}Answers behind release {folder.name} of the NHS IMPACT Warehouse."
    return Content(file, _held(folder.name, sha256_of(file)), words, folder / DUCKDB_FILE)


def kept(workspace: Workspace, release_id: str) -> Path:
    """Where the answers behind a release lie."""
    return workspace.kept / "restricted" / f"{release_id}.parquet"


def keep(workspace: Workspace, path: Path, release_id: str) -> Path:
    """Writes the answers that the build file lets national analysts see to a private file."""
    scopes = ", ".join(map(literal, published.NAMED_SCOPES))
    with duckdb.connect(str(workspace.warehouse), read_only=True) as connection:
        frame = connection.execute(
            f"select *, {literal(release_id)} as release_id from core.{NAMED} "
            f"where sharing_scope in ({scopes}) and submission_status <> 'draft' order by all"
        ).pl()
    make_private(path.parent)
    partial = partial_of(path, is_private=True)
    frame.write_parquet(partial, compression="zstd")
    return put_in_place(partial, path)


def admit(workspace: Workspace, release_id: str, waited: Path) -> Path:
    """Keeps the answers behind this release, in place of those behind earlier ones: what `keep` wrote at its build."""
    path = kept(workspace, release_id)
    if not waited.exists():
        # Built by a version of this program that kept none.
        return _alone(path)
    make_private(path.parent)
    return _alone(copy_whole(waited, path, is_private=True))


def _alone(path: Path) -> Path:
    for other in path.parent.glob("*.parquet"):
        if other != path:
            other.unlink()
    return path


@contextmanager
def opened(content: Content) -> Iterator[tuple[duckdb.DuckDBPyConnection, list[Table]]]:
    """The file of a content, and its tables as the server is to have them."""
    if content.file is None:
        with duckdb.connect() as connection:
            yield connection, []
    elif content.file == content.release:
        with connect(content.file) as connection:
            yield connection, [_released(connection, name) for name in table_names(connection)]
    else:
        with duckdb.connect() as connection:
            source = f"read_parquet({literal(content.file)})"
            yield connection, [describe(connection, NAMED, source, {None: MEANING} | _words_of(content.release))]


def _words_of(release: Path | None) -> dict[str | None, str]:
    """What the release says of columns of these names."""
    if release is None:
        return {}
    with connect(release) as connection:
        sql = "select column_name, max(description) from dictionary group by column_name"
        return {name: words or "" for name, words in connection.execute(sql).fetchall()}


def _released(connection: duckdb.DuckDBPyConnection, name: str) -> Table:
    comments: dict[str | None, str] = dict(
        connection.execute(
            f"select column_name, coalesce(comment, '') from duckdb_columns() where table_name = {literal(name)}"
        ).fetchall()
    )
    ((comments[None],),) = connection.execute(
        f"select coalesce(comment, '') from duckdb_tables() where table_name = {literal(name)}"
    ).fetchall()
    return describe(connection, name, identifier(name), comments)


def _held(release_id: str, sha256: str) -> str:
    return f"{release_id} {hashlib.sha256(f'{LAYOUT} {sha256}'.encode()).hexdigest()[:16]}"
