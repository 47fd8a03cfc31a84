"""What a reader of an older page is told: that it was corrected, taken back, or is no longer the current one.

Belongs here: the sentences, and the place in a page where they are put. Does not belong here: what became of a release
(history.py). Only copies of pages get an alert; the release itself stays as it is, byte for byte.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from pipelines.release.history import Past, day
from pipelines.release.notices import Event, holding

MARKER = "<!-- alerts -->"
STARTS = (re.compile(re.escape(MARKER)), re.compile(r"<main\b[^>]*>", re.I), re.compile(r"<body\b[^>]*>", re.I))
"""Where an alert may stand: after the first of these that the page has."""
HISTORY = "releases/index.html"
TOLD = {
    "corrected": "This release was corrected on {day}",
    "rolled_back": "This release was taken back on {day}",
    "withdrawn": "This release was withdrawn on {day}",
    "reinstated": "This release was taken up again on {day}",
}


@dataclass(frozen=True)
class Alert:
    """heading: one sentence. reason: in the words of whoever decided. links: text and path from the web root."""

    heading: str
    reason: str
    links: tuple[tuple[str, str], ...]


def told(event: Event) -> str:
    """What happened and when, as a sentence without its full stop."""
    return TOLD[event.kind].format(day=day(event.at))


def alerts_of(past: Past, current: str | None) -> list[Alert]:
    """What is to be said on every page of a release, the gravest first; nothing for a current one that is good."""
    found = [_alert(event, current) for event in holding(past.events)]
    if past.last is None and not past.is_current:
        found.append(Alert("This is not the current release", "", _links(None, current)))
    if past.holds_withdrawn:
        reason = "It holds answers that an organisation has withdrawn since. Please use a later release."
        found.append(Alert("Do not use this release any more", reason, _links(None, current)))
    return found


def page_of(version: str) -> str:
    """The first page of a release, from the web root."""
    return f"releases/{version}/index.html"


def insert(page: str, block: str) -> str:
    """A page with the block at its marker; without one, at the beginning of what it says."""
    for start in STARTS:
        found = start.search(page)
        if found:
            return page[: found.end()] + "\n" + block + page[found.end() :]
    return block + page


def _alert(event: Event, current: str | None) -> Alert:
    wrong = f"What was wrong: {event.reason}" if event.kind == "corrected" else f"Why: {event.reason}"
    return Alert(told(event), wrong, _links(event.release, current))


def _links(instead: str | None, current: str | None) -> tuple[tuple[str, str], ...]:
    versions = dict.fromkeys(version for version in (instead, current) if version)
    named = [
        (f"Release {version}{', the current one' * (version == current)}", page_of(version)) for version in versions
    ]
    return (*named, ("All releases", HISTORY))
