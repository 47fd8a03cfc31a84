"""A dashboard for Superset as the zip that it imports: the database, its datasets, charts and one dashboard.

Belongs here: what the zip holds and that equal inputs give equal bytes. Does not belong here: what is shown and how,
which is data (datasets/, charts/, labels.yml, dashboard.yml), or starting Superset (tests/clients/superset.py).
"""

from __future__ import annotations

import zipfile
from pathlib import Path
from shutil import copyfile
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.clients import Route

FILE = "superset.zip"
STEPS = Path(__file__).with_name("README.md")
ROOT = "nhs_impact"
VERSION = "1.0.0"
TIME = "2026-01-01T00:00:00+00:00"
"""Superset wants a time in the zip and makes nothing of it; one that never changes keeps the bytes equal."""


def write_bundle(folder: Path, database: Route, *, replacing: bool = False) -> Path:
    """Write the zip for one route to the release, without a password, and say where it lies; the steps lie beside it.

    replacing: what Superset's `assets` interface wants, which overwrites what an earlier zip brought. The other kind is
    what its pages import; they leave in place what is there.
    """
    folder.mkdir(parents=True, exist_ok=True)
    copyfile(STEPS, folder / STEPS.name)
    path = folder / FILE
    with zipfile.ZipFile(path, "w", zipfile.ZIP_STORED) as bundle:
        for name, content in sorted(bundle_files(database, replacing=replacing).items()):
            bundle.writestr(zipfile.ZipInfo(f"{ROOT}/{name}"), _yaml(content))
    return path


def bundle_files(database: Route, *, replacing: bool = False) -> dict[str, dict[str, Any]]:
    """Every file of the zip, by its name."""
    from pipelines.clients.superset import charts, dashboard, databases, datasets

    kind = "assets" if replacing else "Dashboard"
    return (
        {"metadata.yaml": {"version": VERSION, "type": kind, "timestamp": TIME}}
        | {f"databases/{ROOT}.yaml": databases.database(database)}
        | {f"datasets/{ROOT}/{name}.yaml": content for name, content in datasets.datasets(database).items()}
        | {f"charts/{name}.yaml": content for name, content in charts.charts(database).items()}
        | {f"dashboards/{ROOT}.yaml": dashboard.dashboard(database)}
    )


def _yaml(content: dict[str, Any]) -> str:
    import yaml

    return yaml.safe_dump(content, sort_keys=False, allow_unicode=True, width=1000)
