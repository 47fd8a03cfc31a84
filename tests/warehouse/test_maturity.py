"""The tables on maturity in the warehouse that the SYNTHETIC sample built: who is named, what adds up, and an attacker.

The attacker holds every public outcome and the published rows, and tries to tell which organisations are at a level.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator
from pathlib import Path
from statistics import fmean
from typing import Any

import duckdb
import pytest

FIGURES = ("outcome_lower_quartile", "outcome_median", "outcome_upper_quartile", "outcome_median_low")
FIGURES += ("outcome_median_high",)
NAMED = ("pub_driver_maturity", "pub_maturity_agreement", "pub_maturity_change", "pub_maturity_responses")
LEAST = 5

Outcomes = dict[tuple[str, str, str], list[float]]
"""Public outcomes of the organisations of a type, by measure, period and type."""


@pytest.fixture(scope="module")
def warehouse(served_sample: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    path = served_sample / "synthetic" / "warehouse" / "build.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        yield connection


def rows(warehouse: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    return warehouse.execute(sql).pl().to_dicts()


@pytest.fixture(scope="module")
def outcomes(warehouse: duckdb.DuckDBPyConnection) -> Outcomes:
    """What anybody can look up; the year of the types is that of the self-assessment."""
    found = defaultdict(list)
    sql = """
        select distinct
            measure_id, outcome_period_key, eligible.organisation_type, eligible.org_code, outcomes.outcome_value
        from intermediate.int_association_pairs as pairs
        inner join intermediate.int_outcomes__annualised as outcomes using (measure_id, outcome_period_key)
        inner join intermediate.int_organisations__eligible as eligible
            on eligible.start_year = pairs.exposure_year and eligible.org_code = outcomes.org_code
        where basis = 'self_assessment' and alignment in ('same_year', 'outcome_one_year_later')
    """
    for row in rows(warehouse, sql):
        found[row["measure_id"], row["outcome_period_key"], row["organisation_type"]].append(row["outcome_value"])
    return found


@pytest.fixture(scope="module")
def levels(warehouse: duckdb.DuckDBPyConnection) -> list[dict[str, Any]]:
    sql = """
        select levels.*, measures.unit from published.pub_outcome_by_maturity_level as levels
        inner join core.dim_measure as measures using (measure_id)
        where basis = 'self_assessment' and value_status = 'observed'
    """
    return rows(warehouse, sql)


def blurred(values: list[float]) -> list[float]:
    """What each organisation's outcome becomes: the mean of its five neighbours; those left over join the last five."""
    ordered, full = sorted(values), len(values) // LEAST
    bounds = [LEAST * group for group in range(full)] + [len(values)]
    return [fmean(ordered[low:high]) for low, high in zip(bounds, bounds[1:], strict=False) for _ in range(low, high)]


def suspects(figure: float, values: list[float], unit: str) -> int:
    """How many organisations' values could be the published figure."""
    digits = 1 if unit in ("percent", "signed_percent") else 2
    return sum(abs(value - figure) <= 0.5 * 10**-digits + 1e-9 for value in values)


def test_no_figure_of_a_level_points_to_fewer_than_five(levels, outcomes):
    assert len(levels) > 100
    for row in levels:
        values = blurred(outcomes[row["measure_id"], row["outcome_period_key"], row["organisation_type"]])
        for figure in FIGURES:
            if row[figure] is not None:
                assert suspects(row[figure], values, row["unit"]) >= LEAST, (row["sentence"], figure)


def test_the_attack_would_succeed_on_exact_outcomes(outcomes):
    """Nearly every outcome is that of one organisation alone, so that an exact median would name it."""
    values = next(
        values for (measure, _, kind), values in outcomes.items() if (measure, kind) == ("sickness_absence", "acute")
    )
    assert len(values) > 100 and len(set(values)) > 0.95 * len(values)


