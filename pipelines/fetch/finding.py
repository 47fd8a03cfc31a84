"""From a publisher's landing page to the addresses of the newest files.

Belongs here: reading pages, choosing links by the patterns of a source. Does not belong here: fetching the files
(downloading.py), how requests are made (http.py), the patterns (sources/*.yml).
"""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from html.parser import HTMLParser
from itertools import islice
from pathlib import PurePosixPath
from urllib.parse import unquote, urldefrag, urljoin, urlsplit

from requests.utils import requote_uri

from pipelines.errors import Fault
from pipelines.fetch.http import SCHEMES, Client, body, whole_answer, wrong_status
from pipelines.harmonise.periods import edition_of
from pipelines.store.arrivals import Told, recognise
from schemas.source import Fetch, Source

MAX_PAGE_BYTES = 20_000_000
# A page may be announced before its file is there; so many are passed by.
SPARE_PAGES = 3
NEVER_TRIED = "; or the pattern, which was written from a description and has no `verified_on`, was never right"


@dataclass(frozen=True)
class Link:
    """url: absolute, without fragment. text: what a reader sees, with single blanks."""

    url: str
    text: str

    @property
    def address(self) -> str:
        """The URL as its author would write it, without percent signs."""
        return unquote(self.url)

    @property
    def file_name(self) -> str:
        """The last part of the path, as far as it can be printed."""
        return "".join(filter(str.isprintable, PurePosixPath(unquote(urlsplit(self.url).path)).name))

    def search(self, patterns: Iterable[str]) -> re.Match[str] | None:
        """The first fit of a pattern in the address or the text."""
        found = (re.search(pattern, where) for pattern in patterns for where in (self.address, self.text))
        return next((match for match in found if match), None)


@dataclass(frozen=True)
class Candidate:
    """A file that the publisher offers. page: where its link stands; None for an address that is known anyway."""

    source_id: str
    url: str
    page: str | None
    file_name: str
    edition: str
    is_revision: bool = False


@dataclass(frozen=True)
class Found:
    """candidates: oldest edition first. empty_pages: pages that were looked into and link no file that fits."""

    candidates: tuple[Candidate, ...]
    empty_pages: tuple[str, ...] = ()


@dataclass
class Pages:
    """The pages of one run; each is asked for once, however many sources begin there."""

    client: Client
    _read: dict[str, list[Link]] = field(default_factory=dict)

    def links(self, url: str, where: str) -> list[Link]:
        """The links of a page in their order. Raises Fault where the page does not come."""
        if url not in self._read:
            self._read[url] = whole_answer(self.client, where, url, lambda: self._ask(url, where))
        return self._read[url]

    def _ask(self, url: str, where: str) -> list[Link]:
        with self.client.get(url, stream=True) as response:
            if response.status_code != 200:
                raise wrong_status(where, response)
            content = b"".join(body(self.client, response, where, MAX_PAGE_BYTES))
            return links_in(content.decode("utf-8", "replace"), response.url)


class _Anchors(HTMLParser):
    """Collects the anchors of a page."""

    def __init__(self, url: str) -> None:
        super().__init__()
        self.base, self.links = url, list[Link]()
        self._href: str | None = None
        self._text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begins a link; `base` moves what relative addresses are relative to."""
        href = dict(attrs).get("href")
        if tag == "base" and href:
            self.base = urljoin(self.base, href)
        if tag == "a":
            self._finish()
            self._href = href

    def handle_data(self, data: str) -> None:
        """Text inside a link, however deep."""
        if self._href is not None:
            self._text.append(data)

    def handle_endtag(self, tag: str) -> None:
        """Ends a link."""
        if tag == "a":
            self._finish()

    def close(self) -> None:
        """Ends a link that the page left open."""
        super().close()
        self._finish()

    def _finish(self) -> None:
        if self._href is not None and (url := _absolute(self.base, self._href)):
            self.links.append(Link(url, " ".join("".join(self._text).split())))
        self._href, self._text = None, []


def _absolute(base: str, href: str) -> str | None:
    """The absolute address, quoted as it goes out, without fragment; None where the page's cannot be read."""
    try:
        return requote_uri(urldefrag(urljoin(base, href.strip())).url)
    except ValueError:
        return None


def links_in(html: str, url: str) -> list[Link]:
    """All links of a page that was found under this address, in their order."""
    parser = _Anchors(url)
    parser.feed(html)
    parser.close()
    return parser.links


def find(source: Source, fetch: Fetch, pages: Pages, newest: int) -> Found:
    """The files of the newest editions, as many as asked for, that the publisher's pages link.

    Raises Fault where a page does not come, or no link fits on any page behind one of those to begin with.
    """
    found: dict[str, Candidate] = {}
    empty: list[str] = []
    for start in fetch.pages or (source.landing_page,):
        behind = dict(_behind(source, fetch, pages, start, newest))
        if not any(behind.values()):
            raise _nothing_fits(source, fetch, pages, next(iter(behind)))
        found = {candidate.url: candidate for offered in behind.values() for candidate in offered} | found
        empty += [page for page, offered in behind.items() if not offered]
    wanted = sorted({candidate.edition for candidate in found.values()})[-newest:]
    kept = [candidate for candidate in found.values() if candidate.edition in wanted]
    return Found(tuple(sorted(kept, key=lambda one: (one.edition, one.is_revision))), tuple(empty))


