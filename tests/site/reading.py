"""Reads pages as files and says what is wrong with them, without a browser.

Belongs here: links, pictures, captions and what a page loads. Does not belong here: how a page looks or behaves
(browser.py).
"""

from __future__ import annotations

from dataclasses import dataclass, field
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urlsplit

LOADING = {"img": "src", "script": "src", "link": "href", "iframe": "src", "source": "src"}
"""What makes a browser ask for a file, and the attribute that says which."""


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


def documents(site: Path) -> dict[Path, Document]:
    """Every page of a site by its resolved path."""
    return {path.resolve(): Document(path) for path in sorted(site.rglob("*.html"))}


def broken_links(pages: dict[Path, Document]) -> list[str]:
    """Links and loaded files that are not there, and fragments that no element has."""
    return [
        f"{page.path.name}: {link}"
        for page in pages.values()
        for link in [*page.links, *page.loads]
        if _leads_nowhere(page, link, pages)
    ]


def _leads_nowhere(page: Document, link: str, pages: dict[Path, Document]) -> bool:
    parts = urlsplit(link)
    if parts.scheme:
        return False
    target = (page.path.parent / unquote(parts.path)).resolve() if parts.path else page.path.resolve()
    if not target.is_file():
        return True
    return bool(parts.fragment) and target in pages and parts.fragment not in pages[target].ids


def outside(pages: dict[Path, Document]) -> list[str]:
    """What pages load from elsewhere; links that a reader follows are none of it."""
    return [f"{page.path.name}: {url}" for page in pages.values() for url in page.loads if _is_outside(url)]


def _is_outside(url: str) -> bool:
    parts = urlsplit(url)
    return bool(parts.scheme or parts.netloc) or url.startswith("/")


def unnamed_pictures(pages: dict[Path, Document]) -> list[str]:
    """Pictures without a text that says the same."""
    return [
        f"{page.path.name}: {picture.get('src')}"
        for page in pages.values()
        for picture in page.pictures
        if not picture.get("alt")
    ]