def test_whether_a_level_is_shown_follows_from_what_is_published(warehouse, outcomes):
    """Else a row that is missing for one measure only would tell at which level the one without that outcome is."""
    shown = rows(
        warehouse,
        """
        with named as (
            select driver_id, round_key, instrument_version, organisation_type, floor(median_level) as level,
                count(*) as n
            from published.pub_driver_maturity where org_code is not null and median_level is not null group by all
        ),
        eligible as (
            select start_year, organisation_type, count(*) as n
            from intermediate.int_organisations__eligible group by all
        )
        select levels.value_status, levels.n, measure_id, outcome_period_key, levels.organisation_type,
            cells.n_at_level, cells.n_at_level - coalesce(named.n, 0) as n_unnamed, eligible.n as n_eligible
        from published.pub_outcome_by_maturity_level as levels
        inner join published.pub_maturity_distribution as cells
            on cells.exposure_id = levels.exposure_id and cells.round_key = levels.exposure_period_key
            and cells.instrument_version = levels.instrument_version and cells.level = levels.level
            and cells.organisation_type = levels.organisation_type and cells.region_code = 'all'
        inner join eligible
            on eligible.organisation_type = levels.organisation_type
            and eligible.start_year = cast(left(levels.exposure_period_key, 4) as integer)
        left join named
            on named.driver_id = levels.exposure_id and named.round_key = cells.round_key
            and named.organisation_type = cells.organisation_type and named.level = cells.level
        where levels.basis = 'self_assessment' and cells.value_status = 'observed'
        """,
    )
    assert {row["value_status"] for row in shown} == {"observed", "suppressed"}
    for row in shown:
        without = row["n_eligible"] - len(
            outcomes[row["measure_id"], row["outcome_period_key"], row["organisation_type"]]
        )
        counted = row["n_unnamed"] or row["n_at_level"]
        assert (row["value_status"] == "observed") == (counted - without >= LEAST), row
        assert row["n"] == (row["n_at_level"] if row["value_status"] == "observed" else None)


def test_self_assessed_levels_are_never_pooled_over_types(warehouse):
    sql = "select count(*) as n from published.pub_outcome_by_maturity_level where basis = 'self_assessment'"
    assert rows(warehouse, f"{sql} and (organisation_type = 'all' or exposure_kind <> 'driver')") == [{"n": 0}]


def test_only_those_that_allow_it_are_named(warehouse):
    """Judged from the submissions themselves; withdrawn, private and system ones name nobody."""
    allowed = """
        select org_code from staging.stg_impact_self_assessment__responses
        where sharing_scope in ('national_named', 'published') and submission_status not in ('draft', 'withdrawn')
    """
    for table in NAMED:
        named = f"select distinct org_code from published.{table} where org_code is not null"
        assert rows(warehouse, named), table
        assert rows(warehouse, f"{named} and org_code not in ({allowed})") == [], table


def test_levels_add_up_and_agree_with_the_drivers(warehouse):
    sums = rows(
        warehouse,
        """
        select max(n_shared) as n_shared, sum(n_at_level) as n, max(share_at_or_above) as share_at_or_above,
            max(share_at_or_above) filter (where level = 3) as at_three, max(drivers.share_at_or_above_3) as of_driver
        from published.pub_maturity_distribution as levels
        inner join published.pub_driver_maturity as drivers
            using (driver_id, round_key, instrument_version, organisation_type, region_code, n_shared)
        where exposure_kind = 'driver' and levels.value_status = 'observed' and drivers.org_code is null
        group by driver_id, round_key, instrument_version, organisation_type, region_code
        """,
    )
    assert len(sums) > 50
    for one in sums:
        assert one["n"] == one["n_shared"]
        assert one["share_at_or_above"] == pytest.approx(100)
        assert one["at_three"] == pytest.approx(one["of_driver"])


def test_changes_are_of_those_that_share_both_rounds(warehouse):
    (total,) = rows(
        warehouse,
        "select n_both, n_improved + n_same + n_worsened as n from published.pub_maturity_change "
        "where exposure_id = 'shared_purpose' and organisation_type = 'all' and region_code = 'all'",
    )
    assert total["n"] == total["n_both"] > LEAST


def test_shares_that_agree_with_the_evidence_are_rounded(warehouse):
    shares = rows(
        warehouse,
        "select share_above, share_in_line, share_below, n_shared from published.pub_maturity_agreement "
        "where org_code is null and value_status = 'observed'",
    )
    assert shares and all(one["n_shared"] >= 3 * LEAST for one in shares)
    assert {one[name] % 5 for one in shares for name in ("share_above", "share_in_line", "share_below")} == {0}
