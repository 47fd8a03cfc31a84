"""Organisations over time, on the real lists of ODS: every case of the field, with totals conserved.

The lists are the files of IMPACT_REAL_DATA. The figures are invented here, in the layout of the sickness file, so that
each sum can be done in the head; the codes, dates and successions are real.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines import staging
from pipelines.editions.tables import write_registry
from pipelines.registry import load_sources
from pipelines.settings import DBT_PROJECT_DIR, Workspace
from pipelines.store import arrivals, parquet, snapshots
from pipelines.succession_report import print_organisations
from schemas.source import Holds

HEADER = (
    "DATE,NHSE_REGION_CODE,NHSE_REGION_NAME,ICS_CODE,ICS_NAME,ORG_CODE,ORG_NAME,ORG_TYPE,"
    "FTE_DAYS_LOST,FTE_DAYS_AVAILABLE,SICKNESS_ABSENCE_RATE_PERCENT"
)
# Month: code, days lost, days available.
FIGURES = {
    "September 2017": {"RW3": (10, 100), "RM2": (20, 300)},
    "March 2018": {"RY1": (1, 10), "RTV": (2, 20), "RW4": (3, 30), "RR1": (4, 40), "RRK": (5, 50)},
    "March 2020": {
        **{"RBA": (5, 100), "RA4": (7, 100), "RH5": (11, 100), "RA3": (3, 50), "RA7": (9, 150)},
        **{"RW6": (40, 400), "R0A": (50, 500), "RM3": (60, 600), "09D": (1, 10), "RYK": (2, 40)},
        **{"R1C": (9, 90), "RW1": (8, 80), "R1F": (7, 70), "RQF": (1, 100)},
    },
    # R0D reports a month before it opened, beside its predecessors.
    "September 2020": {"R0D": (1, 10), "RDZ": (2, 20), "RD3": (3, 30)},
    # One return under both predecessors.
    "October 2020": {"RDZ": (50, 1000), "RD3": (50, 1000), "RAP": (0, 0)},
    # RAP closed on 31 December 2024 and is still reported on; TAD and TAF are care trusts.
    "January 2025": {
        **{"RAP": (2, 100), "RAL": (30, 900), "G6V2S": (6, 60), "TAF": (4, 40), "TAD": (1, 20)},
        **{"QNX": (1, 10), "QXU": (2, 10), "QM7": (3, 10), "R1F1": (1, 10), "R1F2": (2, 10), "R1F": (3, 30)},
    },
}
BUILT = ("bridge_organisation_succession", "dim_organisation", "pub_organisation_history")
FIGURES_OF = ("pub_measure_values", "pub_measure_values_todays_footprint")


# No real file of care trusts was to be had: their codes and names in the layout of the list of trusts.
CARE_TRUSTS = {
    "TAD": ("BRADFORD DISTRICT CARE NHS FOUNDATION TRUST", ""),
    "TAF": ("CAMDEN AND ISLINGTON NHS FOUNDATION TRUST", "20241031"),
    "TAH": ("SHEFFIELD HEALTH AND SOCIAL CARE NHS FOUNDATION TRUST", ""),
    "TAJ": ("BLACK COUNTRY HEALTHCARE NHS FOUNDATION TRUST", ""),
}


def write_care_trusts(folder: Path) -> None:
    rows = [
        f'"{code}","{name}","Y56","QMJ",' + '"",' * 6 + f'"20020401","{closed}"' + ',""' * 15
        for code, (name, closed) in CARE_TRUSTS.items()
    ]
    (folder / "ect_2026-01.csv").write_text("\r\n".join(rows))


def write_figures(folder: Path) -> Path:
    folder.mkdir()
    for month, codes in FIGURES.items():
        lines = [f"{ends_on(month)},,,,,{code},{code},Acute,{n},{d}," for code, (n, d) in codes.items()]
        (folder / f"NHS Sickness Absence rates CSV, {month}.csv").write_text("\n".join([HEADER, *lines]))
    return folder


def ends_on(month: str) -> str:
    name, year = month.split()
    day = {"September": "30/09", "March": "31/03", "October": "31/10", "January": "31/01"}[name]
    return f"{day}/{year}"


@pytest.fixture(scope="module")
def database(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The models on organisations and what they need, built from these files only."""
    base = tmp_path_factory.mktemp("organisations")
    workspace = Workspace(base / "home", "published")
    figures = write_figures(base / "figures")
    write_care_trusts(figures)
    staged = []
    for source in load_sources().values():
        folder = figures if source.source_id in ("sickness_absence", "ods_care_trusts") else real_data / "organisations"
        snapshots.take(arrivals.look_into(folder, [] if source.is_inbox else [source]).claimed, workspace.raw)
        # The invented months have a few organisations each, which would otherwise be held as losses.
        source = source.model_copy(update={"holds": Holds(compare_editions=False)})
        staged.append(staging.stage_source(source, workspace))
    write_registry(workspace, load_sources(), staged)
    build(workspace, base / "target")
    return workspace.warehouse


