"""Counts of persons on their way into the candidate, for an invented source that nobody has protected yet."""

from __future__ import annotations

import struct
from datetime import date
from pathlib import Path

import duckdb
import polars as pl
import polars.selectors as cs
import pytest
import standin

from pipelines.errors import Fault
from pipelines.registry import load_sources
from pipelines.release import candidate, connect
from pipelines.release.disclosure import COUNTED, DERIVED, SAFE, SENTENCE, Control, withheld_path
from pipelines.release.reading import table_names
from pipelines.settings import DUCKDB_FILE, Workspace
from schemas import published
from schemas.source import Disclosure
from tests.attacking import disclosed, nested

MEASURE = "m7"
ROUNDED = Disclosure(rule="person_counts", hide_up_to=7, round_to=5)
EXACT = Disclosure(rule="person_counts_exact_totals", hide_up_to=7)
MONTHS = {"2024-04": date(2024, 4, 1), "2024-05": date(2024, 5, 1)}
YEAR = "2024-25"
COUNTS = {
    ("R0", "2024-04"): (3, 41),
    ("R0", "2024-05"): (20, 62),
    ("R1", "2024-04"): (12, 53),
    ("R1", "2024-05"): (14, 57),
    ("R2", "2024-04"): (0, 48),
    ("R2", "2024-05"): (31, 94),
    ("R3", "2024-04"): (44, 118),
    ("R3", "2024-05"): (49, 127),
}
"""Numerator and denominator by organisation and month."""


def invented(rule: Disclosure):
    """A source like that of sickness absence, but about persons."""
    like = load_sources()["sickness_absence"]
    measure = like.measures[0].model_copy(update={"measure_id": MEASURE})
    return like.model_copy(update={"source_id": "invented", "disclosure": rule, "measures": (measure,)})


def figures() -> pl.DataFrame:
    """Months, years and England of COUNTS, with exact percentages."""
    cells = dict(COUNTS)
    for code in sorted({code for code, _ in COUNTS}):
        parts = [counts for (one, _), counts in COUNTS.items() if one == code]
        cells[code, YEAR] = tuple(map(sum, zip(*parts, strict=True)))
    for key in (*MONTHS, YEAR):
        parts = [counts for (_, one), counts in cells.items() if one == key]
        cells["ENG", key] = tuple(map(sum, zip(*parts, strict=True)))
    return pl.DataFrame(
        [
            {
                **{"measure_id": MEASURE, "org_code": code, "org_name": "Trust", "organisation_type": "acute"},
                **{"period_type": "financial_year" if key == YEAR else "month", "period_key": key},
                "period_start": MONTHS.get(key, date(2024, 4, 1)),
                "period_end": date(2025, 3, 31) if key == YEAR else MONTHS[key].replace(day=28),
                **{"numerator": float(some), "denominator": float(whole), "value": 100 * some / whole},
                **{"value_status": "observed", "published_on": date(2025, 6, 26)},
            }
            for (code, key), (some, whole) in cells.items()
        ]
    )


@pytest.fixture(scope="module")
def release_of(tmp_path_factory):
    """The workspace and candidate under a rule, from a build file in which the invented figures are planted."""
    built = {rule: build(tmp_path_factory.mktemp("home"), rule) for rule in (ROUNDED, EXACT)}
    return built.__getitem__


def build(home: Path, rule: Disclosure) -> tuple[Workspace, duckdb.DuckDBPyConnection]:
    place = standin.workspace(home)
    with duckdb.connect(str(place.warehouse)) as connection:
        plant(connection)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(candidate, "load_sources", lambda: load_sources() | {"invented": invented(rule)})
        folder = candidate.build_candidate(place, standin.manifest_path(place), "2026.1.0", "abc1234", standin.BUILT_AT)
    return place, connect(folder / DUCKDB_FILE)


