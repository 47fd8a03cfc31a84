"""Every shape is shown bad data and turns it away, with the place and the reason."""

from __future__ import annotations

import datetime as dt

import polars as pl
import pytest

from pipelines.errors import Fault
from pipelines.harmonise.door import admit, validate
from pipelines.readers.frame import ROW, SHEET
from pipelines.registry import load_sources
from schemas.fields import polars_schema
from schemas.ingest.shapes import SHAPES
from schemas.source import ColumnRule, Source

DAY = dt.date(2025, 3, 31)
GOOD: dict[str, dict[str, object]] = {
    "provider_counts": {
        "period_start": dt.date(2025, 3, 1),
        "period_end": DAY,
        "org_code": "ZX001",
        "org_name": "Some Trust",
        "org_kind": "Acute",
        "region_code": "Y62",
        "region_name": "North West",
        "icb_code": "ZY001",
        "icb_name": "Some ICB",
        "numerator": 5.0,
        "denominator": 100.0,
        "published_value": 5.0,
        "value_status": "observed",
    },
    "provider_items": {
        "period_start": dt.date(2025, 3, 1),
        "period_end": DAY,
        "org_code": "ZX001",
        "org_name": "Some Trust",
        "category": None,
        "item_name": "attendances_type_1",
        "value": 12.5,
        "value_status": "observed",
    },
    "standardised_ratios": {
        "period_start": dt.date(2024, 4, 1),
        "period_end": DAY,
        "org_code": "ZX001",
        "org_name": "Some Trust",
        "spells": 10_000.0,
        "observed": 300.0,
        "expected": 400.0,
        "counts_rounded_to": 0.0,
        "published_value": 0.75,
        "banding": "lower_than_expected",
        "po_lower_limit": None,
        "po_upper_limit": None,
        "od_lower_limit": 0.9,
        "od_upper_limit": 1.1,
        "value_status": "observed",
    },
    "framework_metrics": {
        "quarter_key": "2025-Q4",
        "quarter_end": dt.date(2026, 3, 31),
        "period_start": dt.date(2025, 4, 1),
        "period_end": dt.date(2026, 3, 31),
        "reporting_text": "2025/26 plan",
        "org_code": "ZX001",
        "org_name": "Some Trust",
        "org_kind": "Acute trust",
        "org_subtype": "Acute",
        "region_name": "London",
        "framework_domain": "Finance and productivity",
        "framework_subdomain": "Finance",
        "metric_id": "OF0079",
        "metric_name": "Planned surplus/deficit",
        "metric_unit": "%",
        "value": -2.5,
        "median_value": 0.0,
        "lower_quartile": -1.0,
        "upper_quartile": 0.5,
        "position": 100,
        "value_status": "observed",
    },
    "league_positions": {
        "quarter_key": "2025-Q4",
        "quarter_end": dt.date(2026, 3, 31),
        "org_code": "ZX001",
        "org_name": "Some Trust",
        "org_kind": "Acute trust",
        "org_subtype": "Acute",
        "region_name": "London",
        "average_score": 2.21,
        "score_range_text": "1.72 to 2.73",
        "score_low": 1.72,
        "score_high": 2.73,
        "segment": 2,
        "is_in_deficit": False,
        "position": 24,
        "position_range_text": "6 to 49",
        "position_low": 6,
        "position_high": 49,
        "value_status": "observed",
    },
    "national_context": {
        "indicator_id": "some_indicator",
        "indicator_year": 2024,
        "value": 21.0,
        "verified": True,
        "source_text": "Some report",
        "value_status": "observed",
    },
    "waiting_bands": {
        "period_start": dt.date(2025, 3, 1),
        "period_end": DAY,
        "org_code": "ZX001",
        "org_name": "Some Trust",
        "icb_code": None,
        "commissioner_code": None,
        "pathway_part": "Part_2",
        "treatment_function_code": "C_999",
        "band_label": "Total All",
        "from_weeks": None,
        "to_weeks": None,
        "pathway_count": 7,
        "value_status": "observed",
    },
    "survey_results": {
        "survey_year": 2024,
        "org_code": "ZX001",
        "org_name": "Some Trust",
        "benchmark_group": "Acute",
        "region_name": None,
        "icb_name": None,
        "weighting": "Unweighted",
        "question_id": "q3f",
        "question_text": "Q3f - I am able",
        "response_option": "Agree",
        "statistic": "percent",
        "value": 50.0,
        "value_status": "observed",
    },
    "survey_breakdowns": {
        "survey_year": 2024,
        "base_group": "National",
        "breakdown": "Region",
        "subgroup": "London",
        "weighting": "Organisation Size",
        "question_id": "q3f",
        "question_text": "I am able",
        "response_option": "Agree",
        "statistic": "percent",
        "value": 50.0,
        "value_status": "observed",
    },
    "survey_benchmarks": {
        "survey_year": 2021,
        "org_code": "ZX001",
        "org_name": "Some Trust",
        "benchmark_group": "Acute",
        "question_id": "staff_engagement",
        "statistic": "score",
        "value": 6.8,
        "value_status": "observed",
    },
    "ratings": {
        "location_code": "ZX00101",
        "location_ods_code": None,
        "location_name": "Some Hospital",
        "location_type": "NHS Healthcare Organisation",
        "inspection_category": "Acute hospital",
        "is_care_home": False,
        "location_region": "London",
        "service_group": "Overall",
        "domain": "Overall",
        "rating": "Good",
        "publication_date": DAY,
        "report_type": "Location",
        "is_inherited": False,
        "provider_code": "ZX001",
        "provider_name": "Some Trust",
        "value_status": "observed",
    },
    "provider_ratings": {
        "provider_code": "ZX001",
        "provider_ods_code": None,
        "provider_name": "Some Trust",
        "provider_type": "NHS Healthcare Organisation",
        "inspection_category": None,
        "service_group": "Overall",
        "domain": "Overall",
        "rating": "Good",
        "publication_date": DAY,
        "report_type": "Provider",
        "is_inherited": False,
        "value_status": "observed",
    },
    "body_ratings": {
        "rated_level": "location",
        "rated_code": "ZX00101",
        "rated_name": "Some Hospital",
        "rated_type": "NHS Healthcare Organisation",
        "inspection_category": None,
        "provider_code": "ZX001",
        "registration_status": "Registered",
        "deregistered_on": None,
        "framework": "single_assessment_framework",
        "service_group": "Overall",
        "domain": "Overall",
        "rating": "Good",
        "publication_date": None,
        "assessment_date": DAY,
        "assessment_status": "Assessed",
        "percentage_score": 75.0,
        "is_current_rating": True,
        "inherited_from": None,
        "value_status": "observed",
    },
    "organisations": {
        "org_code": "ZX001",
        "org_name": "Some Trust",
        "region_code": "Y62",
        "icb_code": None,
        "postcode": None,
        "opened_on": dt.date(2001, 4, 1),
        "closed_on": None,
        "edition_date": DAY,
    },
    "successions": {
        "from_code": "ZX001",
        "to_code": "ZX002",
        "direction": "successor",
        "changed_on": DAY,
        "change_kind": None,
        "evidence": None,
        "is_inferred": False,
    },
    "system_members": {
        "org_code": "ZX001",
        "org_name": "Some Trust",
        "icb_code": "ZY001",
        "icb_name": "Some ICB",
        "region_name": "London",
    },
    "assessments": {
        "submission_id": "abc",
        "org_code": "ZX001",
        "unit_code": None,
        "instrument_version": "impact-sa-1",
        "assessment_date": DAY,
        "submission_status": "draft",
        "sharing_scope": "private",
        "item_id": "p1_1",
        "level": 3,
        "value_status": "observed",
    },
}
BAD = [
    ("provider_counts", {"org_code": "no code"}, "org_code"),
    ("provider_counts", {"org_code": None}, "org_code"),
    ("provider_counts", {"numerator": -1.0}, "numerator"),
    ("provider_counts", {"numerator": 101.0}, "numerator"),
    ("provider_counts", {"value_status": "fine"}, "value_status"),
    ("provider_counts", {"period_end": None}, "period_end"),
    ("provider_items", {"value": -0.5}, "value"),
    ("provider_items", {"item_name": None}, "item_name"),
    ("provider_items", {"org_code": "no code"}, "org_code"),
    ("standardised_ratios", {"published_value": 0.7501}, "published_value"),
    ("standardised_ratios", {"counts_rounded_to": 5.0, "published_value": 0.7612}, "published_value"),
    ("standardised_ratios", {"observed": -1.0}, "observed"),
    ("standardised_ratios", {"observed": 10_001.0, "published_value": 25.0025}, "observed"),
    ("standardised_ratios", {"expected": 0.0}, "expected"),
    ("standardised_ratios", {"spells": -5.0}, "spells"),
    ("standardised_ratios", {"banding": "2"}, "banding"),
    ("standardised_ratios", {"od_lower_limit": 1.2}, "od_lower_limit"),
    ("standardised_ratios", {"po_lower_limit": 1.2, "po_upper_limit": 1.1}, "po_lower_limit"),
    ("standardised_ratios", {"period_start": dt.date(2025, 4, 1)}, "period_start"),
    ("standardised_ratios", {"org_code": "no code"}, "org_code"),
    ("framework_metrics", {"metric_id": "OF79"}, "metric_id"),
    ("framework_metrics", {"quarter_key": "2025-Q5"}, "quarter_key"),
    ("framework_metrics", {"period_start": dt.date(2026, 4, 1)}, "period_start"),
    ("framework_metrics", {"lower_quartile": 0.1}, "lower_quartile"),
    ("framework_metrics", {"upper_quartile": -0.1}, "median_value"),
    ("framework_metrics", {"position": 0}, "position"),
    ("framework_metrics", {"metric_unit": "score", "value": 4.1}, "value"),
    ("framework_metrics", {"metric_unit": "segment", "value": 0.0}, "value"),
    ("framework_metrics", {"metric_unit": "flag", "value": 2.0}, "value"),
    ("framework_metrics", {"metric_unit": "out of 10", "value": 68.4}, "value"),
    ("framework_metrics", {"reporting_text": None}, "reporting_text"),
    ("league_positions", {"average_score": 0.9, "score_low": 0.5}, "average_score"),
    ("league_positions", {"score_low": 2.5}, "score_low"),
    ("league_positions", {"score_high": 2.0}, "average_score"),
    ("league_positions", {"segment": 6}, "segment"),
    ("league_positions", {"position": 0, "position_low": 0}, "position"),
    ("league_positions", {"position_low": 25}, "position_low"),
    ("league_positions", {"position_high": 23}, "position"),
    ("league_positions", {"quarter_key": "Q4 2025/26"}, "quarter_key"),
    ("national_context", {"value": 100.5}, "value"),
    ("national_context", {"value": -1.0}, "value"),
    ("national_context", {"indicator_year": 24}, "indicator_year"),
    ("national_context", {"source_text": None}, "source_text"),
    ("waiting_bands", {"pathway_count": -3}, "pathway_count"),
    ("waiting_bands", {"org_code": "A;B"}, "org_code"),
    ("survey_results", {"value": 100.5}, "value"),
    ("survey_results", {"value": -0.1}, "value"),
    ("survey_results", {"statistic": "score", "value": 68.4}, "value"),
    ("survey_results", {"statistic": "base", "value": -1.0}, "value"),
    ("survey_results", {"statistic": "mean"}, "statistic"),
    ("survey_results", {"question_id": "Q 3f!"}, "question_id"),
    ("survey_breakdowns", {"value": 100.5}, "value"),
    ("survey_breakdowns", {"breakdown": None}, "breakdown"),
    ("survey_breakdowns", {"statistic": "score", "value": 68.4}, "value"),
    ("survey_benchmarks", {"statistic": "percent", "value": 5410.0}, "value"),
    ("survey_benchmarks", {"org_code": "Some Trust"}, "org_code"),
    ("survey_benchmarks", {"survey_year": None}, "survey_year"),
    ("ratings", {"provider_code": None}, "provider_code"),
    ("ratings", {"publication_date": None}, "publication_date"),
    ("provider_ratings", {"provider_code": None}, "provider_code"),
    ("provider_ratings", {"rating": None}, "rating"),
    ("provider_ratings", {"publication_date": None}, "publication_date"),
    ("body_ratings", {"rated_level": "ward"}, "rated_level"),
    ("body_ratings", {"registration_status": "Unsure"}, "registration_status"),
    ("body_ratings", {"framework": "another"}, "framework"),
    ("body_ratings", {"percentage_score": 101.0}, "percentage_score"),
    ("body_ratings", {"rating": None}, "rating"),
    ("organisations", {"region_code": "North"}, "region_code"),
    ("organisations", {"closed_on": dt.date(1999, 1, 1)}, "closed_on"),
    ("assessments", {"item_id": None}, "item_id"),
    ("assessments", {"unit_code": "JANE"}, "unit_code"),
    ("assessments", {"level": 0}, "level"),
    ("assessments", {"sharing_scope": "everyone"}, "sharing_scope"),
    ("assessments", {"submission_status": "final"}, "submission_status"),
]


