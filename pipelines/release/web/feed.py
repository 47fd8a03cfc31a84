"""What machines read about all releases: the Atom feed (RFC 4287) and the index.

Belongs here: their content and form. Does not belong here: pages. Every moment comes from a release or a notice, never
from the clock, so the same releases give the same bytes.
"""

from __future__ import annotations

import json
import posixpath
from dataclasses import dataclass
from typing import Any
from xml.etree import ElementTree

from pipelines.release.history import Past, utc
from pipelines.release.web.alerts import page_of, told

ATOM = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True)
class Entry:
    """One entry of the feed. name: the last part of its id, which never changes."""

    name: str
    title: str
    summary: str
    updated: str
    path: str


def atom(releases: list[Past], policy: dict[str, Any]) -> str:
    """The feed: each release, and each thing that was said of one later; the newest first."""
    ElementTree.register_namespace("", ATOM)
    base, found = f"{policy['base_url']}/", entries(releases)
    feed = ElementTree.Element(f"{{{ATOM}}}feed", {"xml:lang": policy["language"], "xml:base": base})
    _add(feed, "id", f"{policy['tag_uri']}:releases")
    is_synthetic = any(past.facts.is_synthetic for past in releases)
    _add(feed, "title", policy["title"])
    _add(feed, "subtitle", "SYNTHETIC: every figure is invented. " * is_synthetic + policy["notice"])
    _add(feed, "updated", found[0].updated if found else policy["tag_since"])
    _add(_add(feed, "author"), "name", policy["publisher"])
    _add(feed, "rights", policy["licence"]["title"])
    _add(feed, "link", rel="self", type="application/atom+xml", href=f"{base}feed.atom")
    _add(feed, "link", rel="alternate", type="text/html", href=f"{base}releases/index.html")
    for entry in found:
        _add_entry(feed, entry, base, policy["tag_uri"])
    ElementTree.indent(feed)
    return '<?xml version="1.0" encoding="utf-8"?>\n' + ElementTree.tostring(feed, encoding="unicode") + "\n"


def entries(releases: list[Past]) -> list[Entry]:
    """All entries, the newest first."""
    found = [entry for past in releases for entry in (_release_entry(past), *_event_entries(past))]
    return sorted(found, key=lambda entry: (entry.updated, entry.name), reverse=True)


def index(releases: list[Past], announced: dict[str, Any], here: str) -> str:
    """The index as JSON. announced: what will go or has another name (policy/deprecations.yml). here: the folder of the
    file, from the web root; all links are relative to it."""
    current = [past.version for past in releases if past.is_current]
    content = {
        "current": current[0] if current else None,
        "links": {
            "latest": _from(here, "latest/") if current else None,
            "history": _from(here, "releases/index.html"),
            "feed": _from(here, "feed.atom"),
        },
        "releases": [_listed(past, here) for past in reversed(releases)],
        **announced,
    }
    return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def _listed(past: Past, here: str) -> dict[str, Any]:
    facts = past.facts
    folder = f"releases/{past.version}"
    manifest = None if past.is_withdrawn else _from(here, f"{folder}/manifest.json")
    return {
        "release_id": past.version,
        "state": past.state,
        "is_current": past.is_current,
        "is_synthetic": facts.is_synthetic,
        "built_at": utc(facts.built_at),
        "out_at": utc(facts.out_at),
        "schema_version": facts.schema_version,
        "manifest_sha256": facts.manifest_sha256,
        "holds_withdrawn_answers": past.holds_withdrawn,
        "links": {"page": _from(here, page_of(past.version)), "manifest": manifest},
        "notices": [
            {"kind": event.kind, "at": utc(event.at), "reason": event.reason, "release_id": event.release}
            for event in past.events
        ],
    }


def _release_entry(past: Past) -> Entry:
    data = "SYNTHETIC data" if past.facts.is_synthetic else "Published data"
    summary = f"{data}: {past.facts.tables} tables, {past.facts.rows:,} rows."
    return Entry(past.version, f"Release {past.version}", summary, utc(past.facts.out_at), page_of(past.version))


def _event_entries(past: Past) -> list[Entry]:
    """Numbered in the order in which they were told, so that their ids never change."""
    return [
        Entry(
            f"{past.version}/notices/{number}",
            f"Release {past.version}: {told(event).removeprefix('This release ')}",
            event.reason,
            utc(event.at),
            page_of(past.version),
        )
        for number, event in enumerate(past.events, start=1)
    ]


def _add_entry(feed: ElementTree.Element, entry: Entry, base: str, tag_uri: str) -> None:
    added = _add(feed, "entry")
    _add(added, "id", f"{tag_uri}:releases/{entry.name}")
    _add(added, "title", entry.title)
    _add(added, "updated", entry.updated)
    _add(added, "link", rel="alternate", type="text/html", href=base + entry.path)
    _add(added, "summary", entry.summary)


def _add(parent: ElementTree.Element, name: str, text: str | None = None, **attributes: str) -> ElementTree.Element:
    child = ElementTree.SubElement(parent, f"{{{ATOM}}}{name}", attributes)
    child.text = text
    return child


def _from(here: str, path: str) -> str:
    end = "/" if path.endswith("/") else ""
    return posixpath.relpath(f"/{path}", f"/{here}") + end
