"""The static site of a release: pages that open from disk and over HTTP, without JavaScript and without the network.

Belongs here: the order in which the pages are made, and the files that all of them need. Does not belong here: what a
page says (the module of each kind of page), how it looks (templates, assets), figures (the candidate's tables).
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

from pipelines.release.reading import connect
from pipelines.release.record import Record
from pipelines.release.site import about, drivers, heatmap, home, indicators, organisations, quality
from pipelines.release.site.charts import Charts
from pipelines.release.site.pages import FOLDER, Page, Renderer, Site
from pipelines.settings import DUCKDB_FILE

MAKERS: tuple[Callable[[Site], Iterator[Page]], ...] = (
    home.pages,
    drivers.pages,
    heatmap.pages,
    indicators.pages,
    organisations.pages,
    quality.pages,
    about.pages,
)
"""Everything that makes pages. A page is in the site because its maker stands here."""

ASSETS = Path(__file__).with_name("assets")
ASSET_TYPES = (".css", ".js", ".svg")


def write_site(candidate: Path, record: Record) -> list[Path]:
    """Write `site/` into the candidate from its released tables, and return what was written.

    The figures of indicators are read from the static interface, which must be there.
    """
    renderer = Renderer(candidate, record)
    charts = Charts(candidate, record)
    with connect(candidate / DUCKDB_FILE) as connection:
        site = Site(candidate, connection, record, charts)
        written = [renderer.write(page) for maker in MAKERS for page in maker(site)]
    return [*_copy_assets(candidate / FOLDER / "assets"), *charts.written, *written]


def _copy_assets(folder: Path) -> list[Path]:
    folder.mkdir(parents=True, exist_ok=True)
    assets = sorted(path for path in ASSETS.iterdir() if path.suffix in ASSET_TYPES)
    return [shutil.copyfile(path, folder / path.name) for path in assets]
