"""Published figures come out of the release again: the files of IMPACT_REAL_DATA through the whole warehouse.

Expected values were published, or derived from the published files outside this code (facts/known_answers.tsv).
"""

from __future__ import annotations

import shutil
from pathlib import Path

import duckdb
import polars as pl
import pytest
import python_calamine

from pipelines.settings import DBT_PROJECT_DIR
from tests.running import dbt, impact, let_out, make_keys, refreshed, row, rows, waive_freshness


@pytest.fixture(scope="module")
def home(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    home = tmp_path_factory.mktemp("home")
    make_keys(home)
    waive_freshness(home)
    done = refreshed(home, "--from", str(real_data))
    (home / "summary.txt").write_text(done.stdout)
    let_out(home)
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


def test_rtt_rows_bands_and_waits(home):
    """183,417 records of 105 bands and a total; weeks by linear interpolation within the band of the patient."""
    counted = row(
        home,
        "select rows_accepted, rows_out_of_scope from pub_source_status "
        "where source_id = 'rtt_full_extract' and outcome = 'accepted'",
    )
    assert counted["rows_accepted"] / 106 + counted["rows_out_of_scope"] == 183_417
    with duckdb.connect(str(home / "published" / "warehouse" / "build.duckdb"), read_only=True) as connection:
        bands = connection.execute(
            "select from_weeks, sum(pathway_count) from staging.stg_rtt_full_extract__waits "
            "where from_weeks is not null group by 1 order by 1"
        ).fetchall()
    assert len(bands) == 105
    assert (weeks_waited(bands, 0.5), weeks_waited(bands, 0.92)) == (13.64, 40.42)


def weeks_waited(bands: list[tuple[int, int]], share: float) -> float:
    wanted, below = share * sum(count for _, count in bands), 0
    for start, count in bands:
        if below + count >= wanted:
            return round(start + (wanted - below) / count, 2)
        below += count
    raise AssertionError("a share above 1")


@pytest.mark.parametrize(("month", "rate"), [("2025-03", 4.884), ("2024-04", 4.764)])
def test_sickness_pooled_over_all_organisations(home, month, rate):
    assert value(home, "sickness_absence", "ENG", month)["value"] == pytest.approx(rate, abs=0.0005)


# The publisher's own percentages of England, from the workbooks; March 2025 from the total row of the csv.
FOUR_HOURS = [
    ("2021-04", 1_658_914, 85.35662487627448),
    ("2025-03", 2_389_064, 74.97982473470782),
    ("2025-04", 2_297_421, 74.78381193520909),
    ("2026-05", 2_457_398, 75.69286700811183),
]


@pytest.mark.parametrize(("month", "attendances", "share"), FOUR_HOURS)
def test_ae_within_four_hours(home, month, attendances, share):
    england = value(home, "ae_within_4_hours", "ENG", month)
    assert (england["denominator"], england["value"]) == (attendances, pytest.approx(share, abs=1e-9))


def test_ae_departments_of_type_1(home):
    assert value(home, "ae_within_4_hours_type_1", "ENG", "2026-05")["value"] == pytest.approx(61.87177109107407)
    walk_in = value(home, "ae_within_4_hours_type_1", "Y02147", "2025-03")
    assert (walk_in["value"], walk_in["value_status"]) == (None, "not_applicable")
    assert value(home, "ae_within_4_hours", "Y02147", "2025-03")["denominator"] == 8_643
    assert value(home, "ae_within_4_hours", "RAN", "2025-03")["value_status"] == "not_applicable"


def test_pilot_trusts_have_no_four_hour_share(home):
    for code in ("RC9", "RGT"):
        pilot = value(home, "ae_within_4_hours", code, "2021-04")
        assert (pilot["value"], pilot["denominator"], pilot["value_status"]) == (None, None, "not_applicable")


@pytest.mark.parametrize(
    ("code", "first", "revised", "within"), [("RTD", 19_923, 20_974, 16_031), ("RBT", 9_404, 9_954, 9_954 - 4_133)]
)
def test_a_revision_is_kept_beside_what_it_replaces(home, code, first, revised, within):
    vintages = rows(
        home,
        "select denominator, is_latest_vintage from fct_measure_values where measure_id = 'ae_within_4_hours' "
        f"and org_code = '{code}' and period_key = '2025-04' order by vintage_rank",
    )
    assert [tuple(item.values()) for item in vintages] == [(revised, True), (first, False)]
    published = value(home, "ae_within_4_hours", code, "2025-04")
    assert (published["denominator"], published["numerator"]) == (revised, within)


def test_cancer_july_2025(home):
    england = value(home, "cancer_62_day", "ENG", "2025-07")
    assert (england["denominator"], england["numerator"]) == (31_270, 21_633)
    assert england["value"] == pytest.approx(69.181, abs=0.0005)


def test_shmi_is_deaths_over_expected_deaths(home, real_data):
    """The Isle of Wight as published (1.1026 of 901 deaths), and England added up from the file's own columns."""
    trust = value(home, "shmi", "R1F", "2013-09")
    assert (trust["numerator"], trust["denominator"], round(trust["value"], 4)) == (901, 817.137, 1.1026)
    cells = [line.split(",") for line in (real_data / "shmi" / "shmi-2014-april.csv").read_text("cp1252").splitlines()]
    deaths = [(float(cell[-8]), float(cell[-7])) for cell in cells if cell[0] == "I00699"]
    england = value(home, "shmi", "ENG", "2013-09")
    assert len(deaths) == 141
    assert england["value"] == pytest.approx(sum(o for o, _ in deaths) / sum(e for _, e in deaths), abs=1e-9)
    band = row(
        home,
        "select banding, od_lower_limit, od_upper_limit from fct_standardised_ratios "
        "where org_code = 'R1F' and period_key = '2013-09'",
    )
    assert band == {"banding": "as_expected", "od_lower_limit": 0.8848, "od_upper_limit": 1.1301}


def test_finance_of_one_trust(home):
    """A figure that four quarters repeat is there once; the year to date has every quarter's."""
    cost = value(home, "relative_cost_difference", "RDY", "2024-25")
    assert (cost["value"], cost["numerator"]) == (106.96, None)
    assert value(home, "nof_planned_surplus", "RDY", "2025-26")["value"] == 2.39
    variance = rows(
        home,
        "select period_key, value from pub_measure_values where measure_id = 'nof_variance_to_plan' "
        "order by period_key",
    )
    assert [(item["period_key"], item["value"]) for item in variance] == [
        ("2025-06", 0.09),
        ("2025-09", 0),
        ("2025-12", 0.44),
        ("2026-03", 1.08),
    ]


def test_the_league_position_is_shown_and_not_tested(home):
    found = row(home, "select * from fct_oversight_positions")
    assert (found["org_code"], found["segment"], found["position"]) == ("RDY", 2, 24)
    assert (found["framework_version"], found["is_latest_vintage"]) == ("2025/26", True)
    tested = rows(home, "select distinct measure_id from pub_driver_outcome_association")
    assert not {"segment", "average_score", "OF5000"} & {item["measure_id"] for item in tested}


def test_public_satisfaction_is_national_and_has_a_break(home):
    found = rows(
        home,
        "select indicator_year, value, comparable_from_year, sentence from pub_national_context "
        "where indicator_year >= 2019 order by indicator_year",
    )
    assert [item["value"] for item in found] == [60, 53, 36, 29, 24, 21, 26]
    assert [item["comparable_from_year"] for item in found] == [1983] + [2020] * 6
    assert found[-1]["sentence"].startswith("In 2025, 26% of adults in Great Britain: ")
    assert ["a break in the series" in item["sentence"] for item in found] == [False] + [True] * 6


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


def test_the_ledger_knows_them_and_says_so(home):
    applied = rows(home, "select correction_id, edition, status, cells_affected from pub_corrections order by all")
    assert [tuple(item.values()) for item in applied] == [
        ("staff_survey_2023_violence_harassment", "2023", "no_such_edition", 0),
        ("staff_survey_2024_q16c", "2024", "applied", 1_466),
    ]
    withheld = rows(home, "select distinct correction_id from fct_survey_results where value_status = 'withheld'")
    assert withheld == [{"correction_id": "staff_survey_2024_q16c"}]
    assert "staff_survey_2024_q16c, 2024: applied" in (home / "summary.txt").read_text()


def test_only_they_lie_off_the_national_figure(home):
    found = rows(
        home,
        "select subject, finding, correction_id from pub_suspected_defects "
        "where check_id = 'national_outside_range' order by subject",
    )
    assert [item["subject"].split(":")[0] for item in found] == [f"q16c_{n}" for n in range(1, 8)]
    assert found[0]["finding"] == "England has 54.1, the trusts from 100.0 to 100.0"
    assert {item["correction_id"] for item in found} == {"staff_survey_2024_q16c"}


@pytest.fixture
def mended(home: Path, tmp_path: Path) -> duckdb.DuckDBPyConnection:
    """The warehouse again, after the publisher has mended Q16c and the ledger has learnt of one wrong cell."""
    base = tmp_path / "published"
    for name in ("nhs_staff_survey", "registry_corrections", "registry_editions", "registry_run"):
        shutil.copytree(home / "published" / "staged" / name, base / "staged" / name)
    shutil.copytree(home / "published" / "warehouse", base / "warehouse")
    (path,) = [one for one in (base / "staged" / "nhs_staff_survey").glob("*.parquet") if one.name[0] != "_"]
    results = pl.read_parquet(path)
    is_fault = pl.col("question_id").str.starts_with("q16c") & (pl.col("statistic") == "percent")
    results.with_columns(
        value=pl.when(is_fault & pl.col("value").is_not_null()).then(pl.col("source_row") % 90).otherwise("value")
    ).write_parquet(path)
    wrong = results.filter(org_code="R0A", question_id="q3f", response_option="Agree")["value"].item()
    ledger = base / "staged" / "registry_corrections" / "all.parquet"
    known = pl.read_parquet(ledger)
    entry = {"correction_id": "one_cell", "action": "replace", "question_ids": "q3f", "response_options": "Agree"}
    entry |= {"org_codes": "R0A", "guard_value": wrong, "replacement_value": 12.5, "statistics": None}
    added = known.tail(1).with_columns(pl.lit(value, known.schema[name]).alias(name) for name, value in entry.items())
    pl.concat([known, added]).write_parquet(ledger)
    wanted = ["stg_nhs_staff_survey__results", "stg_registry__corrections", "int_survey_defects__suspected"]
    wanted += ["int_survey_corrections__matched", "int_survey_corrections__judged", "int_survey_corrections__applied"]
    wanted += ["int_survey_results__checked", "fct_survey_results", "pub_corrections"]
    outcome = dbt(tmp_path, DBT_PROJECT_DIR, "run", "--select", *wanted, origin="published")
    assert len(outcome) == len(wanted) and all(status.startswith("success") for status in outcome.values()), outcome
    return duckdb.connect(str(base / "warehouse" / "build.duckdb"), read_only=True)


def test_a_mended_file_is_shown_as_published_and_the_ledger_says_so(mended):
    status, todo = mended.execute(
        "select status, todo from published.pub_corrections where correction_id = 'staff_survey_2024_q16c'"
    ).fetchone()
    assert status == "guard_failed" and "retire the entry" in todo
    shown = mended.execute(
        "select count(*), bool_and(value = source_row % 90), count(correction_id) from core.fct_survey_results "
        "where question_id like 'q16c%' and response_option <> 'base' and value_status = 'observed'"
    ).fetchone()
    assert shown == (1_466, True, 0)
    replaced = mended.execute(
        "select value, value_status, correction_id from core.fct_survey_results "
        "where org_code = 'R0A' and question_id = 'q3f' and response_option = 'Agree'"
    ).fetchone()
    assert replaced == (12.5, "revised", "one_cell")


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


# n, rho with its plain sign, interval, tau-b, p and q of `assoc_q3f_*` in known_answers.tsv. Every acute trust of the
# survey has a type 1 department; of cancer there are the months April to July.
Q3F = {
    ("sickness_absence", "same_year"): (121, -0.3224, (-0.477, -0.148), -0.2185, 0.0003, 0.0012),
    ("rtt_within_18_weeks", "outcome_one_year_later"): (119, 0.2271, (0.047, 0.393), 0.1534, 0.0130, 0.0191),
    ("cancer_62_day", "outcome_one_year_later"): (120, 0.2230, (0.043, 0.389), 0.1479, 0.0143, 0.0191),
    ("ae_within_4_hours", "same_year"): (121, 0.1840, (0.004, 0.352), 0.1226, 0.0434, 0.0434),
}


@pytest.mark.parametrize(("pair", "known"), Q3F.items(), ids=lambda value: value[0] if value in Q3F else "")
def test_q3f_associations_of_acute_trusts(home, pair, known):
    found = association(home, *pair)
    n, rho, interval, tau_b, p_value, q_value = known
    is_turned = pair[0] == "sickness_absence"
    assert (found["n"], found["family_id"], found["is_circular"]) == (n, "headline_item", False)
    assert (found["raw_rho"], found["raw_tau_b"]) == pytest.approx((rho, tau_b), abs=0.00005)
    assert (found["p_value"], found["q_value"]) == pytest.approx((p_value, q_value), abs=0.00005)
    # Harmonised: less sickness is better, so that its interval turns round.
    assert found["rho"] == (-found["raw_rho"] if is_turned else found["raw_rho"])
    low, high = sorted(-end for end in interval) if is_turned else interval
    assert (found["rho_low"], found["rho_high"]) == pytest.approx((low, high), abs=0.0005)


def test_trusts_that_share_one_cancer_patient_are_not_pooled(home):
    """Eight mental health trusts had half a patient or one in April to July 2025, so that their share was 0 or 100."""
    found = row(
        home,
        "select n, n_types, rho from pub_driver_outcome_association where basis = 'staff_survey_evidence' "
        "and exposure_id = 'q3f' and organisation_type = 'all' and measure_id = 'cancer_62_day' "
        "and alignment = 'outcome_one_year_later'",
    )
    # Spearman of 120 acute and 13 specialist trusts by scipy, pooled by hand.
    assert (found["n"], found["n_types"]) == (133, 2)
    assert found["rho"] == pytest.approx(0.2364, abs=0.00005)


def test_the_four_q3f_associations_are_the_whole_family(home):
    found = rows(
        home,
        "select measure_id, alignment from pub_driver_outcome_association "
        "where family_id = 'headline_item' and organisation_type = 'acute'",
    )
    assert {(item["measure_id"], item["alignment"]) for item in found} == set(Q3F)


def test_a_driver_that_shares_questions_with_the_outcome_is_flagged_and_has_a_variant_that_does_not(home):
    """P4 is q3f, q23b, q24c and q24e; the engagement index holds q3f."""
    driver, variant = (
        row(
            home,
            "select is_circular, shared_items, rho, q_value, exposure_label, sentence "
            "from pub_driver_outcome_association where measure_id = 'staff_engagement' and alignment = 'same_year' "
            f"and organisation_type = 'acute' and basis = 'staff_survey_evidence' and exposure_id = '{exposure}'",
        )
        for exposure in ("capability_and_capacity", "capability_and_capacity_without_staff_engagement")
    )
    assert (driver["is_circular"], driver["shared_items"], driver["q_value"]) == (True, "q3f", None)
    assert "no evidence of a link" in driver["sentence"]
    assert (variant["is_circular"], variant["shared_items"]) == (False, None)
    assert variant["q_value"] is not None and variant["rho"] != driver["rho"]
    assert variant["exposure_label"].endswith("without q3f") and "no evidence" not in variant["sentence"]


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
    """Counted in the 451 records of locations and 20 of providers by their `rating` keys."""
    found = rows(
        home,
        "select framework, is_current_rating, count(*) as n, count(distinct rated_code) as records "
        "from fct_cqc_ratings where source_id like 'cqc_api%' group by all order by all",
    )
    assert [tuple(item.values()) for item in found] == [
        ("key_lines_of_enquiry", False, 2_098, 137),
        ("key_lines_of_enquiry", True, 2_303, 313),
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
        "ae_four_hour": 17,
        "cancer_62_day": 1,
        "bsa_nhs_satisfaction": 1,
        "cqc_api_locations": 1,
        "cqc_api_providers": 1,
        "cqc_location_ratings": 1,
        "nhs_staff_survey": 1,
        "nhs_staff_survey_national": 1,
        "nhse_ae_system_mapping": 1,
        "ods_sub_icb_locations": 1,
        "ods_successions_converted": 1,
        "ods_trusts": 6,
        "oversight_framework_league_table": 1,
        "oversight_framework_metrics": 1,
        "rtt_full_extract": 1,
        "shmi_archive": 7,
        "sickness_absence": 12,
        "trust_code_changes": 1,
    }


def test_published_data_say_so(home):
    assert row(home, "select is_synthetic from release_info") == {"is_synthetic": False}
    assert rows(home, "select distinct data_origin from pub_measure_values") == [{"data_origin": "published"}]


def test_the_sample_does_not_replace_published_data(home):
    before = (home / "serving" / "current").resolve()
    done = impact(home, "refresh")
    assert done.returncode == 1 and "published data" in done.stderr
    assert (home / "serving" / "current").resolve() == before


def test_published_limits_of_mortality_come_out_of_the_funnel(home):
    """Every trust of the seven quarters held: limits to the four decimals printed, and the same band."""
    found = row(
        home,
        "select count(*) as trusts, "
        "max(greatest(abs(v.lower_limit_95 - r.od_lower_limit), abs(v.upper_limit_95 - r.od_upper_limit))) as off_by, "
        "max(greatest(abs(v.unadjusted_lower_limit_998 - r.po_lower_limit), "
        "abs(v.unadjusted_upper_limit_998 - r.po_upper_limit))) as chance_off_by, "
        "count(*) filter (where v.band = case r.banding when 'higher_than_expected' then 'above' "
        "when 'lower_than_expected' then 'below' else 'within' end) as same_band "
        "from fct_standardised_ratios as r left join pub_variation as v on v.chart = 'funnel' "
        "and r.measure_id = v.measure_id and r.org_code = v.org_code and r.period_key = v.period_key",
    )
    assert (found["trusts"], found["same_band"]) == (1002, 1002)
    assert found["off_by"] < 5.0001e-5
    assert found["chance_off_by"] < 5.0001e-5


def test_tau_squared_of_mortality(home):
    found = rows(
        home,
        "select distinct period_key, round(tau_squared, 8) as tau_squared, round(phi, 6) as phi "
        "from pub_variation where chart = 'funnel' and measure_id = 'shmi' and org_code is not null order by 1",
    )
    published = [0.00367218, 0.00384182, 0.00301986, 0.00289694, 0.00295487, 0.00288130, 0.00267299]
    assert [quarter["tau_squared"] for quarter in found] == published
    assert found[0]["phi"] == 7.690594


def test_chart_of_englands_four_hours(home):
    """Worked out from the months held: April 2024 to May 2025, and May 2026 after a gap that is not bridged.

    April 2021 lies more than a year before, so it is in no chart.
    """
    shown = rows(
        home,
        "select period_key, value, centre_line, lower_process_limit, upper_process_limit, n_points, assurance "
        "from pub_variation where chart = 'xmr' and measure_id = 'ae_within_4_hours' and org_code = 'ENG' order by 1",
    )
    assert [shown[0]["period_key"], shown[13]["period_key"], shown[14]["period_key"]] == [
        "2024-04",
        "2025-05",
        "2026-05",
    ]
    values = [month["value"] for month in shown]
    ranges = [abs(values[place] - values[place - 1]) for place in range(1, 14)]
    mean, reach = sum(values) / 15, 2.66 * sum(ranges) / 13
    # No moving range is large enough to be screened.
    assert max(ranges) < 3.267 * sum(ranges) / 13
    first = shown[0]
    assert (first["centre_line"], first["n_points"]) == (pytest.approx(mean), 15)
    assert (first["lower_process_limit"], first["upper_process_limit"]) == pytest.approx((mean - reach, mean + reach))
    assert {month["assurance"] for month in shown} == {"consistent_fail"}


def test_a_chart_says_where_months_are_missing(home):
    """After May 2025 the next A&E file that is there is that of May 2026."""
    found = rows(
        home,
        "select sentence from pub_variation where chart = 'xmr' and measure_id = 'ae_within_4_hours' "
        "and period_key = '2026-05' and is_newest",
    )
    gap = "The figure before it is of 2025-05, and none is known in between."
    assert len(found) > 100 and all(gap in item["sentence"] for item in found)


def test_no_overlapping_windows_and_no_yearly_figures_are_charted(home):
    reasons = {
        reason["measure_id"]: reason["not_charted_reason"]
        for reason in rows(
            home, "select measure_id, not_charted_reason from pub_variation where chart = 'xmr' and org_code is null"
        )
    }
    assert "overlap" in reasons["shmi"]
    assert "one figure a year" in reasons["staff_engagement"]
    charted = rows(home, "select distinct measure_id from pub_variation where chart = 'xmr' and org_code is not null")
    assert {found["measure_id"] for found in charted} == {
        "ae_within_4_hours",
        "ae_within_4_hours_type_1",
        "sickness_absence",
    }
