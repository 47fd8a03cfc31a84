"""What lies under IMPACT_HOME: what a backup keeps, and what can be made again. The one place that knows.

Belongs here: every kind of file and folder, with the reason. Does not belong here: copying (backup.py), putting it
back (restore.py).

What nobody has declared is kept: a backup that is too large does less harm than one that lacks something.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

ORIGINS = ("published", "synthetic")


@dataclass(frozen=True)
class Kind:
    """One kind of state. path: below IMPACT_HOME; `*` stands for the origin, or for any name within a folder.

    is_kept: whether a backup holds it. is_fixed: whether its files never change once they are there.
    is_private: whether nobody but its owner may look into it.
    """

    path: str
    why: str
    is_kept: bool = True
    is_fixed: bool = False
    is_private: bool = False

    def holds(self, path: PurePosixPath) -> bool:
        """Whether a path below IMPACT_HOME is this kind or lies in it."""
        pattern = PurePosixPath(self.path).parts
        parts = path.parts[: len(pattern)]
        return len(parts) == len(pattern) and all(map(fnmatchcase, parts, pattern))


KINDS = (
    Kind("keys", "keys of this home, and whose key may sign what", is_private=True),
    Kind("releases", "releases, and what was said of them afterwards", is_fixed=True),
    Kind("waiting", "releases that are sealed and not out, with approvals", is_private=True),
    Kind("refused", "why candidates were refused"),
    Kind("serving", "which release readers get, and the web root"),
    Kind("docs", "how the tables of each release are computed"),
    Kind("evidence", "what `impact release evidence` wrote"),
    Kind("logs", "log lines of the last months"),
    Kind("dagster", "run history, and which schedules are switched on"),
    Kind("*/raw", "files as they came in; everything else is made of them", is_fixed=True),
    Kind("*/fetched", "files as their servers gave them, and the log of the requests", is_fixed=True),
    Kind("*/shown", "what earlier releases showed; later ones are held against it", is_private=True),
    Kind("*/restricted", "what a release shows to those who may see more", is_fixed=True, is_private=True),
    Kind("*/decisions.json", "what people decided on single files"),
    Kind("*/explanations.json", "why indicators moved"),
    Kind("*/waivers.json", "which checks need not hold, until when"),
    Kind("*/correction.json", "the correction that the next build is to carry"),
    Kind("*/alerts", "what a person was told already"),
    Kind("*/inbox_taken.json", "what of the inbox has been taken in"),
    Kind("*/at_work.json", "how the last run of each job failed, if it did"),
    Kind("*/operations", "fct_pipeline_runs"),
    Kind("*/[0-9]*.behind", "what a publication that was stopped needs to be finished", is_private=True),
    Kind("refresh.lock", "taken anew by each writer", is_kept=False),
    Kind(".rebuild-*", "left by `verify --rebuild` that was stopped", is_kept=False),
    Kind("*/sample", "written again by the same code", is_kept=False),
    Kind("*/landing", "copied again from the inbox; what was taken in lies in raw", is_kept=False),
    Kind("*/left_alone.json", "written by each refresh", is_kept=False),
    Kind("*/staged", "read again from raw", is_kept=False),
    Kind("*/set_aside", "read again from raw", is_kept=False),
    Kind("*/rejected", "read again from raw", is_kept=False),
    Kind("*/fingerprint.txt", "written by each refresh", is_kept=False),
    Kind("*/dbt_target", "parsed again from the dbt project", is_kept=False),
    Kind("*/warehouse", "built again by dbt", is_kept=False, is_private=True),
    Kind("*/candidate", "a release has been made of it, or it was refused", is_kept=False),
    Kind("*/withheld.parquet", "written with each candidate", is_kept=False),
    Kind("*/as-at", "what was known on earlier days, built again when it is asked for", is_kept=False),
)
"""Every kind of state. A test fails when a run leaves something that is none of them."""


def kind_of(path: PurePosixPath) -> Kind | None:
    """What a path below IMPACT_HOME is; None for what nobody has declared, and for the folders of the origins."""
    return next((kind for kind in KINDS if kind.holds(path)), None)


def undeclared(home: Path) -> list[PurePosixPath]:
    """What lies in a home and is of no known kind."""
    return [path for path in _entries(home) if kind_of(path) is None]


def kept(home: Path, is_everything: bool = False, only_fixed: bool = False) -> Iterator[Path]:
    """The files, folders and links that a backup holds, each folder before what is in it; of every kind if wished."""
    for entry in _entries(home):
        kind = kind_of(entry)
        is_wanted = is_everything or kind is None or kind.is_kept
        if is_wanted and (not only_fixed or (kind is not None and kind.is_fixed)):
            yield home / entry
            yield from _below(home / entry)


def folders(home: Path) -> list[Path]:
    """The folders of the origins that are there."""
    return [home / origin for origin in ORIGINS if (home / origin).is_dir()]


def _entries(home: Path) -> list[PurePosixPath]:
    """What lies directly in a home, and in the folder of each origin."""
    direct = [path for path in home.iterdir() if path.name not in ORIGINS]
    of_origins = [path for folder in folders(home) for path in folder.iterdir()]
    return sorted(PurePosixPath(path.relative_to(home)) for path in [*direct, *of_origins])


def _below(folder: Path) -> list[Path]:
    """A link is not followed."""
    return sorted(folder.rglob("*")) if folder.is_dir() and not folder.is_symlink() else []
