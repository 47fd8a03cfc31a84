"""Pages about the release itself: methods, revisions, releases, accessibility, how to cite, downloads.

Belongs here: the facts that these pages are filled with. Does not belong here: their wording (templates) and what the
head of profession decides (policy/*.yml).
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import yaml

from pipelines.release.site.home import next_release
from pipelines.release.site.pages import Page, Site, filled, first
from pipelines.release.site.words import policy

ACCESSIBILITY = Path(__file__).parents[1] / "policy" / "accessibility.yml"
_PUBLISHERS = """
    select source_id as "Source", edition as "Edition", published_on as "Published on", rows_changed as "Rows changed",
        rows_added as "Rows added", rows_removed as "Rows removed", organisations as "Organisations",
        largest as "Largest"
    from pub_revisions order by published_on desc nulls last, source_id, edition
"""
_CHANGES = """
    select table_name as "Table", indicator_id as "Indicator", change as "Change", reason as "Reason", n_rows as "Rows",
        n_organisations as "Organisations", sentence as "In words"
    from pub_release_changes order by table_name, indicator_id nulls first, change, reason
"""
_FROM = "select max(release_from) as release_from from pub_release_changes"


def pages(site: Site) -> Iterator[Page]:
    """Six pages; each says the same in every release but for its facts."""
    record = site.record
    restricted = [source for source in record.sources if source.is_restricted]
    yield Page("methods.html", "Methods", "methods.html", {"restricted": restricted})
    yield Page("revisions.html", "Revisions", "revisions.html", _revisions(site))
    yield Page("releases.html", "Releases", "releases.html", {"next_release": next_release(record)})
    yield Page("accessibility.html", "Accessibility statement", "accessibility.html", _accessibility())
    yield Page("cite.html", "How to cite", "cite.html", {"year": record.built_at.year})
    yield Page("downloads.html", "Downloads", "downloads.html", _downloads(site))


def _accessibility() -> dict[str, Any]:
    return {"statement": yaml.safe_load(ACCESSIBILITY.read_text(encoding="utf-8"))}


def _revisions(site: Site) -> dict[str, Any]:
    """What differs from the last release, where the candidate holds that, and what publishers revised themselves."""
    files = [f"revisions{site.record.suffix}.{suffix}" for suffix in ("csv", "parquet")]
    context: dict[str, Any] = {"changes": None, "release_from": None}
    if site.has("pub_release_changes"):
        context["changes"] = first(filled(site.frame(_CHANGES), "none"))
        context["release_from"] = site.rows(_FROM)[0]["release_from"]
    present = [name for name in files if (site.folder / name).exists()]
    return context | {"publishers": first(filled(site.frame(_PUBLISHERS), "[x]")), "files": present}


def _downloads(site: Site) -> dict[str, Any]:
    """Every table with its files, the other files of the release that are there by now, and the dictionary."""
    suffix = site.record.suffix
    listed = [(entry["path"].format(S=suffix), entry["title"]) for entry in policy()["downloads"]]
    others = [{"path": path, "title": title, "bytes": _size(site, path)} for path, title in listed]
    tables = [
        {"table": table, "files": [_file(site, table.name, kind) for kind in ("csv", "parquet")]}
        for table in site.record.tables
    ]
    return {"tables": tables, "others": [entry for entry in others if entry["bytes"]]}


def _file(site: Site, table: str, kind: str) -> dict[str, Any]:
    path = f"{kind}/{table}{site.record.suffix}.{kind}"
    return {"kind": kind, "path": path, "bytes": _size(site, path)}


def _size(site: Site, path: str) -> int:
    """Bytes of a file of the candidate; 0 where it is not there."""
    file = site.folder / path
    return file.stat().st_size if file.is_file() else 0
