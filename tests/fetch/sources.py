"""The registry's own sources, their addresses replaced by those of the publisher on this machine.

Patterns stay as they are in sources/*.yml, so that the tests are about them.
"""

from __future__ import annotations

from typing import Any

from pipelines.registry import load_sources
from schemas.source import Fetch, Source
from tests.fetch.publisher import Publisher

SICKNESS, RTT, CQC = "sickness_absence", "rtt_full_extract", "cqc_location_ratings"
SURVEY, ODS = "nhs_staff_survey", "ods_trusts"
LANDING = "/landing"


def at(publisher: Publisher, source_id: str, **changes: Any) -> Source:
    """The source with its landing page, or its only address, at this publisher; changes: of `fetch`."""
    source = load_sources()[source_id]
    fetch = (source.fetch or Fetch()).model_dump()
    if fetch["downloads"]:
        fetch["downloads"] = dict.fromkeys(fetch["downloads"], publisher.url + "/report?report=etr")
    return source.model_copy(
        update={"landing_page": publisher.url + LANDING, "fetch": Fetch.model_validate(fetch | changes)}
    )
