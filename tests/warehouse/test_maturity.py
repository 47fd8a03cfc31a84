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
from tests.attacking import few_at_a_level

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
    """Where all levels of a cell are told; and where the share at level 3 or above is."""
    cells = rows(
        warehouse,
        """
        select max(n_shared) as n_shared, sum(n_at_level) as n, count(n_at_level) = count(*) as is_whole,
            max(share_at_or_above) as share_at_or_above,
            max(share_at_or_above) filter (where level = 3) as at_three, max(drivers.share_at_or_above_3) as of_driver
        from published.pub_maturity_distribution as levels
        inner join published.pub_driver_maturity as drivers
            using (driver_id, round_key, instrument_version, organisation_type, region_code, n_shared)
        where exposure_kind = 'driver' and drivers.org_code is null
        group by driver_id, round_key, instrument_version, organisation_type, region_code
        """,
    )
    whole = [one for one in cells if one["is_whole"]]
    assert whole and len(cells) > len(whole)
    assert all(one["n"] == one["n_shared"] for one in whole)
    assert all(one["share_at_or_above"] == pytest.approx(100) for one in cells)
    told = [one for one in cells if one["of_driver"] is not None]
    assert len(told) > 20 and {one["of_driver"] for one in cells if one["at_three"] is None} == {None}
    assert all(one["at_three"] == pytest.approx(one["of_driver"]) for one in told)


def test_tau_argus_does_not_find_how_few_are_at_a_level(warehouse):
    """Of types and of regions, each driver and part of one: with all that is told of them and of all together."""
    levels = warehouse.execute(
        "select round_key || '|' || instrument_version || '|' || exposure_kind || '|' || exposure_id as group_key, "
        "organisation_type, region_code, level, n_shared is null as is_hidden, n_at_level is not null as is_told, "
        "share_at_or_above is not null as is_told_from from published.pub_maturity_distribution"
    ).pl()
    members = warehouse.execute(
        "select group_key, organisation_type, region_code, category as level from "
        "intermediate.int_maturity_members__placed where table_name = 'pub_maturity_distribution' and is_unnamed"
    ).pl()
    tables = 0
    for margin, other in (("organisation_type", "region_code"), ("region_code", "organisation_type")):
        told = levels.filter(pl.col(other) == "all").with_columns(cell=margin)
        counts = members.group_by("group_key", pl.col(margin).alias("cell"), "level").len()
        for (group,), shown in told.partition_by("group_key", as_dict=True).items():
            size = shown["level"].max()
            cells = {cell: [0] * size for cell in shown["cell"].unique().sort() if cell != "all"}
            for _, cell, level, count in counts.filter(group_key=group).iter_rows():
                cells[cell][level - 1] = count
            hidden = set(shown.filter("is_hidden")["cell"])
            if "all" in hidden:
                continue
            said = [shown.filter(name).select("cell", "level").rows() for name in ("is_told", "is_told_from")]
            assert few_at_a_level(cells, hidden, *said, LEAST) == [], (group, margin)
            tables += 1
    assert tables > 20 and levels["is_told"].mean() > 0.1


def test_changes_are_of_those_that_share_both_rounds(warehouse):
    found = rows(
        warehouse,
        "select n_both, n_improved, n_same, n_worsened from published.pub_maturity_change "
        "where organisation_type = 'all' and region_code = 'all' and n_both is not null",
    )
    whole = [one for one in found if None not in one.values()]
    assert whole and all(one["n_improved"] + one["n_same"] + one["n_worsened"] == one["n_both"] for one in whole)
    assert min(one["n_both"] for one in found) > LEAST


def test_no_few_rate_themselves_higher_the_same_or_lower(warehouse):
    """Counted again from the members, of whom those that may be named are known anyway."""
    for table, names in (
        ("pub_maturity_change", ("n_worsened", "n_same", "n_improved")),
        ("pub_maturity_agreement", ("share_below", "share_in_line", "share_above")),
    ):
        key = "round_key, instrument_version, driver_id, organisation_type, region_code"
        key += ", exposure_id, previous_round_key" if "change" in table else ", evidence_basis"
        told = " union all ".join(
            f"select {key}, {sign} as category from published.{table} where org_code is null and {name} is not null"
            for sign, name in zip((-1, 0, 1), names, strict=True)
        )
        on = " and ".join(
            f"told.{name} = members.{name}"
            for name in key.split(", ")
            if name not in ("organisation_type", "region_code")
        )
        sql = f"""
            select told.*, count(*) as n from ({told}) as told
            inner join intermediate.int_maturity_members__placed as members
                on {on} and told.category = members.category
                and told.organisation_type in ('all', members.organisation_type)
                and told.region_code in ('all', members.region_code)
            where members.table_name = '{table}' and members.is_unnamed
            group by all
        """
        found = [one["n"] for one in rows(warehouse, sql)]
        assert found and min(found) >= LEAST, table


def test_shares_that_agree_with_the_evidence_are_rounded(warehouse):
    shares = rows(
        warehouse,
        "select share_above, share_in_line, share_below, n_shared from published.pub_maturity_agreement "
        "where org_code is null and value_status = 'observed'",
    )
    assert shares and all(one["n_shared"] >= 3 * LEAST for one in shares)
    told = [one[name] for one in shares for name in ("share_above", "share_in_line", "share_below")]
    assert {share % 5 for share in told if share is not None} == {0}
