"""The pages about releases: all of them, one without a site, one that was withdrawn, and when none is served.

Belongs here: what each page is filled with. Does not belong here: pages of a release itself (release/site/).
"""

from __future__ import annotations

import posixpath
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

from jinja2 import Environment

from pipelines.release.history import STATES, Past, day
from pipelines.release.manifest import read_manifest
from pipelines.release.promises import Deprecation
from pipelines.release.site.pages import TEMPLATES as SHELL
from pipelines.release.site.pages import environment
from pipelines.release.web import alerts

TEMPLATES = Path(__file__).with_name("templates")
ASSETS = Path(__file__).parents[1] / "site" / "assets"
STYLES = (".css", ".svg")


def copy_assets(folder: Path) -> None:
    """The look of the site, from the same style sheets."""
    place = folder / "assets"
    place.mkdir()
    for path in sorted(ASSETS.glob("*")):
        if path.suffix in STYLES:
            shutil.copyfile(path, place / path.name)


class Pages:
    """Writes pages into one web root. Paths are from the web root."""

    def __init__(
        self,
        folder: Path,
        policy: dict[str, Any],
        releases: list[Past],
        current: Past | None,
        going: tuple[Deprecation, ...],
    ) -> None:
        self.folder, self.releases, self.current, self.going = folder, releases, current, going
        self.environment = _environment(policy, releases, current)

    def write(self, path: str, text: str) -> None:
        """One file."""
        place = self.folder / path
        place.parent.mkdir(parents=True, exist_ok=True)
        place.write_text(text, encoding="utf-8", newline="\n")

    def history(self) -> None:
        """All releases with what became of them."""
        self._fill(alerts.HISTORY, "history.html", "All releases", releases=self.releases[::-1], going=self.going)

    def tombstone(self, past: Past, place: str) -> None:
        """What is left of a release that was withdrawn: why, when, and what it was."""
        for path in (f"{place}/index.html", f"{place}/site/index.html"):
            self._fill(path, "tombstone.html", f"Release {past.version} was withdrawn", past=past)

    def files(self, past: Past, mounted: str, path: str) -> None:
        """The first page of a release that has no site: its files."""
        listed = read_manifest(self.folder / mounted)["files"]
        title, said = f"Release {past.version}", self.said(past, path)
        self._fill(path, "files.html", title, past=past, files=listed, mounted=mounted, said=said)

    def renamed(self, path: str, old: str, target: str) -> None:
        """The old address of an indicator that goes by another id."""
        self._fill(path, "renamed.html", f"The indicator {old} has another name", target=target)

    def nothing(self) -> None:
        """The first page while no release is served."""
        self._fill("index.html", "nothing.html", "No release is being served", any_ever=bool(self.releases))

    def said(self, past: Past, path: str) -> str:
        """The alerts of a release as a part of one of its pages; nothing where there is nothing to say."""
        found = alerts.alerts_of(past, self.current.version if self.current else None)
        return self.environment.get_template("alerts.html").render(to=_links(path), alerts=found) if found else ""

    def more(self, path: str) -> str:
        """A line for pages of a release that leads to what was said of releases since."""
        return self.environment.get_template("more.html").render(to=_links(path))

    def _fill(self, path: str, template: str, title: str, **context: object) -> None:
        filled = self.environment.get_template(template).render(path=path, title=title, to=_links(path), **context)
        self.write(path, filled)


def _links(path: str) -> Callable[[str], str]:
    """Gives the link from one page to a path of the web root."""
    here = posixpath.dirname(path)
    return lambda target: posixpath.relpath(f"/{target}", f"/{here}") + "/" * target.endswith("/")


def _environment(policy: dict[str, Any], releases: list[Past], current: Past | None) -> Environment:
    filled = environment(TEMPLATES, SHELL)
    filled.filters |= {"day": day}
    filled.globals |= {
        "policy": policy,
        "current": current,
        "is_synthetic": any(past.facts.is_synthetic for past in releases),
        "states": STATES,
        "told": alerts.told,
        "what": alerts.WHAT,
        "page_of": alerts.page_of,
    }
    return filled
