"""Published figures come out of the release again: the files of IMPACT_REAL_DATA through the whole warehouse.

Expected values were published, or derived from the published files outside this code (facts/known_answers.tsv).
"""

from __future__ import annotations

from pathlib import Path

import polars as pl
import pytest
import python_calamine

from tests.running import impact, refreshed, row, rows


@pytest.fixture(scope="module")
def home(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    done = refreshed(home, "--from", str(real_data))
    (home / "summary.txt").write_text(done.stdout)
    return home


def value(home: Path, measure: str, code: str, period: str) -> dict:
    return row(
        home,
        "select numerator, denominator, value, value_status, organisation_type from pub_measure_values "
        f"where measure_id = '{measure}' and org_code = '{code}' and period_key = '{period}'",
    )


def test_rtt_january_2026(home):
    england = value(home, "rtt_within_18_weeks", "ENG", "2026-01")
    assert (england["denominator"], england["numerator"]) == (7_187_677, 4_412_147)
    assert england["value"] == pytest.approx(61.385, abs=0.0005)
    assert value(home, "rtt_over_52_weeks", "ENG", "2026-01")["numerator"] == 137_320
    trust = value(home, "rtt_within_18_weeks", "R0A", "2026-01")
    assert (trust["denominator"], trust["numerator"]) == (175_344, 100_941)
    assert trust["value"] == pytest.approx(57.567, abs=0.0005)
    assert value(home, "rtt_over_52_weeks", "R0A", "2026-01")["numerator"] == 3_065


@pytest.mark.parametrize(("month", "rate"), [("2025-03", 4.884), ("2024-04", 4.764)])
def test_sickness_pooled_over_all_organisations(home, month, rate):
    assert value(home, "sickness_absence", "ENG", month)["value"] == pytest.approx(rate, abs=0.0005)


def test_staff_engagement_keeps_every_digit(home):
    assert value(home, "staff_engagement", "R0D", "2024")["value"] == 6.899060120181801


def test_burnout_agrees_with_a_derivation_by_others(home, real_data):
    """R. Badgett's derived file has the share of every organisation in 2024."""
    derived = pl.read_csv(real_data / "staff_survey" / "nss21-24_org_selected_measures_ebmgt.csv", infer_schema=False)
    theirs = dict(derived.filter(pl.col("Year") == "2024").select("ODS code", "Burned_out_rate").iter_rows())
    ours = rows(
        home,
        "select org_code, value from pub_measure_values where measure_id = 'staff_burnout' and period_key = '2024'",
    )
    assert len(ours) == 263
    assert [item for item in ours if abs(item["value"] - float(theirs[item["org_code"]])) > 1e-9] == []


# Driver P4 by the item map: sheet, question, options that count as positive.
CAPABILITY = [
    ("YOUR JOB Q1-3", "Q3f -", ("% Agree", "% Strongly agree")),
    ("PERSONAL DEVELOPMENT Q23-24", "Q23b -", ("% Yes, definitely",)),
    ("PERSONAL DEVELOPMENT Q23-24", "Q24c -", ("% Agree", "% Strongly agree")),
    ("PERSONAL DEVELOPMENT Q23-24", "Q24e -", ("% Agree", "% Strongly agree")),
]


def test_evidence_of_a_driver_is_the_mean_of_its_items(home, real_data):
    """R0A read once more from the workbook, cell by cell."""
    path = real_data / "staff_survey" / "NSS24 detailed spreadsheets organisational results.xlsx"
    book = python_calamine.CalamineWorkbook.from_path(str(path))
    shares = []
    for sheet, question, options in CAPABILITY:
        grid = book.get_sheet_by_name(sheet).to_python()
        (trust,) = [cells for cells in grid if cells[0] == "R0A"]
        start = next(place for place, cell in enumerate(grid[0]) if str(cell).startswith(question))
        end = next(place for place in range(start, len(grid[4])) if grid[4][place].startswith("Base"))
        shares.append(sum(trust[place] for place in range(start, end) if grid[4][place] in options))
    found = row(
        home,
        "select score, items_shown, items_expected from pub_driver_evidence "
        "where driver_id = 'capability_and_capacity' and org_code = 'R0A' and period_key = '2024'",
    )
    assert found["score"] == pytest.approx(sum(shares) / 4, abs=1e-9)
    assert (found["items_shown"], found["items_expected"]) == (4, 4)


def test_staff_survey_cells(home):
    found = row(
        home,
        "select count(*) as cells, count(distinct org_code) as organisations, "
        "count(distinct question_id) as questions, "
        "count(*) filter (where value_status = 'suppressed') as suppressed from fct_survey_results",
    )
    assert found == {"cells": 207_244, "organisations": 263, "questions": 154, "suppressed": 704}


def test_constant_columns_are_reported_and_kept_out(home):
    defects = rows(
        home,
        "select subject, cells_affected from pub_suspected_defects where check_id = 'constant_column' order by subject",
    )
    assert [item["subject"].split(":")[0] for item in defects] == [f"q16c_{n}" for n in range(1, 8)]
    assert sum(item["cells_affected"] for item in defects) == 1_466
    left = row(
        home,
        "select count(*) as withheld, count(value) as shown from fct_survey_results where value_status = 'withheld'",
    )
    assert left == {"withheld": 1_466, "shown": 0}
    others = row(
        home,
        "select count(*) as n from fct_survey_results where question_id like 'q16c%' "
        "and response_option <> 'base' and value is not null",
    )
    assert others["n"] == 0


def test_cqc_rows_and_duplicated_keys(home):
    found = row(
        home,
        "select count(*) as rows, count(*) filter (where is_duplicate_key) as repeated, "
        "count(distinct location_code || service_group || domain) filter (where is_duplicate_key) as keys "
        "from fct_cqc_ratings where source_id = 'cqc_location_ratings'",
    )
    assert (found["rows"], found["repeated"], found["keys"]) == (74_184, 6, 3)
    reported = rows(home, "select subject, finding from pub_suspected_defects where check_id = 'repeated_key'")
    assert {item["subject"].split(",")[0] for item in reported} == {"1-543895080", "1-7453047569", "RX601"}
    (both,) = [item["finding"] for item in reported if item["subject"].startswith("1-543895080")]
    assert both == "published 2 times: Good of 2018-08-14|Requires improvement of 2018-08-14"
    ratings = rows(
        home,
        "select rating, count(*) as n from fct_cqc_ratings where source_id = 'cqc_location_ratings' group by all",
    )
    assert {item["rating"]: item["n"] for item in ratings} == {
        "Good": 62_893,
        "Requires improvement": 6_720,
        "Outstanding": 3_881,
        "Inadequate": 616,
        "Insufficient evidence to rate": 74,
    }


def association(home: Path, measure: str, alignment: str) -> dict:
    return row(
        home,
        "select * from pub_driver_outcome_association where basis = 'staff_survey_evidence' and exposure_id = 'q3f' "
        f"and organisation_type = 'acute' and measure_id = '{measure}' and alignment = '{alignment}'",
    )


def test_q3f_and_sickness(home):
    found = association(home, "sickness_absence", "same_year")
    assert (found["n"], found["outcome_period_key"]) == (121, "2024-25")
    assert found["raw_rho"] == pytest.approx(-0.3224, abs=0.00005)
    # Harmonised: less sickness is better, so the interval (-0.477, -0.148) turns round.
    assert found["rho"] == pytest.approx(0.3224, abs=0.00005)
    assert (found["rho_low"], found["rho_high"]) == pytest.approx((0.148, 0.477), abs=0.0005)
    assert found["raw_tau_b"] == pytest.approx(-0.2185, abs=0.00005)
    assert found["p_value"] == pytest.approx(0.0003, abs=0.00005)
    assert not found["is_circular"]


def test_q3f_and_waiting(home):
    found = association(home, "rtt_within_18_weeks", "outcome_one_year_later")
    assert (found["n"], found["raw_rho"]) == (119, pytest.approx(0.2271, abs=0.00005))
    assert (found["rho_low"], found["rho_high"]) == pytest.approx((0.047, 0.393), abs=0.0005)
    assert found["tau_b"] == pytest.approx(0.1534, abs=0.00005)
    assert found["p_value"] == pytest.approx(0.0130, abs=0.00005)


def test_exposures_that_share_questions_with_the_outcome_are_flagged(home):
    found = association(home, "staff_engagement", "same_year")
    assert found["is_circular"] and "q3f" in found["shared_items"] and found["q_value"] is None


def test_national_figures_need_no_submission(home):
    found = row(
        home,
        "select count(distinct driver_id) as drivers from pub_driver_outcome_association "
        "where basis = 'staff_survey_evidence' and organisation_type = 'acute' and rho is not null",
    )
    assert found["drivers"] == 5
    assert row(home, "select count(*) as n from pub_maturity_responses")["n"] == 0


def test_the_truncated_workbook_is_refused_in_words_and_the_rest_goes_out(home):
    found = rows(home, "select reason from pub_source_status where outcome = 'refused'")
    assert len(found) == 1 and "65,536 rows" in found[0]["reason"] and "truncated" in found[0]["reason"]
    summary = (home / "summary.txt").read_text()
    assert "rtt_full_extract 2024-06" in summary
    assert "nhs_staff_survey 2024: 7 of constant_column, 1,466 cells" in summary
    assert "cqc_location_ratings 2021-02-01: 3 of repeated_key, 6 cells" in summary


def test_cqc_records_of_one_town(home):
    """Counted in the 451 records of locations and 20 of providers by their `rating` keys, and one record beside."""
    found = rows(
        home,
        "select framework, is_current_rating, count(*) as n, count(distinct rated_code) as records "
        "from fct_cqc_ratings where source_id like 'cqc_api%' group by all order by all",
    )
    assert [tuple(item.values()) for item in found] == [
        ("key_lines_of_enquiry", False, 2_098, 137),
        ("key_lines_of_enquiry", True, 2_303 + 6, 313 + 1),
        ("none", True, 135 + 20, 135 + 20),
        ("single_assessment_framework", True, 24, 4),
    ]
    oldham = row(
        home,
        "select rating, rating_age_days, inherited_from, registration_status, is_latest_rating from fct_cqc_ratings "
        "where rated_code = 'RM317' and service_group = 'Overall' and domain = 'Overall' and is_current_rating "
        "and source_id = 'cqc_api_locations'",
    )
    # From 10 February 2021 to the end of March 2025.
    assert tuple(oldham.values()) == ("Requires improvement", 1_510, "RW603", "Registered", True)


def test_every_file_of_these_sources_is_loaded(home):
    found = rows(
        home,
        "select source_id, count(*) as n from pub_source_status where outcome = 'accepted' group by all",
    )
    assert {item["source_id"]: item["n"] for item in found} == {
        "cqc_api_locations": 2,
        "cqc_api_providers": 1,
        "cqc_location_ratings": 1,
        "nhs_staff_survey": 1,
        "ods_trusts": 6,
        "rtt_full_extract": 1,
        "sickness_absence": 12,
    }


def test_published_data_say_so(home):
    assert row(home, "select is_synthetic from release_info") == {"is_synthetic": False}
    assert rows(home, "select distinct data_origin from pub_measure_values") == [{"data_origin": "published"}]


def test_the_sample_does_not_replace_published_data(home):
    before = (home / "serving" / "current").resolve()
    done = impact(home, "refresh")
    assert done.returncode == 1 and "published data" in done.stderr
    assert (home / "serving" / "current").resolve() == before