def frame_of(shape: str, **changes: object) -> pl.DataFrame:
    columns = SHAPES[shape].columns
    return pl.DataFrame([{**GOOD[shape], **changes}], schema=polars_schema(columns))


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_good_rows_pass(shape):
    assert validate(frame_of(shape), SHAPES[shape]).is_empty()


@pytest.mark.parametrize(("shape", "changes", "column"), BAD)
def test_bad_rows_do_not(shape, changes, column):
    cases = validate(frame_of(shape, **changes), SHAPES[shape])
    assert cases.height >= 1
    assert any(column in str(row) for row in cases.select("column", "check").iter_rows())
    assert cases["index"].null_count() == 0


def test_rounded_counts_leave_a_ratio_the_room_that_rounding_takes():
    """300 / 400 after rounding to fives may be 302.5 / 397.5 = 0.7610 before it."""
    frame = frame_of("standardised_ratios", counts_rounded_to=5.0, published_value=0.7609)
    assert validate(frame, SHAPES["standardised_ratios"]).is_empty()


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_a_lazy_frame_is_refused(shape):
    with pytest.raises(TypeError, match="eager"):
        validate(frame_of(shape).lazy(), SHAPES[shape])


@pytest.mark.parametrize("shape", sorted(SHAPES))
def test_a_missing_column_is_a_case_without_a_row(shape):
    cases = validate(frame_of(shape).drop(SHAPES[shape].columns[0]), SHAPES[shape])
    assert cases["index"].null_count() >= 1


