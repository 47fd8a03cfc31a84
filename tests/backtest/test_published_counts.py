"""Published files of counted items, and damaged copies of them, through the door: A&E and cancer waits.

Expected values stand in the files themselves (total rows, percentages of the workbooks) or were derived outside this
code (facts/known_answers.tsv).
"""

from __future__ import annotations

import csv
from pathlib import Path

import polars as pl
import pytest
import python_calamine

from pipelines import staging
from pipelines.readers import read_file
from pipelines.registry import load_sources
from pipelines.settings import Workspace
from pipelines.store import arrivals, snapshots

AE, CANCER = load_sources()["ae_four_hour"], load_sources()["cancer_62_day"]
MARCH = "Monthly-AE-March-2025.csv"
REVISED = "April-2025-AE-by-provider-sfo2q-revised.xls"


def take(folder: Path, source_id: str, workspace: Workspace) -> staging.StagedSource:
    source = load_sources()[source_id]
    snapshots.take(arrivals.look_into(folder, [source]).claimed, workspace.raw)
    return staging.stage_source(source, workspace)


@pytest.fixture(scope="module")
def held(real_data: Path, tmp_path_factory: pytest.TempPathFactory) -> Workspace:
    """A workspace with every published file of the two sources, each accepted without a rejected row."""
    workspace = Workspace(tmp_path_factory.mktemp("held"), "published")
    for source_id, files in {"ae_four_hour": 17, "cancer_62_day": 1}.items():
        result = take(real_data, source_id, workspace)
        assert (result.count("accepted"), result.count("refused")) == (files, 0)
        assert result.total("rows_rejected") == 0
    return workspace


@pytest.fixture(scope="module")
def attendances(held: Workspace) -> pl.DataFrame:
    return pl.read_parquet(held.staged / "ae_four_hour" / "*.parquet")


def test_every_csv_adds_up_to_its_own_total_row(real_data, attendances):
    """However the row is spelled, and with the six empty columns of September 2024."""
    seen = set()
    for path in sorted((real_data / "ae").glob("*.csv")):
        with path.open(newline="") as stream:
            header, *records = csv.reader(stream)
        (total,) = [record for record in records if record[1].strip().upper() == "TOTAL"]
        wanted = [place for place, name in enumerate(header) if "attendances" in name.lower()]
        ours = attendances.filter(pl.col("source_file") == path.name)
        assert ours["value"].sum() == sum(int(total[place]) for place in wanted)
        assert ours["org_code"].n_unique() == len(records) - 1
        seen |= {total[1], len(header)}
    assert seen == {"TOTAL", "Total", "Total ", 22, 28}


def test_every_workbook_gives_the_percentages_it_prints(real_data, attendances):
    """Sheet `Provider Level Data`, row of England: all types and type 1; pilot trusts have no four-hour figures."""
    for path in sorted((real_data / "ae").glob("*.xls")):
        grid = (
            python_calamine.CalamineWorkbook.from_path(str(path)).get_sheet_by_name("Provider Level Data").to_python()
        )
        header = next(row for row in grid if "Total attendances" in row)
        england = next(row for row in grid if "England" in row)
        ours = attendances.filter(pl.col("source_file") == path.name)
        pilots = ours.filter(pl.col("value_status") == "not_applicable")["org_code"].unique()
        base = ours.filter(~pl.col("org_code").is_in(pilots))
        for words, pattern in (("(all)", "."), ("(type 1)", "_type_1$")):
            counted = base.filter(pl.col("item_name").str.contains(pattern))
            over = counted.filter(pl.col("item_name").str.starts_with("over"))["value"].sum()
            everyone = counted.filter(pl.col("item_name").str.starts_with("attendances"))["value"].sum()
            printed = england[header.index(f"Percentage in 4 hours or less {words}")]
            assert 1 - over / everyone == pytest.approx(printed, abs=1e-12)


def test_pilot_trusts_report_attendances_and_no_waits(attendances):
    april = attendances.filter(pl.col("edition") == "2021-04")
    assert april.filter(pl.col("item_name").str.starts_with("attendances"))["value"].sum() == 1_866_232
    pilots = april.filter(pl.col("value_status") == "not_applicable")
    assert pilots["org_code"].n_unique() == 14 and {"RC9", "RGT"} <= set(pilots["org_code"])
    assert pilots["item_name"].str.starts_with("over").all() and pilots["value"].null_count() == pilots.height


