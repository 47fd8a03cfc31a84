"""Where things lie on this machine, read once from the environment.

Belongs here: folders, file names and limits that differ between installations. Does not belong here:
anything about a publisher (sources/*.yml) or about what a column means (schemas/).
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

Origin = Literal["synthetic", "published"]

PROJECT_ROOT = Path(__file__).resolve().parents[1]
SOURCES_DIR = PROJECT_ROOT / "sources"
DBT_PROJECT_DIR = PROJECT_ROOT / "dbt_project"
DUCKDB_FILE = "nhs_impact_warehouse.duckdb"


def seed_path(seed: str) -> Path:
    """Where a list of reference data lies."""
    return DBT_PROJECT_DIR / "seeds" / f"{seed}.csv"


def home() -> Path:
    """The folder that holds all state: `IMPACT_HOME`, or `.impact/` in the project."""
    return Path(os.environ.get("IMPACT_HOME") or PROJECT_ROOT / ".impact").expanduser().resolve()


@dataclass(frozen=True)
class Workspace:
    """The folders of one data origin. Synthetic and published data share no folder before `releases/`."""

    root: Path
    origin: Origin

    @property
    def base(self) -> Path:
        """Everything of this origin that can be rebuilt, and its raw files."""
        return self.root / self.origin

    @property
    def sample(self) -> Path:
        """The synthetic sample as files in the publishers' layouts."""
        return self.base / "sample"

    @property
    def raw(self) -> Path:
        """Files as published, content-addressed; never rewritten."""
        return self.base / "raw"

    @property
    def landing(self) -> Path:
        """Copies of what lies in an inbox that is no folder of this machine."""
        return self.base / "landing"

    @property
    def staged(self) -> Path:
        """Accepted rows, one parquet file per edition and vintage; read by dbt."""
        return self.base / "staged"

    @property
    def rejected(self) -> Path:
        """Rejected rows with their reasons, one parquet file per edition and vintage."""
        return self.base / "rejected"

    @property
    def warehouse(self) -> Path:
        """The file that dbt builds. Nobody else reads it while dbt writes."""
        return self.base / "warehouse" / "build.duckdb"

    @property
    def fingerprint(self) -> Path:
        """What the staged rows, the code and the models hash to; a release is made only when it changed."""
        return self.base / "fingerprint.txt"

    @property
    def candidate(self) -> Path:
        """The release that the gate is looking at."""
        return self.base / "candidate"

    @property
    def releases(self) -> Path:
        """Releases, one folder each; never rewritten."""
        return self.root / "releases"

    @property
    def refused(self) -> Path:
        """Why candidates were refused, one folder per refusal."""
        return self.root / "refused"

    @property
    def current(self) -> Path:
        """The pointer that analysts and BI tools follow."""
        return self.root / "serving" / "current"


def _folder(variable: str) -> Path | None:
    value = os.environ.get(variable)
    return Path(value).expanduser().resolve() if value else None


def published_files() -> Path | None:
    """Where published files are looked for: `IMPACT_FROM`, or None for no folder."""
    return _folder("IMPACT_FROM")


def inbox() -> str | None:
    """Where submissions are dropped, a folder or a URL: `IMPACT_SUBMISSIONS`, or None for no inbox."""
    return os.environ.get("IMPACT_SUBMISSIONS") or None


def may_replace_published() -> bool:
    """Whether synthetic figures may take the place of published ones that are being served."""
    return os.environ.get("IMPACT_REPLACE_PUBLISHED") == "yes"


def workspace() -> Workspace:
    """The workspace of this process: `IMPACT_HOME` and `IMPACT_ORIGIN` (default: synthetic)."""
    origin = os.environ.get("IMPACT_ORIGIN", "synthetic")
    if origin not in ("synthetic", "published"):
        raise ValueError(f"IMPACT_ORIGIN is {origin!r}; expected 'synthetic' or 'published'")
    return Workspace(home(), origin)
