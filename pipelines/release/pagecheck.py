"""What can be told of pages without a browser: marks for those who cannot see them, links, requests to outside.

Belongs here: the rules, one function each, over the pages, styles, scripts and drawings of a folder. Does not belong
here: what needs a browser (contrast, reflow, keyboard: tests/site/), and how pages are made (site/).

The rules are those of WCAG 2.2 AA that a program can judge from the text of a page; to keep them is not to conform.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote, urlsplit

from pipelines.release.patterns import is_among

LOADED = (
    "//script/@src | //link[not(contains('canonical alternate license next prev', @rel))]/@href | //img/@src "
    "| //img/@srcset | //source/@src | //source/@srcset | //iframe/@src | //object/@data | //embed/@src | //video/@src "
    "| //audio/@src | //video/@poster | //form/@action | //*[local-name() = 'image' or local-name() = 'use']/@href"
)
LINKS = "//a/@href | //area/@href | //img/@src | //script/@src | //link/@href | //source/@src"
STYLED = "//@style | //style/text()"
OUTSIDE = re.compile(r"(?:[a-z][a-z0-9+.-]*:)?//", re.IGNORECASE)
IN_STYLE = re.compile(r"(?:url\(|@import)\s*['\"]?\s*((?:[a-z][a-z0-9+.-]*:)?//[^'\")\s;]+)", re.IGNORECASE)
IN_SCRIPT = re.compile(r"['\"`](?:https?:)?//(?!www\.w3\.org/)", re.IGNORECASE)
IN_DRAWING = re.compile(r"(?:href|src)\s*=\s*['\"]\s*(?:https?:)?//|<script|\son[a-z]+\s*=", re.IGNORECASE)
SYNTHETIC = "SYNTHETIC"


@dataclass(frozen=True, order=True)
class PageFault:
    """One page, which rule it breaks and where in it."""

    rule: str
    page: str
    found: str


class Page:
    """A page, read once. ids: of its elements, in order."""

    def __init__(self, folder: Path, path: Path) -> None:
        from lxml import html

        self.path = path
        self.name = path.relative_to(folder).as_posix()
        self.root: Any = html.document_fromstring(path.read_bytes())
        self.ids = [str(value) for value in self.root.xpath("//@id")]

    def texts(self, xpath: str) -> list[str]:
        """The attributes or texts that a path finds."""
        return [str(value) for value in self.root.xpath(xpath)]


def language(page: Page) -> Iterator[str]:
    """A voice must know how to say the words (3.1.1)."""
    if not page.root.get("lang", "").strip():
        yield "no language"


def title(page: Page) -> Iterator[str]:
    """Tabs and bookmarks are told apart by it (2.4.2)."""
    if not " ".join(page.texts("/html/head/title/text()")).strip():
        yield "no title"


def main_heading(page: Page) -> Iterator[str]:
    """One heading of the first level, and one main part (1.3.1)."""
    for tag in ("h1", "main"):
        count = len(page.root.xpath(f"//{tag}"))
        if count != 1:
            yield f"{count} elements {tag}"


def heading_order(page: Page) -> Iterator[str]:
    """No level is skipped on the way down (1.3.1)."""
    levels = [int(element.tag[1]) for element in page.root.iter("h1", "h2", "h3", "h4", "h5", "h6")]
    for before, after in zip([0, *levels], levels, strict=False):
        if after > before + 1:
            yield f"h{after} after h{before}" if before else f"h{after} first"


def text_for_images(page: Page) -> Iterator[str]:
    """Every image here says something, so it has words for it (1.1.1)."""
    for image in page.root.iter("img"):
        if not (image.get("alt") or "").strip():
            yield f"image {image.get('src')} without words"


def tables(page: Page) -> Iterator[str]:
    """A caption, and headings that say what they head (1.3.1)."""
    for number, table in enumerate(page.root.iter("table"), 1):
        if not "".join(table.xpath("./caption//text()")).strip():
            yield f"table {number} without a caption"
        if not table.xpath("boolean(.//th)") or table.xpath("boolean(.//th[not(@scope)])"):
            yield f"table {number} with a heading that has no scope, or without any heading"


def words_of_links(page: Page) -> Iterator[str]:
    """A link and a button say where they lead (2.4.4)."""
    for link in page.root.iter("a", "button"):
        words = "".join(link.itertext()) + link.get("aria-label", "") + "".join(link.xpath(".//img/@alt"))
        if not words.strip() and (link.tag == "button" or link.get("href") is not None):
            yield f"{link.tag} to {link.get('href')} without words"


def labels(page: Page) -> Iterator[str]:
    """A field says what belongs in it (3.3.2)."""
    labelled = set(page.texts("//label/@for"))
    for field in page.root.iter("input", "select", "textarea"):
        is_named = field.get("aria-label") or field.get("aria-labelledby") or field.get("id") in labelled
        if not is_named and field.get("type") not in ("hidden", "submit") and not field.xpath("ancestor::label"):
            yield f"{field.tag} {field.get('name')} without a label"


def unique_ids(page: Page) -> Iterator[str]:
    """A label or a link that leads to two places leads nowhere."""
    yield from (f"id {name} {count} times" for name, count in Counter(page.ids).items() if count > 1)


def outside_requests(page: Page) -> Iterator[str]:
    """A page needs nothing from elsewhere: it opens from disk, and nobody is told who reads it."""
    yield from (f"loads {url}" for url in page.texts(LOADED) if OUTSIDE.match(url.strip()))
    yield from (f"loads {url}" for style in page.texts(STYLED) for url in IN_STYLE.findall(style))


def scripts_in_page(page: Page) -> Iterator[str]:
    """Everything works without scripts, and none hides in an attribute."""
    yield from (f"attribute {name}" for name in _handlers(page))
    yield from (f"link {url[:30]}" for url in page.texts("//@href") if url.strip().lower().startswith("javascript:"))


def _handlers(page: Page) -> list[str]:
    return sorted({value.attrname for value in page.root.xpath("//@*[starts-with(name(), 'on')]")})


PAGE_RULES: dict[str, Callable[[Page], Iterator[str]]] = {
    "heading_order": heading_order,
    "labels": labels,
    "language": language,
    "main_heading": main_heading,
    "outside_requests": outside_requests,
    "scripts_in_page": scripts_in_page,
    "tables": tables,
    "text_for_images": text_for_images,
    "title": title,
    "unique_ids": unique_ids,
    "words_of_links": words_of_links,
}
RULES = {
    **{name: " ".join((rule.__doc__ or "").split()) for name, rule in PAGE_RULES.items()},
    "links": "Every link inside the release leads to something.",
    "synthetic_page": "A page of invented figures says SYNTHETIC, and a page of published ones does not.",
}
"""What each rule asks for."""
SAID = "//body//text()[not(ancestor::dl[contains(@class, 'app-dictionary')])]"
"""What a page says of itself. The dictionary says what columns may hold, and so names the mark."""


def page_faults(folder: Path, is_synthetic: bool, later: Iterable[str] = ()) -> list[PageFault]:
    """All faults of the pages below a folder, and of the styles, scripts and drawings they use.

    later: patterns of the paths of files that are written later. They are not looked at, and links may lead to them.
    """
    later = tuple(later)
    paths = [path for path in sorted(folder.rglob("*")) if not is_among(path.relative_to(folder).as_posix(), later)]
    ids: dict[Path, set[str]] = {}
    targets: list[tuple[Page, list[str]]] = []
    faults: list[PageFault] = []
    for path in (path for path in paths if path.suffix == ".html"):
        page = Page(folder, path)
        ids[path.resolve()] = {*page.ids, *page.texts("//a/@name")}
        targets.append((_Lean(page), page.texts(LINKS)))
        faults += _of_page(page, is_synthetic)
    places = _Places(folder, later)
    faults += [fault for page, urls in targets for fault in _broken(page, urls, ids, places)]
    faults += [fault for path in paths for fault in _of_asset(path, folder)]
    return sorted(faults)


class _Lean:
    """What is needed of a page once its tree has gone."""

    def __init__(self, page: Page) -> None:
        self.path, self.name = page.path, page.name


def _of_page(page: Page, is_synthetic: bool) -> Iterator[PageFault]:
    for name, rule in PAGE_RULES.items():
        yield from (PageFault(name, page.name, found) for found in rule(page))
    if any(SYNTHETIC in text for text in page.texts(SAID)) != is_synthetic:
        yield PageFault("synthetic_page", page.name, f"{SYNTHETIC} is {'not ' if is_synthetic else ''}there")


def _broken(page: _Lean, urls: list[str], ids: dict[Path, set[str]], places: _Places) -> Iterator[PageFault]:
    for url in (url.strip() for url in urls):
        parts = urlsplit(url)
        if parts.scheme or parts.netloc:
            continue
        target, is_later, is_there = places.of(page.path.parent, parts.path or quote(page.path.name))
        if is_later:
            continue
        if not is_there or (parts.fragment and parts.fragment not in ids.get(target, {parts.fragment})):
            yield PageFault("links", page.name, f"{url} leads nowhere")


class _Places:
    """Where links lead. Pages of one folder have most of theirs in common, so each is followed once."""

    def __init__(self, folder: Path, later: tuple[str, ...]) -> None:
        self._home, self._later = folder.resolve(), later
        self._known: dict[tuple[Path, str], tuple[Path, bool, bool]] = {}

    def of(self, parent: Path, path: str) -> tuple[Path, bool, bool]:
        """The file that a path leads to, whether it is written later, and whether it is there."""
        if (parent, path) not in self._known:
            self._known[parent, path] = self._follow(parent, path)
        return self._known[parent, path]

    def _follow(self, parent: Path, path: str) -> tuple[Path, bool, bool]:
        target = (parent.resolve() / unquote(path)).resolve()
        is_inside = target.is_relative_to(self._home)
        is_later = is_inside and is_among(target.relative_to(self._home).as_posix(), self._later)
        return target, is_later, is_inside and target.is_file()


def _of_asset(path: Path, folder: Path) -> Iterator[PageFault]:
    patterns = {".css": IN_STYLE, ".js": IN_SCRIPT, ".svg": IN_DRAWING}
    if path.suffix in patterns and (found := patterns[path.suffix].search(path.read_text(encoding="utf-8"))):
        place = path.relative_to(folder).as_posix()
        yield PageFault("outside_requests", place, f"{found.group()[:40]} in a {path.suffix[1:]} file")