HEADER = [
    "DATE",
    "NHSE_REGION_CODE",
    "NHSE_REGION_NAME",
    "ICS_CODE",
    "ICS_NAME",
    "ORG_CODE",
    "ORG_NAME",
    "ORG_TYPE",
]
COUNTS = ["FTE_DAYS_LOST", "FTE_DAYS_AVAILABLE", "SICKNESS_ABSENCE_RATE_PERCENT"]


def sickness(rows: list[tuple[str, str, str, str]]) -> pl.DataFrame:
    """Published rows: code, days lost, days available, rate."""
    columns = {name: ["x"] * len(rows) for name in HEADER}
    columns |= {"DATE": ["31/03/2025"] * len(rows), "NHSE_REGION_CODE": ["Y62"] * len(rows)}
    columns["ORG_CODE"] = [row[0] for row in rows]
    columns |= {name: [row[i + 1] for row in rows] for i, name in enumerate(COUNTS)}
    return pl.DataFrame(columns).with_columns(
        pl.int_range(2, len(rows) + 2, dtype=pl.Int32).alias(ROW),
        pl.lit(None, dtype=pl.String).alias(SHEET),
        pl.lit("2025-03").alias("@edition"),
        pl.lit("2025-03-01").alias("@edition_start"),
        pl.lit("2025-03-31").alias("@edition_end"),
    )


