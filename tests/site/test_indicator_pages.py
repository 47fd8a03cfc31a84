"""Pages of indicators and organisations: figures against the tables, words told again from the charts' own data, and
what a page may depend on."""

from __future__ import annotations

import csv
import shutil
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from html import unescape
from pathlib import Path
from statistics import median

import duckdb
import pytest

from pipelines.release.api import write_api
from pipelines.release.reading import connect
from pipelines.release.record import read_record
from pipelines.release.site import organisations
from pipelines.release.site.charts import Charts
from pipelines.release.site.indicators import shows
from pipelines.release.site.newest import counted, figure, interval
from pipelines.release.site.pages import Renderer, Site
from pipelines.release.site.phrases import period
from pipelines.settings import DUCKDB_FILE
from tests.release import standin
from tests.site.reading import Document

FUNNELS = {"shmi": "ratio", "sickness_absence": "percent"}
LIMITS = ("lower_limit_95", "upper_limit_95", "lower_limit_998", "upper_limit_998")


@contextmanager
def _tables(release: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    with duckdb.connect(str(release / DUCKDB_FILE), read_only=True) as connection:
        yield connection


def _chart(site: Path, indicator_id: str, kind: str) -> tuple[str, list[dict[str, str]]]:
    """The alternative text of a chart as the page has it, and the rows of its data."""
    name = f"{indicator_id}_{kind}"
    page = Document(site / "indicators" / f"{indicator_id}.html")
    text = next(picture["alt"] for picture in page.pictures if picture["src"].endswith(f"/{name}.svg"))
    with (site / "charts" / f"{name}_SYNTHETIC.csv").open(encoding="utf-8", newline="") as file:
        return text, list(csv.DictReader(file))


def _written(value: float, unit: str) -> str:
    return f"{value:.1f}%" if unit == "percent" else f"{value:.2f}"


@pytest.mark.parametrize("indicator_id", FUNNELS)
def test_points_and_limits_of_a_funnel_are_those_of_the_table(site: Path, release: Path, indicator_id: str) -> None:
    _, rows = _chart(site, indicator_id, "funnel")
    with _tables(release) as connection:
        expected = connection.execute(
            f"select org_code, denominator, value, {', '.join(LIMITS)}, band, band_998 from pub_variation "
            f"where chart = 'funnel' and measure_id = '{indicator_id}' and period_key = "
            f"(select max(period_key) from pub_variation where chart = 'funnel' and measure_id = '{indicator_id}')"
        ).fetchall()
    shown = [
        (
            row["org_code"],
            *(float(row[name]) for name in ("denominator", "value", *LIMITS)),
            row["band"],
            row["band_998"],
        )
        for row in rows
    ]
    assert len(shown) > 100
    assert sorted(shown) == sorted(expected)


@pytest.mark.parametrize("indicator_id", FUNNELS)
def test_alternative_text_of_a_funnel_is_that_of_its_data(site: Path, indicator_id: str) -> None:
    text, rows = _chart(site, indicator_id, "funnel")
    values = [float(row["value"]) for row in rows]
    above = [row for row in rows if float(row["value"]) > float(row["upper_limit_95"])]
    below = [row for row in rows if float(row["value"]) < float(row["lower_limit_95"])]
    far_above = [row for row in above if float(row["value"]) > float(row["upper_limit_998"])]
    far_below = [row for row in below if float(row["value"]) < float(row["lower_limit_998"])]
    unit = FUNNELS[indicator_id]
    assert f": {len(rows)} organisations, compared within" in text
    assert all(f"({n})" in text for n in Counter(row["comparison_group"] for row in rows).values())
    assert f"from {_written(min(values), unit)} to {_written(max(values), unit)}." in text
    assert f"{len(above)} lie above the upper 95% limit, {len(far_above)} of them above the 99.8% limit" in text
    assert f"{len(below)} lie below the lower 95% limit, {len(far_below)} of them below the 99.8% limit" in text
    assert f"The other {len(rows) - len(above) - len(below)} lie within." in text


def test_alternative_text_of_a_series_is_that_of_its_data(site: Path) -> None:
    text, rows = _chart(site, "ae_within_4_hours", "xmr")
    values = [float(row["value"]) for row in rows]
    unusual = sum(row["variation"] != "common_cause" for row in rows)
    assert f"{len(rows)} points from {min(values):.1f}% to {max(values):.1f}%, {unusual} of them special-cause" in text
    assert f"Newest point {values[-1]:.1f}%" in text
    limits = (float(rows[-1][name]) for name in ("lower_process_limit", "upper_process_limit"))
    assert "process limits {:.1f}% to {:.1f}%".format(*limits) in text


def test_a_spread_is_made_of_the_organisations_of_its_period(site: Path, release: Path) -> None:
    text, rows = _chart(site, "q3f", "spread")
    with _tables(release) as connection:
        found = connection.execute(
            "select organisation_type, value from pub_measure_values where measure_id = 'q3f' and value is not null "
            "and period_key = (select max(period_key) from pub_measure_values where measure_id = 'q3f')"
        ).fetchall()
    for row in rows:
        values = [value for kind, value in found if kind == row["organisation_type"]]
        assert int(row["organisations"]) == len(values)
        assert float(row["median"]) == pytest.approx(median(values))
        assert (float(row["lowest"]), float(row["highest"])) == (min(values), max(values))
        assert f"{median(values):.1f}% ({len(values)})" in text
    assert f"{len(found)} organisations from" in text


def test_organisations_stand_in_the_order_of_their_names(site: Path, release: Path) -> None:
    text = unescape((site / "indicators" / "cancer_62_day.html").read_text())
    with _tables(release) as connection:
        names = connection.execute(
            "select org_name from pub_measure_values where measure_id = 'cancer_62_day' and org_code <> 'ENG' "
            "and period_type = 'financial_year' and period_key = '2025-26' order by upper(org_name)"
        ).fetchall()
    table = text[text.index("This is not a ranking") :]
    places = [table.index(f">{name}</a>") for (name,) in names]
    assert len(places) > 100 and places == sorted(places)


def test_what_is_not_charted_says_why(site: Path) -> None:
    text = (site / "indicators" / "staff_engagement.html").read_text()
    assert "it is no share or ratio of counts, so chance has no known size." in text
    assert "one figure a year is too few for a series." in text


def test_suppressed_zero_and_not_applicable_are_told_apart() -> None:
    base = {"value": None, "lower_95": None, "upper_95": None, "numerator": None}
    zero = base | {"value": 0.0, "value_status": "observed", "lower_95": 0.0, "upper_95": 4.1, "numerator": 0.0}
    assert (figure(zero, "percent"), interval(zero, "percent"), counted(zero, "numerator")) == (
        "0.0%",
        "0.0% to 4.1%",
        "0",
    )
    codes = {"suppressed": "[c]", "not_applicable": "[z]", "missing": "[x]", "not_collected": "[x]", "withheld": "[x]"}
    for status, code in codes.items():
        row = base | {"value_status": status}
        assert {figure(row, "percent"), interval(row, "percent"), counted(row, "numerator")} == {code}
    assert figure({"value": 7.123, "value_status": "provisional"}, "score") == "7.12 [p]"
    assert interval(base | {"value": 7.1, "value_status": "observed"}, "score") == "[x]"


def test_statuses_of_the_table_are_on_the_page(site: Path, release: Path) -> None:
    with _tables(release) as connection:
        hidden = connection.execute(
            "select org_code from pub_measure_values where measure_id = 'ae_within_4_hours_type_1' "
            "and period_type = 'financial_year' and period_key = '2025-26' and value_status = 'not_applicable'"
        ).fetchall()
    text = (site / "indicators" / "ae_within_4_hours_type_1.html").read_text()
    assert len(hidden) > 5 and text.count("[z]</td>") >= len(hidden)
    assert "<strong>[z]</strong> not applicable" in text


def test_periods_are_written_as_they_are_read() -> None:
    year = {"period_type": "financial_year", "period_key": "2026-27", "period_start": None, "period_end": None}
    assert period(year) == "2026-27"
    assert period(year | {"n_periods": 12}) == "2026-27"
    assert period(year | {"n_periods": 2}) == "2026-27, 2 of 12 months"


def test_what_an_indicator_does_not_show_stands_apart() -> None:
    assert shows("It shows a share. It does not show why. Nor who.") == (
        ["It shows a share."],
        ["It does not show why.", "Nor who."],
    )
    assert shows(None) == ([], [])


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return standin.candidate(standin.workspace(tmp_path_factory.mktemp("home")), "2026.1.0")


def _pages(folder: Path, into: Path, *changes: str) -> dict[str, bytes]:
    """The pages of organisations, after changes to the released tables."""
    into.mkdir()
    shutil.copyfile(folder / DUCKDB_FILE, into / DUCKDB_FILE)
    with duckdb.connect(str(into / DUCKDB_FILE)) as connection:
        for change in changes:
            connection.execute(change)
    record = read_record(into)
    write_api(into, record)
    renderer = Renderer(into, record)
    with connect(into / DUCKDB_FILE) as connection:
        site = Site(into, connection, record, Charts(into, record))
        return {path.name: path.read_bytes() for path in map(renderer.write, organisations.pages(site))}


SHARED = (
    "update pub_driver_maturity set n_shared = 21, median_level = 2.5",
    "update pub_maturity_distribution set n_shared = 21, share_at_level = 19.0",
    "update pub_response_bias set n_shared = 41",
)
"""What a release shows once more or less when an organisation that may not be named shares, or withdraws."""


@pytest.fixture(scope="module")
def before(folder: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return _pages(folder, tmp_path_factory.mktemp("pages") / "before")


def test_no_page_of_an_organisation_tells_who_shared_in_confidence(folder: Path, tmp_path: Path, before) -> None:
    assert len(before) == 121
    assert _pages(folder, tmp_path / "after", *SHARED) == before


def test_only_the_page_of_an_organisation_that_agreed_changes(folder: Path, tmp_path: Path, before) -> None:
    agreed = (
        "insert into pub_maturity_responses by name select * replace ('R7' as org_code) from pub_maturity_responses"
    )
    after = _pages(folder, tmp_path / "after", agreed)
    assert [name for name in before if before[name] != after[name]] == ["R7.html"]
    assert b"Item 3" in after["R7.html"] and b"Item 3" not in before["R7.html"]


def test_a_closed_organisation_leads_to_those_that_took_it_over(folder: Path, tmp_path: Path) -> None:
    pages = _pages(
        folder,
        tmp_path / "closed",
        "update dim_organisation set closed_on = date '2025-03-31' where org_code = 'R5'",
        "update pub_organisation_history set to_code = case when event = 'opened' then 'R6' end, today_code = 'R6' "
        "where org_code = 'R5'",
    )
    assert b'<a href="R6.html">Trust (R6)</a>.' in pages["R5.html"]
    assert b"Closed on 31 March 2025; today R6" in pages["index.html"]


def test_no_page_of_an_organisation_has_a_rank_or_a_score(before) -> None:
    page = before["R1.html"].decode()
    assert "there is no score and no rank" in page
    assert not [word for word in ("position", "quartile", "league", "percentile") if word in page.lower()]
