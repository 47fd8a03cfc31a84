"""Reads pages as files and says what is wrong with them, without a browser.

Belongs here: links, pictures, captions and what a page loads. Does not belong here: how a page looks or behaves
(browser.py).
"""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADING = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src"}
"""What makes a browser ask for a file, and the attribute that says which."""


is_file = cache(os.path.isfile)
"""Thousands of links lead to few files. The pages of a test stay as they are."""


@dataclass
class Document(HTMLParser):
    """What a page holds that can be checked. captions: the text of each caption of a table or figure."""

    path: Path
    ids: list[str | None] = field(default_factory=list)
    links: list[str] = field(default_factory=list)
    loads: list[str] = field(default_factory=list)
    pictures: list[dict[str, str | None]] = field(default_factory=list)
    captions: list[str] = field(default_factory=list)
    _inside: str = ""

    def __post_init__(self) -> None:
        super().__init__()
        self.feed(self.path.read_text(encoding="utf-8"))

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.ids += [value for name, value in attrs if name == "id"]
        self.links += [value for name, value in attrs if (tag, name) == ("a", "href")]
        self.loads += [value for name, value in attrs if LOADING.get(tag) == name]
        self.pictures += [dict(attrs)] * (tag == "img")
        if tag in ("caption", "figcaption"):
            self._inside = tag
            self.captions.append("")

    def handle_endtag(self, tag: str) -> None:
        self._inside = "" if tag == self._inside else self._inside

    def handle_data(self, data: str) -> None:
        if self._inside:
            self.captions[-1] += data


def documents(site: Path, organisations: int | None = None) -> dict[str, Document]:
    """Every page of a site by its full path; of the pages of organisations as many as are asked for, or all."""
    alike = sorted(site.glob("organisations/*.html"))
    left_out = set(alike) - set(alike[:organisations])
    return {os.path.realpath(path): Document(path) for path in sorted(site.rglob("*.html")) if path not in left_out}


def broken_links(pages: dict[str, Document]) -> list[str]:
    """Links and loaded files that are not there, and fragments that no element has."""
    return [
        f"{page.path.name}: {link}"
        for page in pages.values()
        for link in [*page.links, *page.loads]
        if _leads_nowhere(page, link, pages)
    ]


def _leads_nowhere(page: Document, link: str, pages: dict[str, Document]) -> bool:
    parts = urlsplit(link)
    if parts.scheme:
        return False
    here = os.path.realpath(page.path)
    target = os.path.normpath(os.path.join(os.path.dirname(here), unquote(parts.path))) if parts.path else here
    if not is_file(target):
        return True
    return bool(parts.fragment) and target in pages and parts.fragment not in pages[target].ids


def outside(pages: dict[str, Document]) -> list[str]:
    """What pages load from elsewhere; links that a reader follows are none of it."""
    return [f"{page.path.name}: {url}" for page in pages.values() for url in page.loads if _is_outside(url)]


def _is_outside(url: str) -> bool:
    parts = urlsplit(url)
    return bool(parts.scheme or parts.netloc) or url.startswith("/")


def unnamed_pictures(pages: dict[str, Document]) -> list[str]:
    """Pictures without a text that says the same."""
    return [
        f"{page.path.name}: {picture.get('src')}"
        for page in pages.values()
        for picture in page.pictures
        if not picture.get("alt")
    ]