def _behind(
    source: Source, fetch: Fetch, pages: Pages, start: str, newest: int
) -> Iterator[tuple[str, list[Candidate]]]:
    """The pages that this one leads to and what they offer, until they offer as many editions as asked for."""
    editions: set[str] = set()
    for page in islice(_walk(source, fetch, pages, start, fetch.follow), newest + SPARE_PAGES):
        offered = list(_offered(source, fetch, pages.links(page, _where(source, page)), page))
        yield page, offered
        editions |= {candidate.edition for candidate in offered}
        if len(editions) >= newest:
            return


def downloads(source: Source, fetch: Fetch, today: dt.date) -> Found:
    """The files that lie under addresses of their own; their edition is told by the day of the download."""
    day = {"year": f"{today:%Y}", "month": f"{today:%m}", "day": f"{today:%d}"}
    named = [(template.format(**day), url) for template, url in fetch.downloads.items()]
    return Found(tuple(_candidate(source, url, None, name, _must_tell(source, name)) for name, url in named))


def _must_tell(source: Source, file_name: str) -> Told:
    told = recognise(file_name, source)
    if told:
        return told
    raise Fault(
        f"{source.source_id}: file name {file_name!r}",
        "a name that none of `files` fits",
        f"a name like {source.files[0].match}",
        "`fetch` and `files` of the source YAML do not agree",
        f"correct one of them in sources/{source.source_id}.yml",
    )


def _walk(source: Source, fetch: Fetch, pages: Pages, url: str, steps: tuple[str, ...]) -> Iterator[str]:
    """The pages that these steps lead to, the newest first; a page is read only when it is asked for."""
    if not steps:
        yield url
        return
    links = pages.links(url, _where(source, url))
    onward = _newest_first(links, steps[0])
    if not onward:
        raise _no_link(source, fetch, url, steps[0], links, "fetch.follow")
    for link in onward:
        yield from _walk(source, fetch, pages, link, steps[1:])


def _newest_first(links: list[Link], pattern: str) -> list[str]:
    """The addresses that fit, each once, by the edition that they tell; those that tell none come last."""
    told = [(link.url, match) for link in links if (match := link.search([pattern]))]
    return list(dict.fromkeys(url for url, _ in sorted(told, key=lambda one: _edition_key(one[1]), reverse=True)))


def _edition_key(match: re.Match[str]) -> str:
    groups = match.groupdict()
    try:
        return edition_of(groups).key if groups.get("year") or groups.get("yy") else ""
    except ValueError:
        return ""


def _offered(source: Source, fetch: Fetch, links: list[Link], page: str) -> Iterator[Candidate]:
    """The links of a page that lead to files of this source."""
    for link in links:
        match = link.search(fetch.links) if fetch.links else None
        if match and fetch.members:
            yield Candidate(source.source_id, link.url, page, link.file_name, _edition_key(match))
        elif match or not fetch.links:
            named = _named(source, fetch, link, match)
            if named:
                yield _candidate(source, link.url, page, *named)


def _named(source: Source, fetch: Fetch, link: Link, match: re.Match[str] | None) -> tuple[str, Told] | None:
    """The file's name and what it tells: from the template, else from the address, else from the text."""
    template = fetch.file_name
    names = [template.format(**match.groupdict())] if template and match else [link.file_name, link.text]
    told = ((name, recognise(name, source)) for name in names)
    return next(((PurePosixPath(name).name, found) for name, found in told if found), None)


def _candidate(source: Source, url: str, page: str | None, file_name: str, told: Told) -> Candidate:
    return Candidate(source.source_id, url, page, file_name, told.edition.key, told.is_revision)


def _where(source: Source, url: str) -> str:
    return f"{source.source_id}: page {url}"


def _nothing_fits(source: Source, fetch: Fetch, pages: Pages, page: str) -> Fault:
    patterns = fetch.links or tuple(pattern.match for pattern in source.files)
    key = "fetch.links" if fetch.links else "files"
    return _no_link(source, fetch, page, " or ".join(patterns), pages.links(page, _where(source, page)), key)


def _no_link(source: Source, fetch: Fetch, page: str, pattern: str, links: list[Link], key: str) -> Fault:
    names = {name for link in links if urlsplit(link.url).scheme in SCHEMES for name in (link.file_name, link.text)}
    nearest = get_close_matches(pattern, sorted(names - {""}), n=3, cutoff=0.0)
    return Fault(
        _where(source, page),
        f"no link that fits; {len(links)} links, the nearest: {', '.join(nearest) or 'none'}",
        f"a link that fits {pattern}",
        "the publisher renamed its files or moved the page" + ("" if fetch.verified_on else NEVER_TRIED),
        f"correct `{key}` in sources/{source.source_id}.yml, or download by hand into a folder and use `--from`",
    )
