"""Releases that are out, as small as they may be: for tests of what follows a release.

Belongs here: folders in the shape of a release, a home that holds them, and the web root over HTTP. Does not belong
here: any figure, or a test.
"""

from __future__ import annotations

import hashlib
import json
import threading
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from email.message import Message
from pathlib import Path

from pipelines.release.correcting import carried_by
from pipelines.release.promote import serve
from pipelines.release.web.serving import server
from pipelines.settings import Workspace
from pipelines.store.snapshots import sha256_of

SECRET = "figure of {version}"
PAGE = """<!doctype html>
<html lang="en-GB"><head><title>{title}</title><link rel="stylesheet" href="{up}assets/style.css"></head>
<body><a href="#main">Skip</a><main id="main">{marker}
<h1>{title}</h1><p>{secret}</p>
<a href="{up}index.html">Home</a> <a href="{up}releases.html#top">Releases</a> <a href="{up}../csv/values.csv">Data</a>
</main></body></html>
"""
PAGES = {
    "site/index.html": ("", "<!-- alerts -->"),
    "site/releases.html": ("", "<!-- alerts -->"),
    "site/indicators/rtt_18_weeks.html": ("../", ""),
}


def out(workspace: Workspace, version: str, built_at: str = "2026-11-22T09:30:00Z") -> Path:
    """A release that is out and served."""
    folder = workspace.releases / version
    secret = SECRET.format(version=version)
    files = {path: PAGE.format(title=version, secret=secret, up=up, marker=mark) for path, (up, mark) in PAGES.items()}
    files |= {
        "site/assets/style.css": "body { color: black }",
        "csv/values.csv": f"org_code,value\r\nZX001,{secret}\r\n",
        "parquet/values.parquet": "PAR1",
        "nhs_impact_warehouse.duckdb": secret,
        "api/v1/index.json": json.dumps({"release_id": version}),
        "api/v1/indicators/rtt_18_weeks.json": json.dumps({"release_id": version}),
        "api/v1/indicators/rtt_18_weeks/data.csv": secret,
    }
    for path, text in files.items():
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        (folder / path).write_text(text, newline="")
    (folder / "manifest.json").write_text(json.dumps(_manifest(workspace, folder, version, built_at)))
    serve(workspace, version)
    return folder


def _manifest(workspace: Workspace, folder: Path, version: str, built_at: str) -> dict[str, object]:
    files = [{"path": path.relative_to(folder).as_posix(), "bytes": path.stat().st_size} for path in _files(folder)]
    return {
        "release_id": version,
        "built_at": built_at,
        "is_synthetic": workspace.origin == "synthetic",
        "schema_version": 1,
        "tables": {"pub_measure_values": 1200},
        "files": files,
        **(carried_by(workspace, version) or {}),
    }


def archive(workspace: Workspace) -> str:
    """A digest of every byte and name of every release folder."""
    digest = hashlib.sha256()
    for folder in sorted(path for path in workspace.releases.iterdir() if path.is_dir()):
        for path in _files(folder):
            digest.update(f"{path.relative_to(workspace.releases)} {sha256_of(path)}\n".encode())
    return digest.hexdigest()


def _files(folder: Path) -> list[Path]:
    return sorted(path for path in folder.rglob("*") if path.is_file())


@contextmanager
def online(workspace: Workspace) -> Iterator[str]:
    """The web root on a free port of this machine; its address."""
    with server(workspace.web, 0) as running:
        thread = threading.Thread(target=running.serve_forever, kwargs={"poll_interval": 0.01})
        thread.start()
        try:
            yield f"http://127.0.0.1:{running.server_port}/"
        finally:
            running.shutdown()
            thread.join()


def get(address: str) -> tuple[int, Message, str]:
    """Status, headers and text of an answer."""
    try:
        with urllib.request.urlopen(address, timeout=10) as answer:
            return answer.status, answer.headers, answer.read().decode()
    except urllib.error.HTTPError as error:
        with error:
            return error.code, error.headers, ""