def plant(connection: duckdb.DuckDBPyConnection) -> None:
    rows = figures().with_columns(data_origin=pl.lit("SYNTHETIC"))
    vintages = rows.filter(pl.col("org_code") != "ENG", pl.col("period_type") == "month")
    # Before the revision R1's April was small.
    revised = vintages.filter(org_code="R1", period_key="2024-04").with_columns(
        numerator=pl.lit(6.0), value=pl.lit(600 / 53)
    )
    older = revised.with_columns(edition=pl.lit("2025-03"), vintage=pl.lit("bbbbbbbbbbbb"))
    newer = vintages.with_columns(edition=pl.lit("2025-03"), vintage=pl.lit("aaaaaaaaaaaa"))
    merged = rows.with_columns(
        n_organisations_combined=pl.lit(1, pl.Int32), combined_from="org_code", roll_forward_status=pl.lit("is_current")
    )
    # R0 and R2 are one organisation today: their sum would give R0's away beside R2's.
    both = rows.filter(org_code="R0").with_columns(
        org_code=pl.lit("R9"),
        numerator=pl.col("numerator") + pl.Series([0.0, 31.0, 31.0]),
        denominator=pl.col("denominator") + pl.Series([48.0, 94.0, 142.0]),
        n_organisations_combined=pl.lit(2, pl.Int32),
        combined_from=pl.lit("R0|R2"),
        roll_forward_status=pl.lit("rolled_forward"),
    )
    change = {"source_id": "invented", "edition": "2025-03", "old_vintage": "bbbbbbbbbbbb"}
    change |= {"new_vintage": "aaaaaaaaaaaa", "old_value": 600 / 53, "new_value": 1200 / 53}
    change |= {"old_value_status": "observed", "new_value_status": "observed"}
    changes = revised.select("measure_id", "org_code", "period_type", "period_key", "data_origin").with_columns(
        pl.lit(value).alias(name) for name, value in change.items()
    )
    counts = {"old_numerator": 6.0, "new_numerator": 12.0, "old_denominator": 53.0, "new_denominator": 53.0}
    connection.execute(
        "alter table published.pub_value_revisions add column old_numerator double; "
        "alter table published.pub_value_revisions add column new_numerator double; "
        "alter table published.pub_value_revisions add column old_denominator double; "
        "alter table published.pub_value_revisions add column new_denominator double"
    )
    chart = rows.filter(org_code="R0", period_key=YEAR).with_columns(
        chart=pl.lit("xmr"), centre_line=pl.lit(23.456789), sentence=pl.lit("R0 had 23 of 103.")
    )
    revision = {"source_id": "invented", "edition": "2025-03", "old_vintage": "bbbbbbbbbbbb"}
    revision |= {"new_vintage": "aaaaaaaaaaaa", "is_announced": False, "largest": "R1 numerator 6 to 12"}
    planted = {
        "core.fct_measure_values": pl.concat([newer, older]),
        "published.pub_measure_values": rows,
        "published.pub_measure_values_todays_footprint": pl.concat([merged, both]),
        "published.pub_value_revisions": changes.with_columns(pl.lit(n).alias(name) for name, n in counts.items()),
        "published.pub_variation": chart,
        "published.pub_revisions": pl.DataFrame([revision | {"data_origin": "SYNTHETIC"}]),
    }
    for table, frame in planted.items():
        if "measure_id" in frame.columns:
            connection.execute(f"delete from {table} where measure_id = '{MEASURE}'")
        known = {row[0] for row in connection.execute(f"describe {table}").fetchall()}
        connection.register("planted", frame.select(name for name in frame.columns if name in known).to_arrow())
        connection.execute(f"insert into {table} by name select * from planted")


def told(connection, table: str, columns: str = "numerator, denominator, value, value_status") -> dict:
    rows = connection.execute(
        f"select org_code, period_key, {columns} from {table} where measure_id = '{MEASURE}' order by all"
    ).fetchall()
    return {row[:2]: row[2:] for row in rows}


def test_small_counts_are_hidden_and_others_rounded(release_of):
    """By hand: 3 is hidden; 41 to 40; 20 of 62 to 20 of 60; the year's 23 of 103 to 25 of 105; England is exact."""
    _, connection = release_of(ROUNDED)
    for table in ("pub_measure_values", "pub_measure_values_todays_footprint"):
        rows = told(connection, table)
        assert rows["R0", "2024-04"] == (None, 40, None, "suppressed")
        assert rows["R0", "2024-05"] == (20, 60, pytest.approx(100 / 3), "observed")
        assert rows["R0", YEAR] == (25, 105, pytest.approx(2500 / 105), "observed")
        assert rows["R2", "2024-04"] == (0, 50, 0, "observed")
        assert rows["ENG", "2024-04"] == (59, 260, pytest.approx(5900 / 260), "observed")
    assert told(connection, "fct_measure_values")["R0", "2024-04"] == (None, 40, None, "suppressed")


def test_a_revision_does_not_tell_what_was_small(release_of):
    """6 of 53 became 12 of 53: nothing, and 10 of 55."""
    columns = "old_numerator, old_value, old_value_status, new_numerator, new_value, new_value_status"
    _, connection = release_of(ROUNDED)
    assert told(connection, "pub_value_revisions", columns)["R1", "2024-04"] == (
        *(None, None, "suppressed"),
        *(10, pytest.approx(1000 / 55), "observed"),
    )


def test_exact_totals_give_no_count_away(release_of):
    """Tau-Argus looks at months, years and England, numerators and denominators, with what the candidate shows."""
    _, connection = release_of(EXACT)
    rows = told(connection, "pub_measure_values")
    codes = sorted({code for code, _ in COUNTS})
    places = {(0, i): code for i, code in enumerate(codes)} | {(0, "total"): "ENG"}
    for at in (0, 1):
        counts, sums = nested([[[COUNTS[code, month][at] for month in MONTHS] for code in codes]])
        keys = {0: "2024-04", 1: "2024-05", "total": YEAR}
        hidden = {cell for cell in counts if cell[0] == "total" or rows[places[cell[:2]], keys[cell[2]]][at] is None}
        assert ((0, 0, 0) in hidden) and len(hidden) < len(counts)
        assert [cell for cell in disclosed(counts, sums, hidden, 7) if cell[0] != "total"] == []