MANY = [(f"ZX{i:03d}", "5", "100", "5") for i in range(200)]
SOURCE = load_sources()["sickness_absence"]


def test_a_rejected_row_keeps_its_place_value_and_reason():
    admitted = admit(sickness([*MANY, ("ZX900", "five", "100", "5")]), SOURCE, "here")
    assert (admitted.accepted.height, admitted.rows_rejected) == (200, 1)
    (row,) = admitted.rejected.filter(pl.col("column") == "numerator").iter_rows(named=True)
    assert (row[ROW], row["found"], row["expected"]) == (202, "five", "a number")
    assert "ZX900" in row["row_key"]


def test_an_absent_number_is_missing_and_zero_is_zero():
    admitted = admit(sickness([*MANY, ("ZX900", "", "100", ""), ("ZX901", "0", "100", "0")]), SOURCE, "here")
    rows = admitted.accepted.filter(pl.col("org_code").is_in(["ZX900", "ZX901"]))
    assert rows.select("numerator", "value_status").rows() == [(None, "missing"), (0.0, "observed")]


def test_both_rows_of_a_repeated_organisation_are_rejected():
    admitted = admit(sickness([*MANY, ("ZX007", "6", "100", "6")]), SOURCE, "here")
    assert admitted.rows_rejected == 2
    assert "ZX007" not in admitted.accepted["org_code"].to_list()
    assert set(admitted.rejected[ROW].to_list()) == {9, 202}


