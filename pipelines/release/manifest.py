"""The manifest of a release: what it is, what it was made from, and the SHA-256 of every file.

Belongs here: writing manifest.json, and verifying a folder against it. Does not belong here: whether the
content is good (gate.py) or whether it is served (promote.py).

`manifest.sha256` is in the format of sha256sum: the manifest itself first, its signature if there is one, then every
file that the manifest lists. So these three need no entry in the manifest, and no byte of them can change unseen.
"""

from __future__ import annotations

import json
import platform
from importlib.metadata import version
from pathlib import Path
from typing import Any

import duckdb

from pipelines.errors import Fault, Faults
from pipelines.release import signing
from pipelines.release.export import table_of
from pipelines.release.marks import data_origin
from pipelines.release.reading import connect, literal, release_info, row_counts
from pipelines.settings import DUCKDB_FILE, PROJECT_ROOT, Workspace
from pipelines.store.snapshots import sha256_of

MANIFEST = "manifest.json"
SIGNATURE = "manifest.json.sig"
CHECKSUMS = "manifest.sha256"
SEAL = (MANIFEST, SIGNATURE, CHECKSUMS)
TOOLS = (
    "duckdb",
    "polars",
    "dbt-core",
    "dbt-duckdb",
    "dagster",
    "pandera",
    "great-expectations",
)


