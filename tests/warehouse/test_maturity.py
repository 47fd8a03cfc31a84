"""The tables on maturity in the warehouse that the SYNTHETIC sample built: who is named, what adds up, and an attacker.

The attacker holds every public outcome and the published rows, and tries to tell which organisations are at a level.
"""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import polars as pl
import polars.selectors as cs
import pytest

from pipelines.statistics.levels import summarise

NAMED = ("pub_driver_maturity", "pub_maturity_agreement", "pub_maturity_change", "pub_maturity_responses")
LEAST = 5
POPULATION = ["exposure_year", "organisation_type"]
OUTCOME = ["measure_id", "alignment", "outcome_period_key"]


@pytest.fixture(scope="module")
def warehouse(served_sample: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    path = served_sample / "synthetic" / "warehouse" / "build.duckdb"
    with duckdb.connect(str(path), read_only=True) as connection:
        yield connection


def rows(warehouse: duckdb.DuckDBPyConnection, sql: str) -> list[dict[str, Any]]:
    return warehouse.execute(sql).pl().to_dicts()


@pytest.fixture(scope="module")
def members(warehouse: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Who is at which self-assessed level, with the outcome that enters the figures."""
    sql = """
        select *, cast(left(exposure_period_key, 4) as integer) as exposure_year
        from intermediate.int_outcome_levels__framed where is_blurred
    """
    return warehouse.execute(sql).pl()


@pytest.fixture(scope="module")
def groups(warehouse: duckdb.DuckDBPyConnection) -> pl.DataFrame:
    """Every organisation that is not named, whether it shares or not, with another of its group."""
    found = warehouse.execute("select * from intermediate.int_outcomes__grouped order by org_code").pl()
    return found.with_columns(other=pl.col("org_code").shift(-1).over([*POPULATION, "blur_group"])).with_columns(
        other=pl.col("other").fill_null(pl.col("org_code").first().over([*POPULATION, "blur_group"]))
    )


def with_others_at_their_level(members: pl.DataFrame, groups: pl.DataFrame, outcomes: pl.DataFrame) -> pl.DataFrame:
    """The same rows in a world in which each unnamed organisation has changed places with another of its group."""
    moved = members.join(groups.select(*POPULATION, "org_code", "other"), on=[*POPULATION, "org_code"], how="left")
    return (
        moved.with_columns(org_code=pl.coalesce("other", "org_code"))
        .drop("outcome_value")
        .join(outcomes, on=[*POPULATION, *OUTCOME, "org_code"], how="left")
    )


def summary(members: pl.DataFrame) -> list[tuple[Any, ...]]:
    rounded = summarise(members.filter(pl.col("outcome_value").is_not_null())).with_columns(cs.float().round(9))
    return rounded.rows()


def test_every_figure_fits_a_world_in_which_others_are_at_the_level(warehouse, members, groups):
    """All figures on all outcomes together: so no set of them, however it is solved, tells who is at a level."""
    outcomes = warehouse.execute(
        f"select {', '.join([*POPULATION, *OUTCOME])}, org_code, blurred_value as outcome_value "
        "from intermediate.int_outcomes__blurred"
    ).pl()
    others = with_others_at_their_level(members, groups, outcomes)
    unnamed = members["is_unnamed"]
    assert unnamed.sum() > 1000 and (members["org_code"] != others["org_code"]).sum() == unnamed.sum()
    assert summary(members) == summary(others)


def test_on_exact_outcomes_the_other_world_would_be_seen(warehouse, members, groups):
    exact = warehouse.execute(
        f"select {', '.join([*POPULATION, *OUTCOME])}, org_code, outcome_value from intermediate.int_outcomes__eligible"
    ).pl()
    real = members.drop("outcome_value").join(exact, on=[*POPULATION, *OUTCOME, "org_code"], how="left")
    assert summary(real) != summary(with_others_at_their_level(members, groups, exact))


def test_each_group_holds_five_of_whom_nobody_is_named(warehouse, groups):
    assert groups.group_by(*POPULATION, "blur_group").len()["len"].min() >= LEAST
    named = rows(
        warehouse,
        "select count(*) as n from intermediate.int_outcomes__grouped as grouped "
        "inner join published.pub_driver_maturity as named "
        "on grouped.org_code = named.org_code and grouped.exposure_year = cast(left(round_key, 4) as integer)",
    )
    assert named == [{"n": 0}]


def test_no_group_is_wholly_at_a_level_that_is_shown(warehouse):
    found = rows(
        warehouse,
        """
        select count(*) as n_rows, max(n_at_level - group_size) as closest, min(n_unnamed) as least
        from (
            select levels.measure_id, blur_group, max(group_size) as group_size, count(*) as n_at_level,
                sum(count(*)) over (
                    partition by exposure_id, measure_id, alignment, exposure_period_key, organisation_type, level
                ) as n_unnamed
            from published.pub_outcome_by_maturity_level as levels
            inner join intermediate.int_outcome_levels__framed as framed
                using (basis, exposure_id, measure_id, alignment, exposure_period_key, organisation_type, level)
            where basis = 'self_assessment' and value_status = 'observed' and is_unnamed
            group by exposure_id, levels.measure_id, alignment, exposure_period_key, organisation_type, level,
                blur_group
        )
        """,
    )
    assert found[0]["n_rows"] > 500 and found[0]["closest"] < 0 and found[0]["least"] >= LEAST


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
