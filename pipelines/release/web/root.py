"""Assembling the web root in a fresh folder and flipping the link to it.

Belongs here: which parts there are, and the flip. Does not belong here: how a release is mounted (tree.py), what pages
say (pages.py, alerts.py), the feed (feed.py).

A web root that is being read is never changed: readers have the old one or the new one, whole. The one before stays
until the next time, for readers who are in the middle of it. Everything in it follows from the releases and the
notices beside them, so a web root that was lost, or left half made, is made again by `impact release web`.
"""

from __future__ import annotations

import os
import posixpath
import shutil
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import yaml

from pipelines.release.history import Past, history, origin_of_web
from pipelines.release.promises import POLICY as DEPRECATIONS
from pipelines.release.promises import read_deprecations, redirects
from pipelines.release.record import POLICY
from pipelines.release.web import alerts, feed, tree
from pipelines.release.web.pages import Pages, copy_assets
from pipelines.settings import Workspace

TREES = ".web"
API = "api/v1"
LATEST = "latest"
INDICATORS = "indicators"
RELEASES_PAGE = "site/releases.html"


@dataclass(frozen=True)
class Root:
    """One web root in the making."""

    folder: Path
    archive: Path
    releases: list[Past]
    current: Past | None
    pages: Pages


def rebuild(workspace: Workspace) -> Path:
    """Makes the web root anew and serves it. Returns its folder."""
    trees = workspace.web.with_name(TREES)
    trees.mkdir(parents=True, exist_ok=True)
    before = workspace.web.resolve() if workspace.web.is_symlink() else None
    folder = trees / str(max((int(path.name) for path in trees.glob("[0-9]*")), default=0) + 1)
    folder.mkdir()
    assemble(workspace, folder)
    flip(workspace.web, folder)
    for path in trees.iterdir():
        if path not in (folder, before):
            shutil.rmtree(path)
    return folder


def assemble(workspace: Workspace, folder: Path) -> None:
    """Fills an empty folder with the web root."""
    policy = yaml.safe_load(POLICY.read_text(encoding="utf-8"))
    releases = history(workspace, origin_of_web(workspace))
    current = next((past for past in releases if past.is_current), None)
    pages = Pages(folder, policy, releases, current, read_deprecations(DEPRECATIONS))
    root = Root(folder, workspace.releases, releases, current, pages)
    copy_assets(folder)
    for past in releases:
        _release(root, past, f"releases/{past.version}")
    if current:
        _release(root, current, LATEST)
    _first_page(root)
    root.pages.history()
    _interface(root)
    _renamed(root)
    _for_machines(root, policy)
    _files(root)


def flip(link: Path, folder: Path) -> None:
    """Points a link at another folder beside it, in one step."""
    aside = link.with_name(f".{link.name}.partial")
    aside.unlink(missing_ok=True)
    aside.symlink_to(os.path.relpath(folder, link.parent))
    os.replace(aside, link)


def _release(root: Root, past: Past, place: str) -> None:
    """A release, or the tombstone in place of everything."""
    if past.is_withdrawn or not past.is_kept:
        root.pages.tombstone(past, place)
        return
    tree.mount(root.archive / past.version, root.folder / place, _addition(root, past, place))
    _entrance(root, past, place, f"{place}/index.html")


def _entrance(root: Root, past: Past, mounted: str, path: str) -> None:
    """The first page of a release at another path: its site's, or a list of its files where it has no site."""
    page = root.archive / past.version / tree.SITE / "index.html"
    if not page.is_file():
        root.pages.files(past, mounted, path)
        return
    way = posixpath.relpath(f"/{mounted}/{tree.SITE}", f"/{posixpath.dirname(path)}")
    text = tree.moved(page.read_text(encoding="utf-8"), way)
    root.pages.write(path, alerts.insert(text, root.pages.said(past, path) or root.pages.more(path)))


def _addition(root: Root, past: Past, place: str) -> Callable[[str], str]:
    def added(path: str) -> str:
        more = root.pages.more(f"{place}/{path}") if path == RELEASES_PAGE else ""
        return root.pages.said(past, f"{place}/{path}") or more

    return added


def _first_page(root: Root) -> None:
    if root.current:
        _entrance(root, root.current, LATEST, "index.html")
    else:
        root.pages.nothing()


def _interface(root: Root) -> None:
    """The stable addresses of the API: those of the current release."""
    place = root.folder / API
    place.mkdir(parents=True)
    source = root.archive / root.current.version / API if root.current else None
    if source and source.is_dir():
        tree.spread(source, place, INDICATORS)


def _files(root: Root) -> None:
    """The current release's files at the top too: the stable addresses of the API lead there from where they stand."""
    release = root.archive / root.current.version if root.current else None
    for child in sorted(release.iterdir()) if release else ():
        if child.name not in (tree.SITE, "api") and not (root.folder / child.name).exists():
            tree.link(child, root.folder / child.name)


def _renamed(root: Root) -> None:
    """The old addresses of indicators that go by another id lead to the new ones."""
    pages, interface = f"{LATEST}/{tree.SITE}/{INDICATORS}", root.folder / API / INDICATORS
    for old, new in redirects(DEPRECATIONS).items():
        if (root.folder / pages / f"{new}.html").exists():
            root.pages.renamed(f"{pages}/{old}.html", old, f"{pages}/{new}.html")
        for ending in ("", ".json"):
            if (interface / f"{new}{ending}").exists():
                tree.link(interface / f"{new}{ending}", interface / f"{old}{ending}")


def _for_machines(root: Root, policy: dict[str, Any]) -> None:
    announced = {
        "deprecations": [asdict(entry) for entry in root.pages.going],
        "redirects": redirects(DEPRECATIONS),
    }
    root.pages.write("feed.atom", feed.atom(root.releases, policy))
    root.pages.write("index.json", feed.index(root.releases, announced, ""))
    root.pages.write(f"{API}/releases.json", feed.index(root.releases, announced, API))