def test_what_one_table_or_vintage_hides_no_other_shows(release_of):
    _, connection = release_of(EXACT)
    hidden = {key for key, row in told(connection, "pub_measure_values").items() if row[2] is None}
    assert {("R0", "2024-04"), ("R1", "2024-04")} <= hidden
    footprint = told(connection, "pub_measure_values_todays_footprint")
    merged = {("R9", key) for code, key in hidden if code in ("R0", "R2")}
    assert {key for key, row in footprint.items() if row[2] is None} == hidden | merged
    assert all(row[2] is None for key, row in told(connection, "fct_measure_values").items() if key in hidden)
    columns = "old_value, new_value, old_value_status, new_value_status"
    assert told(connection, "pub_value_revisions", columns)["R1", "2024-04"] == (None, None, "suppressed", "suppressed")


@pytest.mark.parametrize("rule", [ROUNDED, EXACT], ids=lambda rule: rule.rule)
def test_nothing_withheld_is_anywhere_in_the_candidate(release_of, rule):
    """Neither in a column, nor in a sentence, nor among the bytes of the file."""
    place, connection = release_of(rule)
    withheld = pl.read_parquet(withheld_path(place))
    assert set(withheld["reason"]) <= {"primary", "secondary"} and withheld.height > 5
    assert withheld_path(place).stat().st_mode & 0o077 == 0
    secrets = set(withheld.filter(column_name="value")["figure"]) | {600 / 53, 23.456789}
    content = (place.candidate / DUCKDB_FILE).read_bytes()
    for table in table_names(connection):
        frame = connection.execute(f"select * from {table}").pl()
        numbers = frame.select(cs.float())
        assert not any(set(numbers[name].drop_nulls()) & secrets for name in numbers.columns), table
        texts = frame.select(cs.string())
        assert texts.filter(pl.any_horizontal(pl.all().str.contains("23 of 103|numerator 6 to 12"))).is_empty(), table
    assert b"23 of 103" not in content and b"numerator 6 to 12" not in content
    assert not any(struct.pack("<d", secret) in content for secret in secrets)


def test_charts_keep_their_key_and_nothing_else(release_of):
    _, connection = release_of(ROUNDED)
    columns = "value, value_status, centre_line, numerator, sentence"
    assert told(connection, "pub_variation", columns) == {("R0", YEAR): (None, "suppressed", None, None, SENTENCE)}


def test_other_sources_are_copied_as_they_are(release_of, tmp_path):
    """Every table without the planted measure: the same rows as without any rule."""
    _, connection = release_of(ROUNDED)
    place = standin.workspace(tmp_path / "plain")
    plain = candidate.build_candidate(place, standin.manifest_path(place), "2026.1.0", "abc1234", standin.BUILT_AT)
    with connect(plain / DUCKDB_FILE) as other:
        for table in sorted({*COUNTED, *DERIVED, *SAFE} - {"pub_revisions", "release_info", "dictionary"}):
            where = f"where measure_id <> '{MEASURE}'" if "measure_id" in columns_of(other, table) else ""
            ours, theirs = (
                one.execute(f"select {', '.join(columns_of(other, table))} from {table} {where}").fetchall()
                for one in (connection, other)
            )
            assert ours == theirs, table


def columns_of(connection, table: str) -> list[str]:
    return [row[0] for row in connection.execute(f"describe {table}").fetchall()]


def test_every_released_table_with_numbers_is_controlled_or_said_to_be_safe():
    with_numbers = {
        table.name
        for table in published.TABLES
        if any(column.type in ("DOUBLE", "BIGINT", "INTEGER") for column in table.columns)
    }
    assert with_numbers <= {*COUNTED, *DERIVED, *SAFE}
    assert not set(COUNTED) & set(DERIVED) and not {*COUNTED, *DERIVED} & set(SAFE)
    of_measures = {table.name for table in published.TABLES if "measure_id" in [one.name for one in table.columns]}
    assert of_measures - {*COUNTED, *DERIVED} == {
        *("dim_measure", "fct_standardised_ratios", "pub_driver_outcome_association")
    }


def test_a_table_of_which_nothing_is_said_stops_the_release(tmp_path):
    sources = {"invented": invented(ROUNDED)}
    with duckdb.connect() as connection, pytest.raises(Fault, match="nobody has said"):
        Control(connection, sources).rows("pub_something_new", "published")


def test_where_no_source_counts_persons_nothing_is_read_twice():
    """The table itself is copied, as ever."""
    with duckdb.connect() as connection:
        control = Control(connection, load_sources())
        assert control.rows("pub_measure_values", "published") == 'build."published"."pub_measure_values"'
        assert control.rows("pub_something_new", "published") == 'build."published"."pub_something_new"'
