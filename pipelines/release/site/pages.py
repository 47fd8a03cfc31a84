"""Pages and how they are written: one page is a template, what it is filled with, and where it stands.

Belongs here: what every page shares: links, navigation, how a cell of a table is shown. Does not belong here: what any
single page says.
"""

from __future__ import annotations

import posixpath
import re
from dataclasses import dataclass, field
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
from jinja2 import Environment, FileSystemLoader, StrictUndefined

from pipelines.release.reading import table_names
from pipelines.release.record import Record
from pipelines.release.site.charts import Charts
from pipelines.release.site.words import level, number

FOLDER = "site"
TEMPLATES = Path(__file__).with_name("templates")
NAVIGATION = (
    ("Overview", "index.html"),
    ("Drivers", "drivers/index.html"),
    ("Indicators", "indicators/index.html"),
    ("Organisations", "organisations/index.html"),
    ("Heat map", "map.html"),
    ("Methods", "methods.html"),
    ("Quality", "quality.html"),
    ("Downloads", "downloads.html"),
)
"""Text and page of the links in the header."""

Crumbs = tuple[tuple[str, str], ...]

NUMBER = re.compile(r"(< )?−?[\d,.]+%?( \[\w\])*|(\[\w\])+")
"""A number as text, with codes in brackets after it, or codes alone."""


@dataclass(frozen=True)
class Page:
    """One page. path: below `site/`. crumbs: text and path of the pages above it, the overview left out."""

    path: str
    title: str
    template: str
    context: dict[str, Any] = field(default_factory=dict)
    crumbs: Crumbs = ()


@dataclass(frozen=True)
class Site:
    """What page makers work with: the candidate's folder and tables, its record, and the charts of this site.

    kept: what several makers need and is read only once, by name.
    """

    folder: Path
    connection: duckdb.DuckDBPyConnection
    record: Record
    charts: Charts
    kept: dict[str, Any] = field(default_factory=dict)

    def frame(self, sql: str) -> pl.DataFrame:
        """The rows of a select on released tables."""
        return self.connection.execute(sql).pl()

    def rows(self, sql: str) -> list[dict[str, Any]]:
        """The rows of a select on released tables, each by column name."""
        return self.frame(sql).to_dicts()

    def has(self, table: str) -> bool:
        """Whether this release holds the table."""
        return table in table_names(self.connection)


class Renderer:
    """Fills templates and writes pages below `site/` of one candidate."""

    def __init__(self, candidate: Path, record: Record) -> None:
        self.folder = candidate / FOLDER
        self.environment = _environment(record)

    def write(self, page: Page) -> Path:
        """Write one page and return its path. Raises jinja2.UndefinedError where a template lacks something."""
        path = self.folder / page.path
        path.parent.mkdir(parents=True, exist_ok=True)
        links = Links(posixpath.dirname(page.path))
        text = self.environment.get_template(page.template).render(page=page, to=links, **page.context)
        path.write_text(re.sub(r"\n\s*\n+", "\n", text).strip() + "\n", encoding="utf-8", newline="\n")
        return path


class Links:
    """Called with a path from `site/`, or with `../` from the release, gives the link to it from one page.

    Templates call it `to`; `{% import "macros.html" as m with context %}` hands it to the macros.
    """

    def __init__(self, here: str) -> None:
        self.here = here
        self.known: dict[str, str] = {}

    def __call__(self, path: str) -> str:
        """The relative link; the fragment stays."""
        if path not in self.known:
            self.known[path] = self._link(path)
        return self.known[path]

    def _link(self, path: str) -> str:
        target, _, fragment = path.partition("#")
        link = posixpath.relpath(target, self.here or ".") if target else ""
        return f"{link}#{fragment}" if fragment else link


@dataclass(frozen=True)
class Some:
    """The first rows of a frame, and how many there are in all."""

    frame: pl.DataFrame
    rows: int


def first(frame: pl.DataFrame, most: int = 50) -> Some:
    """As many rows as a page can hold; the rest is in the files."""
    return Some(frame.head(most), len(frame))


def filled(frame: pl.DataFrame, empty: str) -> pl.DataFrame:
    """A frame as a table shows it, with a word or code where there is nothing."""
    rows = [[empty if value is None else cell(value) for value in row] for row in frame.iter_rows()]
    return pl.DataFrame(rows, schema=dict.fromkeys(frame.columns, pl.String), orient="row")


def cell(value: object) -> str:
    """A value as a table shows it. Raises ValueError for an empty one: what is not there has a code that says why."""
    if value is None:
        raise ValueError("a cell of a table is empty; show the code of its value_status")
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, date):
        return day(value)
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else str(value)


def day(value: date) -> str:
    """A date as British readers write it: 22 November 2026."""
    return f"{value.day} {value:%B %Y}"


def size(count: int) -> str:
    """Bytes as readers count them."""
    if count < 1_000:
        return f"{count} bytes"
    return f"{count / 1_000:,.0f} kB" if count < 1_000_000 else f"{count / 1_000_000:,.1f} MB"


def slug(text: str) -> str:
    """A text as the id of an element."""
    return re.sub(r"[^a-z0-9]+", "-", text.lower()).strip("-")


def is_current(page: Page, path: str) -> bool:
    """Whether a link of the navigation leads to this page or to the pages around it."""
    folder = posixpath.dirname(path)
    return page.path == path or (folder != "" and posixpath.dirname(page.path) == folder)


def shown_columns(frame: pl.DataFrame) -> list[str]:
    """The columns that readers see; one that begins with an underscore says how to show a row."""
    return [column for column in frame.columns if not column.startswith("_")]


def numeric_columns(frame: pl.DataFrame) -> list[str]:
    """The columns that hold numbers, or numbers as text beside codes in brackets."""
    return [column for column in frame.columns if _is_numeric(frame[column])]


def _is_numeric(values: pl.Series) -> bool:
    if values.dtype.is_numeric():
        return True
    return values.dtype == pl.String and len(values) > 0 and all(map(NUMBER.fullmatch, values.drop_nulls()))


def environment(*folders: Path) -> Environment:
    """Fills templates of these folders, the first before the others. What a template lacks is an error."""
    return Environment(
        loader=FileSystemLoader(folders),
        autoescape=True,
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
    )


def _environment(record: Record) -> Environment:
    filled = environment(TEMPLATES)
    filled.filters |= {"cell": cell, "day": day, "slug": slug}
    filled.filters |= {"number": number, "level": level, "size": size}
    filled.filters |= {"shown_columns": shown_columns, "numeric_columns": numeric_columns}
    filled.globals |= {"record": record, "policy": record.policy, "is_synthetic": record.is_synthetic}
    filled.globals |= {"navigation": NAVIGATION, "is_current": is_current}
    return filled
