"""A release in the web root: links to its files, and copies of those pages that must say more than they did.

Belongs here: linking and copying. Does not belong here: what is said (alerts.py), or which releases are there
(publish.py). Links are relative and symbolic: nothing is copied that need not be, and the home can be moved.
"""

from __future__ import annotations

import os
import posixpath
import re
from collections.abc import Callable
from pathlib import Path

from pipelines.release.web.alerts import insert

SITE = "site"
RELATIVE = re.compile(r'(\s(?:href|src)=")(?![#"/]|[a-zA-Z][a-zA-Z0-9+.-]*:)([^"]*)')
"""The links of a page that lead somewhere from where it stands, but not to a place in itself."""

Addition = Callable[[str], str]
"""What is added to a page, by its path in the release; nothing for a page that stays as it is."""


def mount(release: Path, place: Path, addition: Addition) -> None:
    """Makes a release appear at a place. Pages that something is added to are copied; all else is linked."""
    place.mkdir(parents=True)
    for child in sorted(release.iterdir()):
        if child.name == SITE:
            _mount_pages(child, place / SITE, release, addition)
        else:
            link(child, place / child.name)


def spread(folder: Path, place: Path, deeper: str) -> None:
    """Links the content of a folder one by one, and likewise that of the folder in it named `deeper`."""
    place.mkdir(parents=True, exist_ok=True)
    for child in sorted(folder.iterdir()):
        if child.name == deeper:
            spread(child, place / deeper, "")
        else:
            link(child, place / child.name)


def link(target: Path, place: Path) -> None:
    """A relative link; the folder that it stands in must be where it stays."""
    place.symlink_to(os.path.relpath(target.resolve(), place.parent.resolve()))


def moved(page: str, folder: str) -> str:
    """A page for another place: its relative links begin with `folder`, the way from there to where it stood."""
    return RELATIVE.sub(lambda found: found[1] + _joined(folder, found[2]), page)


def _joined(folder: str, path: str) -> str:
    target, mark, fragment = path.partition("#")
    end = "/" if target.endswith("/") else ""
    return posixpath.normpath(posixpath.join(folder, target)) + end + mark + fragment


def _mount_pages(folder: Path, place: Path, release: Path, addition: Addition) -> None:
    """A folder without pages is linked whole."""
    if not any(folder.rglob("*.html")):
        link(folder, place)
        return
    place.mkdir()
    for child in sorted(folder.iterdir()):
        if child.is_dir():
            _mount_pages(child, place / child.name, release, addition)
        else:
            _mount_page(child, place / child.name, addition(child.relative_to(release).as_posix()))


def _mount_page(page: Path, place: Path, added: str) -> None:
    if not added or page.suffix != ".html":
        link(page, place)
        return
    text = insert(page.read_text(encoding="utf-8"), added)
    place.write_text(text, encoding="utf-8", newline="\n")