def build(workspace: Workspace, target: Path) -> None:
    workspace.warehouse.parent.mkdir(parents=True)
    environment = {"IMPACT_WAREHOUSE": str(workspace.warehouse), "IMPACT_STAGED": str(workspace.staged)}
    command = [str(Path(sys.executable).with_name("dbt")), "build", "--no-version-check", "--target-path", str(target)]
    command += ["--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(DBT_PROJECT_DIR)]
    command += ["--exclude-resource-type", "unit_test", "--indirect-selection", "cautious"]
    command += ["--select", *(f"+{name}" for name in (*BUILT, *FIGURES_OF))]
    subprocess.run(command, env=os.environ | environment, capture_output=True, check=False)
    results = json.loads((target / "run_results.json").read_text())["results"]
    ran = {item["unique_id"].split(".")[2]: item["status"] for item in results}
    assert {name: status for name, status in ran.items() if status not in ("success", "pass")} == {}
    assert {"assert_footprint_conserves_totals", "assert_successions_can_be_followed"} <= set(ran)


def ask(database: Path, sql: str) -> list[tuple]:
    with duckdb.connect(str(database), read_only=True) as connection:
        connection.execute("set search_path = 'published,core,intermediate'")
        return connection.execute(sql).fetchall()


def footprint(database: Path, code: str, month: str) -> tuple:
    """Numerator, denominator, codes, status of an organisation of today in a month."""
    (found,) = ask(
        database,
        "select numerator, denominator, combined_from, roll_forward_status from pub_measure_values_todays_footprint "
        f"where measure_id = 'sickness_absence' and org_code = '{code}' and period_key = '{month}'",
    )
    return found


def pair(database: Path, before: str, after: str) -> tuple:
    (found,) = ask(
        database,
        "select cast(effective_on as varchar), kind, weight, is_recalled from bridge_organisation_succession "
        f"where from_code = '{before}' and to_code = '{after}'",
    )
    return found


MERGED = {
    "two into one new code": ("R0A", "2017-09", 30, 400, "RM2|RW3"),
    "two predecessors, five years apart": ("RW4", "2018-03", 6, 60, "RTV|RW4|RY1"),
    "acquisition under the code of the other": ("RRK", "2018-03", 9, 90, "RR1|RRK"),
    "RBA into RH5, then RA4 into RH5": ("RH5", "2020-03", 23, 300, "RA4|RBA|RH5"),
    "missing from the succession file": ("RA7", "2020-03", 12, 200, "RA3|RA7"),
    "merger with a transfer of a part": ("RW1", "2020-03", 17, 170, "R1C|RW1"),
    "reports before it opens": ("R0D", "2020-09", 6, 60, "R0D|RD3|RDZ"),
    "reports after it closed": ("RAL", "2025-01", 32, 1000, "RAL|RAP"),
    "a code of five characters, and a care trust": ("G6V2S", "2025-01", 10, 100, "G6V2S|TAF"),
    "integrated care boards of April 2026": ("S9B9J", "2025-01", 3, 20, "QNX|QXU"),
    "parts of the Isle of Wight in the survey": ("R1F", "2025-01", 6, 50, "R1F|R1F1|R1F2"),
    "a commissioning group, by its ICB, to the ICB after that": ("S9B9J", "2020-03", 1, 10, "09D"),
}


@pytest.mark.parametrize("case", MERGED)
def test_counts_roll_forward(database, case):
    code, month, numerator, denominator, codes = MERGED[case]
    assert footprint(database, code, month) == (numerator, denominator, codes, "rolled_forward")
    (value,) = ask(
        database,
        "select value from pub_measure_values_todays_footprint where measure_id = 'sickness_absence' "
        f"and org_code = '{code}' and period_key = '{month}'",
    )
    assert value[0] == pytest.approx(100 * numerator / denominator)


STAYING = {
    "split": ("RW6", 40, 400, "split_not_rolled"),
    "an heir of the split lacks its part": ("RM3", 60, 600, "partial_not_rolled"),
    "part that passed on, while it lives on": ("R1F", 7, 70, "partial_not_rolled"),
    "dissolved": ("RYK", 2, 40, "missing_link"),
    "Wales": ("RQF", 1, 100, "is_current"),
}


@pytest.mark.parametrize("case", STAYING)
def test_what_is_not_rolled_stays_where_it_was(database, case):
    code, numerator, denominator, status = STAYING[case]
    assert footprint(database, code, "2020-03") == (numerator, denominator, code, status)


def test_totals_are_those_reported(database):
    """Month by month against the figures of this file, England included."""
    months = {"09": "September", "03": "March", "10": "October", "01": "January"}
    found = ask(
        database,
        "select period_key, org_code = 'ENG', sum(numerator), sum(denominator) "
        "from pub_measure_values_todays_footprint "
        "where measure_id = 'sickness_absence' and period_type = 'month' group by all",
    )
    assert len(found) == 2 * len(FIGURES)
    for month, _, numerator, denominator in found:
        year, number = month.split("-")
        reported = FIGURES[f"{months[number]} {year}"].values()
        assert (numerator, denominator) == tuple(map(sum, zip(*reported, strict=True)))


def test_one_return_under_two_codes_is_withheld(database):
    found = ask(
        database,
        "select period_key, value, value_status, value_reason is not null from pub_measure_values_todays_footprint "
        "where is_duplicate_suspected and org_code = 'R0D' order by period_key",
    )
    assert found == [("2020-10", None, "withheld", True), ("2020-21", None, "withheld", True)]


PAIRS = {
    ("RDZ", "R0D"): ("2020-10-01", "merge_new_code", 1, False),
    ("RGQ", "RDE"): ("2018-07-01", "merge_code_survives", 1, False),
    ("RY1", "RW4"): ("2018-04-01", "acquire_code_survives", 1, False),
    ("RR1", "RRK"): ("2018-04-01", "acquire_code_survives", 1, False),
    ("RT3", "RJ1"): ("2021-02-01", "acquire_code_survives", 1, False),
    ("RBZ", "RH8"): ("2022-04-01", "merge_code_survives", 1, False),
    ("RW6", "R0A"): ("2021-10-01", "split", None, False),
    ("RW6", "RM3"): ("2021-10-01", "split", None, False),
    ("R1F", "RW1"): ("2024-10-01", "partial_transfer", None, False),
    ("RTV", "RXV"): ("2021-04-01", "partial_transfer", None, True),
    ("RA3", "RA7"): ("2020-04-01", "acquire_code_survives", 1, False),
    ("RVY", "RBN"): ("2023-07-01", "merge_code_survives", 1, False),
    ("RRP", "G6V2S"): ("2024-11-01", "merge_new_code", 1, False),
}


@pytest.mark.parametrize("codes", PAIRS, ids="-".join)
def test_first_day_and_kind(database, codes):
    assert pair(database, *codes) == PAIRS[codes]


def test_missing_links_are_shown(database):
    found = ask(database, "select from_code from bridge_organisation_succession where to_code is null")
    assert {code for (code,) in found} >= {"RYK", "RNK", "RY2", "RYV", "RVJ", "R0C"}
    assert "RA3" not in {code for (code,) in found}


def test_every_statement_is_counted_in_or_out_of_scope(database):
    """25,480 rows of the file, 39 of which say that an organisation follows itself and are rejected."""
    (found,) = ask(
        database,
        "select count(*), count(*) filter (where is_in_scope) from int_successions__unioned "
        "where source_id = 'ods_successions_converted'",
    )
    assert found[0] == 25_480 - 39
    assert 50 < found[1] < 200


def test_the_wider_list_of_january_2026_resurrects_nobody(database):
    """63 codes come back; they have been closed all along."""
    found = ask(
        database,
        "select org_code from pub_organisation_history "
        "where event = 'listed_after_closure' and event_on = '2026-01-01'",
    )
    assert len(found) == 63
    open_again = ask(
        database,
        "select org_code from dim_organisation where is_current and closed_on is null and org_code in "
        "(select org_code from pub_organisation_history where event = 'listed_after_closure')",
    )
    assert open_again == []
    assert ask(database, "select count(*) from pub_organisation_history where event = 'reopened'") == [(0,)]
    assert ask(
        database,
        "select count(*) from dim_organisation where is_current and closed_on is not null and org_code like 'R%'",
    ) == [(71,)]


def test_integrated_care_boards_of_april_2026(database):
    moved = ask(
        database,
        "select to_code, count(*) from pub_organisation_history where event = 'moved_icb' and event_on = '2026-04-01' "
        "group by all",
    )
    assert {code for code, _ in moved} == {"Z9B2Z", "S9B9J", "S1Y5D", "D7T5G", "T6Y0W", "S0E4D"}
    # The list gives 81 trusts another code, and 53 of them are open; those that had closed were moved nowhere.
    assert sum(count for _, count in moved) == 53
    # A joint return of commissioning groups, as the staff survey of 2021 prints it.
    joint = ask(database, "select to_code from int_successions__unioned where from_code = '09D/70F/97R'")
    assert joint == [("QNX",)]
    assert ask(database, "select today_code from int_organisations__resolved where org_code = 'QNX'") == [("S9B9J",)]
    assert ask(database, "select icb_name from dim_organisation where org_code = 'R0A' and is_current") == [
        ("NHS Greater Manchester Integrated Care Board",)
    ]


def test_names_are_history_and_never_a_key(database):
    renamed = ask(database, "select distinct org_code from pub_organisation_history where event = 'renamed'")
    assert {code for (code,) in renamed} >= {"RBN", "RA7", "RWW", "RW1", "RAX"}
    (nightingale,) = ask(
        database, "select org_name, closed_on from dim_organisation where org_code = 'R0C' and is_current"
    )
    assert nightingale[0] == "PROJECT NIGHTINGALE NHS TRUST" and str(nightingale[1]) == "2020-03-26"
    (online,) = ask(
        database, "select is_in_ods, cast(opened_on as varchar) from dim_organisation where org_code = 'K0N6A'"
    )
    assert online == (True, "2026-06-01")


def test_the_report_says_it_in_words(database, tmp_path, capsys):
    from rich.console import Console

    release = tmp_path / "release.duckdb"
    with duckdb.connect(str(release)) as connection:
        connection.execute(f"attach '{database}' as build (read_only)")
        connection.execute("create table pub_organisation_history as from build.published.pub_organisation_history")
    print_organisations(release, None, Console(width=400))
    said = capsys.readouterr().out
    assert "Transfers of a part: not rolled forward (2)" in said
    assert "PENNINE ACUTE HOSPITALS NHS TRUST (RW6) was split" in said
    print_organisations(release, "rba", Console(width=400))
    said = capsys.readouterr().out
    assert "became part of" in said and "on 2020-04-01." in said and "figures: rolled forward (RBA, then RH5)" in said


def test_care_trusts_are_trusts(database):
    found = ask(
        database,
        "select org_code, is_in_ods, cast(closed_on as varchar) from dim_organisation "
        "where is_current and org_code like 'TA_' order by org_code",
    )
    assert found == [("TAD", True, None), ("TAF", True, "2024-10-31"), ("TAH", True, None), ("TAJ", True, None)]


def test_closing_dates_are_kept_as_each_edition_had_them(database):
    """RAP was open in the list of March 2022 and closed in that of July 2025."""
    found = ask(
        database,
        "select cast(valid_from as varchar), cast(closed_on as varchar) from dim_organisation where org_code = 'RAP' "
        "order by valid_from",
    )
    assert [closed for _, closed in found][-1] == "2024-12-31"
    assert [closed for since, closed in found if since < "2025"] == [None] * sum(since < "2025" for since, _ in found)


def test_rows_where_an_organisation_follows_itself_are_rejected(real_data, workspace):
    source = load_sources()["ods_successions_converted"]
    snapshots.take(arrivals.look_into(real_data / "organisations", [source]).claimed, workspace.raw)
    (snapshot,) = staging.stage_source(source, workspace).notes
    rejected = pl.read_parquet(parquet.rejects_path(workspace, snapshot))
    assert rejected.height == 39 and set(rejected["expected"]) == {"another organisation"}
