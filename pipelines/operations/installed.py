"""Checks of the installation: Python, packages, commands, charts, time zones.

Belongs here: what the machine must have. Does not belong here: what this home holds (kept.py), what somebody must set
(configured.py).
"""

from __future__ import annotations

import re
import shutil
import sys
import tomllib
from collections.abc import Iterator
from datetime import datetime, timedelta
from importlib.metadata import PackageNotFoundError, distributions, metadata, version
from pathlib import Path
from zoneinfo import ZoneInfo, ZoneInfoNotFoundError

from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet

from pipelines.operations.finding import Finding, ok, problem, warning
from pipelines.settings import PROJECT_ROOT, Workspace

PRODUCT = "nhs-impact-warehouse"
COMMANDS = ("dagster", "dagster-daemon", "dagster-webserver", "dbt")
BROWSERS = ("chromium", "chromium-browser", "google-chrome")
SYNC = "run `uv sync --no-dev`, with `--extra postgres` where a server is used"
MOST_NAMES = 5
SUMMER, WINTER = datetime(2026, 7, 1), datetime(2026, 1, 1)


def python(_: Workspace) -> Iterator[Finding]:
    """The version of Python against what the product asks for."""
    wanted = metadata(PRODUCT)["Requires-Python"]
    found = ".".join(map(str, sys.version_info[:3]))
    if SpecifierSet(wanted).contains(found):
        yield ok("Python", found)
    else:
        yield problem("Python", found, f"use Python {wanted}")


def packages(_: Workspace) -> Iterator[Finding]:
    """Every package that is needed is there; what is installed is what was tested."""
    missing = [name for name in _needed() if _version(name) is None]
    if missing:
        yield problem("packages", f"not installed: {', '.join(missing)}", SYNC)
    pinned, installed = _pinned(), _installed()
    other = [
        f"{name} {installed[name]}, not {pinned[name]}"
        for name in sorted(pinned.keys() & installed.keys())
        if installed[name] != pinned[name]
    ]
    if other:
        more = f" and {len(other) - MOST_NAMES} more" if len(other) > MOST_NAMES else ""
        yield warning("packages", f"not as tested: {', '.join(other[:MOST_NAMES])}{more}", SYNC)
    if not missing and not other:
        yield ok("packages", f"{len(pinned.keys() & installed.keys())} as {'uv.lock' if pinned else 'required'} says")


def commands(_: Workspace) -> Iterator[Finding]:
    """Programs that are started: of this environment, and OpenSSH's. A browser is for tests alone."""
    here = Path(sys.executable).parent
    missing = [name for name in COMMANDS if not (here / name).exists()]
    if missing:
        yield problem("commands", f"not beside {sys.executable}: {', '.join(missing)}", SYNC)
    if shutil.which("ssh-keygen") is None:
        yield problem("commands", "no ssh-keygen: no release can be signed or verified", "install openssh-client")
    elif not missing:
        yield ok("commands", f"{', '.join(COMMANDS)}, ssh-keygen")
    browser = next(filter(None, map(shutil.which, BROWSERS)), None)
    yield ok("browser", browser or "none; only tests look at pages in one")


def charts(_: Workspace) -> Iterator[Finding]:
    """A chart is drawn with the fonts that vl-convert brings."""
    from pipelines.release.site.charts import draw_text

    svg = draw_text("NHS IMPACT")
    if "NHS IMPACT" in svg:
        yield ok("charts", f"vl-convert {version('vl-convert-python')} draws")
    else:
        yield problem("charts", "vl-convert draws no text", SYNC)


def time_zones(_: Workspace) -> Iterator[Finding]:
    """09:30 in London is another moment in summer than in winter."""
    try:
        london = ZoneInfo("Europe/London")
    except ZoneInfoNotFoundError:
        yield problem("time zones", "Europe/London is not known", "install the package tzdata")
        return
    ahead = [london.utcoffset(moment) for moment in (WINTER, SUMMER)]
    if ahead == [timedelta(0), timedelta(hours=1)]:
        yield ok("time zones", "Europe/London, with summer time")
    else:
        yield problem("time zones", "London has no summer time here", "renew the package tzdata")


def _needed() -> list[str]:
    """The packages that the product itself asks for here, without extras."""
    asked = [Requirement(text) for text in metadata(PRODUCT).get_all("Requires-Dist") or []]
    return [one.name for one in asked if one.marker is None or one.marker.evaluate({"extra": ""})]


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def _pinned() -> dict[str, str]:
    """What uv.lock says, by name; packages of which it has two versions are left out."""
    path = PROJECT_ROOT / "uv.lock"
    listed = tomllib.loads(path.read_text(encoding="utf-8"))["package"] if path.exists() else []
    names = [entry["name"] for entry in listed]
    return {
        entry["name"]: entry["version"] for entry in listed if names.count(entry["name"]) == 1 and "version" in entry
    }


def _installed() -> dict[str, str]:
    return {re.sub(r"[-_.]+", "-", each.name).lower(): each.version for each in distributions() if each.name}