def test_limits_of_the_source_narrow_the_shape():
    admitted = admit(sickness([*MANY, ("ZX900", "5", "100", "101")]), SOURCE, "here")
    assert admitted.rejected["expected"].to_list() == ["from 0 to 100"]


def test_a_file_with_too_many_bad_rows_is_refused_whole():
    with pytest.raises(Fault) as caught:
        admit(sickness([("ZX001", "5", "100", "5"), ("ZX002", "500", "100", "5")]), SOURCE, "here")
    assert "1 of 2 rows" in caught.value.where
    assert "500" in caught.value.found


def test_the_month_inside_must_be_the_month_of_the_name():
    frame = sickness(MANY).with_columns(pl.lit("2025-04-30").alias("@edition_end"))
    with pytest.raises(Fault, match="another month's name"):
        admit(frame, SOURCE, "here")


def test_unknown_organisations_are_rejected():
    admitted = admit(sickness([*MANY, ("QQQ99", "5", "100", "5")]), SOURCE, "here", {row[0] for row in MANY})
    assert admitted.rejected["found"].to_list() == ["QQQ99"]


def test_a_renamed_column_names_the_nearest():
    frame = sickness(MANY).rename({"FTE_DAYS_LOST": "FTE_DAYS_LOST_TOTAL"})
    with pytest.raises(Fault) as caught:
        admit(frame, SOURCE, "here")
    assert "FTE_DAYS_LOST_TOTAL" in caught.value.found
    assert 'column "FTE_DAYS_LOST"' in caught.value.where


DESCRIBED = {
    "source_name",
    "publisher",
    "landing_page",
    "licence",
    "attribution",
    "cadence",
    "disclosure",
    "owner",
    "review_date",
}


def counts(**changes: object) -> Source:
    """A source of counted items with everything that its YAML may add."""
    return Source.model_validate(
        {
            **load_sources()["ae_four_hour"].model_dump(include=DESCRIBED),
            "source_id": "counts",
            "shape": "provider_items",
            "files": [{"match": r"(?P<year>\d{4})\.csv", "format": "csv"}],
            "layout": {"header": ["Code"]},
            "unpivot": "^Type ",
            "columns": {
                "period_start": "Day",
                "period_end": "Day",
                "org_code": "Code",
                "org_name": "Name",
                "category": {"joined": ["Name", "Day"]},
                "item_name": "@name",
                "value": {"source": "@value", "non_values": {"-": "not_applicable"}},
            },
            "key": ["org_code", "period_end", "item_name"],
            **changes,
        }
    )


def table(rows: list[tuple[str | None, ...]], sheet: str | None = None) -> pl.DataFrame:
    """Published rows: code, name, day, and counts of two types."""
    frame = pl.DataFrame(rows, schema=["Code", "Name", "Day", "Type 1", "Type 2"], orient="row")
    return frame.with_columns(
        pl.int_range(2, len(rows) + 2, dtype=pl.Int32).alias(ROW),
        pl.lit(sheet, dtype=pl.String).alias(SHEET),
        pl.lit("2025-03-31").alias("@edition_end"),
    )


ONE = ("A1A", "One", "2025-03-31", "7", "2.5")
TWO = ("B2B", "Two", "2025-02-28", "8", "-")
TOTALS = {"column": ["Org", "Code"], "texts": ["Total", "-"]}


