"""The pages of the primary drivers.

Belongs here: what a driver's page says, from the marts. Does not belong here: how it looks (templates/driver.html).
"""

from __future__ import annotations

from collections.abc import Iterator

from pipelines.release.site.pages import Page, Site


def pages(site: Site) -> Iterator[Page]:
    """An index of drivers, and a page for each."""
    yield Page("drivers/index.html", "Drivers", "drivers.html", {"drivers": site.record.drivers})
