"""How invented figures are marked: in titles, in names of files, and in the data themselves.

Belongs here: the marks, and which data bear them. Does not belong here: sentences about invented figures, which the
outputs word each for its own readers.
"""

from __future__ import annotations

from schemas.published import DATA_ORIGINS

TITLE = "SYNTHETIC. "
SUFFIX = "_SYNTHETIC"


def title_mark(is_synthetic: bool) -> str:
    """What every title of synthetic data begins with."""
    return TITLE if is_synthetic else ""


def file_mark(is_synthetic: bool) -> str:
    """What every file name of synthetic data ends with."""
    return SUFFIX if is_synthetic else ""


def data_origin(is_synthetic: bool) -> str:
    """SYNTHETIC or published."""
    return DATA_ORIGINS["synthetic" if is_synthetic else "published"]