@pytest.mark.parametrize("mark", ["TOTAL", "Total ", "total", "-"])
def test_the_total_row_is_taken_out_however_it_is_spelled(mark):
    admitted = admit(table([ONE, TWO, (mark, mark, mark, "15", "2.5")]), counts(totals=TOTALS), "here")
    assert admitted.accepted["org_code"].to_list() == ["A1A", "B2B"] * 2
    assert admitted.accepted["value"].sum() == 17.5
    assert (admitted.rows_out_of_scope, admitted.rows_rejected) == (1, 0)


@pytest.mark.parametrize(
    ("rows", "says"),
    [
        ([ONE, TWO], "0 total rows among 2 others"),
        ([ONE, TWO, ("-", "", "", "15", "2.5"), ("Total", "", "", "15", "2.5")], "2 total rows"),
        ([ONE, ("Total", "", "", "15", "2.5")], "a total of 15, and rows that add up to 7"),
        ([ONE, TWO, ("Total", "", "", "15", "2")], "a total of 2, and rows that add up to 2.5"),
    ],
)
def test_a_file_without_its_total_or_with_another_sum_is_refused(rows, says):
    with pytest.raises(Fault) as caught:
        admit(table(rows), counts(totals=TOTALS), "here")
    assert says in caught.value.found


def test_a_total_of_nothing_is_no_check():
    source = counts(totals={**TOTALS, "columns": "^Sort "})
    with pytest.raises(Fault, match="no column like"):
        admit(table([ONE, ("-", "", "", "7", "2.5")]), source, "here")


def test_each_sheet_has_its_own_total():
    both = [table([ONE, ("-", "", "", "7", "2.5")], sheet) for sheet in ("first", "second")]
    source = counts(totals=TOTALS, duplicates="keep")
    assert admit(pl.concat(both), source, "here").accepted.height == 4
    with pytest.raises(Fault, match="0 total rows among 1 others"):
        admit(pl.concat([both[0], both[1].head(1)]), source, "here")


def test_a_part_that_must_be_there_is_missed():
    complete = {"item_name": ["Type 1", "Type 2"]}
    assert admit(table([ONE, TWO]), counts(complete=complete), "here").accepted.height == 4
    renamed = table([ONE, TWO]).rename({"Type 2": "Sort 2"})
    with pytest.raises(Fault, match="nothing for Type 2"):
        admit(renamed, counts(complete=complete), "here")


def test_the_latest_day_must_be_the_one_of_the_name():
    source = counts(latest_from="period_end")
    assert admit(table([ONE, TWO]), source, "here").accepted.height == 4
    late = ("C3C", "Three", "2025-04-30", "1", "1")
    for rows in ([TWO], [ONE, TWO, late]):
        with pytest.raises(Fault, match="2025-03-31, as the file's name says"):
            admit(table(rows), source, "here")


def test_rows_that_are_blank_where_data_stand_are_notes():
    scope = {"filled": ["Day"], "reason": "notes stand below the data"}
    admitted = admit(
        table([ONE, ("Note: figures are provisional", None, " ", None, None)]), counts(scope=scope), "here"
    )
    assert (admitted.accepted.height, admitted.rows_out_of_scope) == (2, 1)


def test_a_column_that_a_sheet_does_not_have_is_no_missing_value():
    sheets = [table([ONE], "first").drop("Type 2"), table([TWO], "second").drop("Type 1")]
    admitted = admit(pl.concat(sheets, how="diagonal"), counts(), "here")
    assert admitted.accepted.select("org_code", "item_name", "value_status").rows() == [
        ("A1A", "Type 1", "observed"),
        ("B2B", "Type 2", "not_applicable"),
    ]


def test_several_columns_make_one():
    admitted = admit(table([ONE]), counts(), "here")
    assert admitted.accepted["category"].to_list() == ["One | 2025-03-31"] * 2
    with pytest.raises(Fault, match="no such column"):
        admit(table([ONE]).drop("Name"), counts(), "here")


def test_a_column_comes_from_one_place_only():
    with pytest.raises(ValueError, match="one of the three"):
        ColumnRule(source=("Code",), joined=("Name", "Day"))


def test_totals_must_say_what_adds_up():
    with pytest.raises(ValueError, match="`totals` needs `columns`"):
        counts(totals=TOTALS, unpivot=None)
