"""A browser for tests of pages, and what is asked of every page in it.

Belongs here: starting Chromium, and the questions. Does not belong here: which pages (test_site.py, crawl.py).
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from playwright.sync_api import Browser, Page

NAMES = ("chromium", "chromium-browser", "google-chrome-stable", "google-chrome")
WIDTHS = (1280, 320)
UNCLIPPED = ".app-scroll { overflow: visible !important; }"
"""Colours of cells that a scroll box clips cannot be judged; for that question alone the boxes are opened."""


def installed() -> str | None:
    """The browser of this machine; None where there is none."""
    return next((path for name in NAMES if (path := shutil.which(name))), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The installed browser, without a window."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=installed(), args=["--no-sandbox"])
        yield browser
        browser.close()


@dataclass
class Seen:
    """What was seen of one page at one width. overflow: pixels that the page is wider than the window."""

    violations: list[str] = field(default_factory=list)
    undecided: int = 0
    overflow: int = 0
    outside: list[str] = field(default_factory=list)
    broken_images: int = 0


def look(page: Page, address: str, width: int) -> Seen:
    """Open an address at a width and ask all questions of it."""
    from axe_playwright_python.sync_playwright import Axe

    seen, place = Seen(), urlsplit(address)
    page.set_viewport_size({"width": width, "height": 900})
    asked: list[str] = []
    page.on("request", lambda request: asked.append(request.url))
    page.goto(address)
    seen.overflow = page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth")
    seen.broken_images = page.evaluate("[...document.images].filter(image => !image.naturalWidth).length")
    page.add_style_tag(content=UNCLIPPED)
    found = Axe().run(page).response
    seen.violations = [f"{entry['id']}: {entry['nodes'][0]['html'][:120]}" for entry in found["violations"]]
    seen.undecided = sum(len(entry["nodes"]) for entry in found["incomplete"])
    seen.outside = [url for url in asked if not url.startswith((f"{place.scheme}://{place.netloc}/", "data:"))]
    return seen


def pages_of(site: Path) -> list[Path]:
    """Every page of a site, sorted."""
    return sorted(site.rglob("*.html"))