def test_codes_of_walk_in_centres_are_longer(attendances):
    lengths = attendances["org_code"].str.len_chars().unique().sort().to_list()
    assert lengths == [3, 5, 6] and "Y00751" in set(attendances["org_code"])


def test_a_workbook_says_when_it_was_published_and_revised(real_data):
    frame = read_file(real_data / "ae" / REVISED, AE, "xls", "here", "2025-04")
    assert frame.select("@published_on", "@revised_on", "@period").unique().rows() == [
        ("2025-05-15", "2025-11-13", "April 2025")
    ]


def damaged(real_data: Path, folder: Path, change: dict[str, str] | None = None, rows: slice | None = None) -> Path:
    """March 2025 with other names of columns (`GONE` takes one out), or with some of its rows only."""
    frame = pl.read_csv(real_data / "ae" / MARCH, infer_schema=False)
    frame = frame.rename(change or {})[rows or slice(None)]
    frame.drop(name for name in frame.columns if name.startswith("GONE")).write_csv(folder / MARCH)
    return folder


BOOKED = ["A&E attendances Booked Appointments", "Attendances over 4hrs Booked Appointments"]
KINDS = ["Type 1", "Type 2", "Other Department"]
COLUMNS = [f"{part} {kind}" for part in BOOKED for kind in KINDS]


def reason(folder: Path, workspace: Workspace) -> str:
    (refusal,) = take(folder, "ae_four_hour", workspace).reasons
    return refusal


def test_the_share_without_booked_appointments_cannot_come_about(real_data, tmp_path, workspace):
    """Left out without a word, they would give 74.39 per cent, where the publisher has 74.98."""
    frame = pl.read_csv(real_data / "ae" / MARCH, infer_schema=False).filter(pl.col("Org Code") != "TOTAL")
    added = {name: frame[name].cast(pl.Int64).sum() for name in frame.columns[4:16]}
    over = sum(added[name] for name in added if "over 4hrs" in name and "Booked" not in name)
    everyone = sum(added[name] for name in added if "over 4hrs" not in name and "Booked" not in name)
    assert 100 * (1 - over / everyone) == pytest.approx(74.39, abs=0.005)
    dropped = damaged(real_data, tmp_path, {name: f"GONE {name}" for name in COLUMNS})
    found = reason(dropped, workspace)
    assert "attendances_booked_type_1" in found and "every sum would be too small" in found


@pytest.mark.parametrize("column", COLUMNS)
@pytest.mark.parametrize("new", ["GONE", "Booked: {}", "{} (revised)"])
def test_no_booked_column_can_go_missing_alone(real_data, tmp_path, workspace, column, new):
    found = reason(damaged(real_data, tmp_path, {column: new.format(column)}), workspace)
    assert "nothing for" in found and "_booked_" in found


def test_a_file_that_was_cut_short_has_no_total(real_data, tmp_path, workspace):
    found = reason(damaged(real_data, tmp_path, rows=slice(0, 100)), workspace)
    assert "0 total rows among 100 others" in found and "cut short" in found


def test_a_row_lost_from_the_middle_shows_in_the_total(real_data, tmp_path, workspace):
    path = damaged(real_data, tmp_path) / MARCH
    lines = path.read_text().splitlines()
    (lost,) = [number for number, line in enumerate(lines) if ",R0A," in line]
    path.write_text("\n".join(lines[:lost] + lines[lost + 1 :]) + "\n")
    found = reason(tmp_path, workspace)
    assert "a total of 1,418,235, and rows that add up to 1,392,943" in found


def test_patients_stand_twice_in_the_extract_and_each_slice_holds_all(held):
    """July 2025: 21,633 of 31,270; adding both slices would double them."""
    rows = pl.read_parquet(held.staged / "cancer_62_day" / "*.parquet")
    assert rows.height == 3 * 19_033
    july = rows.filter(pl.col("period_end").cast(pl.String) == "2025-07-31")
    for slice_name in ("cancer type:", "treatment:"):
        one = july.filter(pl.col("category").str.starts_with(slice_name))
        sums = dict(one.group_by("item_name").agg(pl.col("value").sum()).iter_rows())
        assert sums == {"treated": 31_270, "within_standard": 21_633, "breaches": 9_637}
    assert july.filter(pl.col("item_name") == "treated")["value"].sum() == 2 * 31_270
    assert (rows["value"] % 1).unique().sort().to_list() == [0, 0.5]


def test_another_standard_is_another_measure(held):
    (note,) = staging.already_staged(CANCER, held).notes.values()
    assert note.rows_out_of_scope == 41_013 - 19_033