def write_manifest(
    candidate: Path,
    workspace: Workspace,
    fingerprint: str,
    calendar: dict[str, Any] | None = None,
    correction: dict[str, str] | None = None,
) -> Path:
    """Write manifest.json and manifest.sha256 into a complete candidate, and return the former's path.

    fingerprint: the caller's digest of everything the release depends on. calendar: the entry of the release calendar
    that it was built for; None where there is no embargo. correction: which release it corrects, and what was wrong.
    """
    with connect(candidate / DUCKDB_FILE) as connection:
        info = release_info(connection)
        rows = row_counts(connection)
    content = {
        "release_id": info["release_id"],
        "schema_version": info["schema_version"],
        "built_at": info["built_at"].isoformat() + "Z",
        "data_origin": data_origin(info["is_synthetic"]),
        "is_synthetic": info["is_synthetic"],
        "code_version": info["code_version"],
        "as_at": info["as_at"] and info["as_at"].isoformat(),
        "calendar": calendar,
        "corrects": None,
        "correction_reason": None,
        **(correction or {}),
        "previous_release": workspace.current.resolve().name if workspace.current.exists() else None,
        "fingerprint": fingerprint,
        "tools": tool_versions(),
        "lock_sha256": sha256_of(PROJECT_ROOT / "uv.lock") if (PROJECT_ROOT / "uv.lock").exists() else None,
        "inputs": input_editions(workspace),
        "tables": rows,
        "files": [_entry(candidate, path, rows) for path in _files(candidate)],
    }
    path = candidate / MANIFEST
    path.write_text(json.dumps(content, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    write_checksums(candidate)
    return path


def sign_manifest(candidate: Path, key: Path) -> Path:
    """Write manifest.json.sig, and manifest.sha256 with it. Raises Fault where the key cannot sign."""
    signature = signing.sign(candidate / MANIFEST, key, signing.BUILD)
    write_checksums(candidate)
    return signature


def write_checksums(folder: Path) -> None:
    """Write manifest.sha256 from the manifest and its signature as they are."""
    (folder / CHECKSUMS).write_text(_checksums(folder), encoding="utf-8")


def read_manifest(folder: Path) -> dict:
    """The manifest of a release or candidate; FileNotFoundError if it has none."""
    return json.loads((folder / MANIFEST).read_text(encoding="utf-8"))


def tool_versions() -> dict[str, str]:
    """The versions of what built the release."""
    return {"python": platform.python_version()} | {tool: version(tool) for tool in TOOLS}


def input_editions(workspace: Workspace) -> list[dict]:
    """The accepted files, one entry each. A restricted source has one entry, whatever has come from it."""
    sources = workspace.staged / "registry_sources" / "*.parquet"
    editions = workspace.staged / "registry_editions" / "*.parquet"
    with duckdb.connect() as connection:
        rows = connection.execute(
            "select distinct s.source_id, e.edition, e.vintage, e.sha256, e.bytes, e.source_file "
            f"from read_parquet({literal(sources)}, union_by_name = true) as s "
            f"left join read_parquet({literal(editions)}, union_by_name = true) as e "
            "on e.source_id = s.source_id and e.outcome = 'accepted' and not s.is_restricted "
            "where e.source_id is not null or s.is_restricted order by all"
        ).fetchall()
    return [_input(*row) for row in rows]


def _input(source_id: str, edition: str | None, vintage: str, sha256: str, size: int, file: str) -> dict:
    if edition is None:
        return {"source_id": source_id, "is_restricted": True}
    told = {"source_id": source_id, "sha256": sha256, "bytes": size}
    return told | {"edition": edition, "vintage": vintage, "file": Path(file).name}


def verify(folder: Path) -> list[Fault]:
    """What differs between a folder and its manifest: missing, altered and extra files. Empty if nothing.

    Whose release it is, only the signature can tell (verifying.py).
    """
    missing = [name for name in (MANIFEST, CHECKSUMS) if not (folder / name).is_file()]
    if missing:
        return [_fault(folder, f"{' and '.join(missing)} missing", "no list of what belongs here")]
    faults = _of_the_seal(folder)
    if faults:
        return faults
    listed = {entry["path"]: entry for entry in read_manifest(folder)["files"]}
    present = {path.relative_to(folder).as_posix(): path for path in _files(folder)}
    gone = [_fault(folder, f"{path} missing", "no such file") for path in sorted(listed.keys() - present)]
    extra = [_fault(folder, f"{path} extra", "not listed") for path in sorted({*present, *_empty(folder)} - {*listed})]
    altered = [
        _fault(folder, f"{path} altered", f"{present[path].lstat().st_size} bytes, another SHA-256")
        for path in sorted(listed.keys() & present)
        if not _is_as_listed(present[path], listed[path])
    ]
    return gone + extra + altered


def verify_or_raise(folder: Path) -> None:
    """Raises Faults where a folder is not as its manifest says."""
    faults = verify(folder)
    if faults:
        raise Faults(faults)


def _of_the_seal(folder: Path) -> list[Fault]:
    """What is wrong with the manifest, its signature or its checksums, before any other file is looked at."""
    if _recorded_sha256(folder) != sha256_of(folder / MANIFEST):
        return [_fault(folder, f"{MANIFEST} altered", f"another SHA-256 than {CHECKSUMS} says")]
    links = [name for name in SEAL if (folder / name).is_symlink()]
    if links:
        return [_fault(folder, f"{' and '.join(links)} altered", "a link in place of a file")]
    try:
        expected = _checksums(folder)
    except (KeyError, TypeError, ValueError) as error:
        return [_fault(folder, f"{MANIFEST} altered", f"it is no manifest: {error}")]
    if (folder / CHECKSUMS).read_bytes() != expected.encode():
        words = f"{CHECKSUMS} or {SIGNATURE} altered"
        return [_fault(folder, words, f"other lines than {MANIFEST} and {SIGNATURE} give")]
    return []


def _fault(folder: Path, what: str, found: str) -> Fault:
    return Fault(
        where=f"release {folder.name}: {what}",
        found=found,
        expected=f"exactly the files, bytes and SHA-256 of {MANIFEST}",
        likely="a file was edited, added or removed by hand, or a copy was cut short",
        todo="do not use this copy; take the release from a backup or build a new one",
    )


def _is_as_listed(path: Path, entry: dict) -> bool:
    """A link is never as listed: what it points to can change."""
    return not path.is_symlink() and path.is_file() and sha256_of(path) == entry["sha256"]


def _recorded_sha256(folder: Path) -> str:
    """The manifest's own SHA-256, from the first line of the checksums."""
    return (folder / CHECKSUMS).read_text(encoding="utf-8", errors="replace").partition(" ")[0]


def _files(folder: Path) -> list[Path]:
    """All files and links but the manifest, its signature and its checksums, sorted."""
    paths = (path for path in folder.rglob("*") if path.is_symlink() or not path.is_dir())
    return sorted(path for path in paths if path.relative_to(folder).as_posix() not in SEAL)


def _empty(folder: Path) -> list[str]:
    """Folders without anything in them: a name can tell something, too."""
    folders = (path for path in folder.rglob("*") if path.is_dir() and not path.is_symlink())
    return [path.relative_to(folder).as_posix() for path in folders if not any(path.iterdir())]


def _entry(folder: Path, path: Path, rows: dict[str, int]) -> dict:
    relative = path.relative_to(folder)
    entry = {"path": relative.as_posix(), "bytes": path.stat().st_size, "sha256": sha256_of(path)}
    if relative.parts[0] in ("csv", "parquet"):
        entry["rows"] = rows[table_of(path)]
    return entry


def _checksums(folder: Path) -> str:
    """The lines of sha256sum: of the manifest and its signature as they are, and of each file as it is listed."""
    seal = [name for name in (MANIFEST, SIGNATURE) if (folder / name).exists()]
    lines = [(sha256_of(folder / name), name) for name in seal]
    lines += [(entry["sha256"], entry["path"]) for entry in read_manifest(folder)["files"]]
    return "".join(f"{sha256}  {path}\n" for sha256, path in lines)
