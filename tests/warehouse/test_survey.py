"""The staff survey over its years: the SYNTHETIC workbooks read once more by the numbers of each year, by hand."""

from __future__ import annotations

from pathlib import Path

import pytest
from python_calamine import CalamineWorkbook

from tests.running import row, rows

YEARS = (2021, 2022, 2023, 2024, 2025)
AGREE, OFTEN = ("% Agree", "% Strongly agree"), ("% Often", "% Always")
# Measure or item, the sheet and the number of its question in each year, and the options that count.
READ = {
    "staff_intention_to_leave": ("YOUR ORGANISATION", ("Q22a", "Q24a", "Q26a", "Q26a", "Q26a"), AGREE),
    "staff_burnout": ("HEALTH WELLBEING SAFETY Q12", ("Q12b",) * 5, OFTEN),
    "q3f": ("YOUR JOB Q1-3", ("Q3f",) * 5, AGREE),
    "q23b": ("PERSONAL DEVELOPMENT", ("Q19b", "Q21b", "Q23b", "Q23b", "Q23b"), ("% Yes, definitely",)),
    "q24c": ("PERSONAL DEVELOPMENT", ("Q20c", "Q22c", "Q24c", "Q24c", "Q24c"), AGREE),
    "q24e": ("PERSONAL DEVELOPMENT", ("Q20e", "Q22e", "Q24e", "Q24e", "Q24e"), AGREE),
}
TRUST = "ZX002"


@pytest.fixture(scope="module")
def books(sample: Path) -> dict[int, CalamineWorkbook]:
    folder = sample / "nhs_staff_survey"
    name = "NSS{} detailed spreadsheets organisational results.xlsx"
    return {year: CalamineWorkbook.from_path(str(folder / name.format(year - 2000))) for year in YEARS}


def published(book: CalamineWorkbook, sheet: str, question: str, options: tuple[str, ...]) -> float:
    """The sum of a trust's shares under this question."""
    (name,) = [name for name in book.sheet_names if name.startswith(sheet)]
    grid = book.get_sheet_by_name(name).to_python()
    (trust,) = [cells for cells in grid if cells[0] == TRUST]
    start = next(place for place, cell in enumerate(grid[0]) if str(cell).startswith(f"{question} - "))
    end = next(place for place in range(start, len(grid[4])) if grid[4][place].startswith("Base"))
    return sum(trust[place] for place in range(start, end) if grid[4][place] in options)


def test_measures_and_items_are_followed_through_the_years(served_sample, books):
    names = ", ".join(f"'{name}'" for name in READ)
    found = rows(
        served_sample,
        "select measure_id, period_key, value from pub_measure_values "
        f"where org_code = '{TRUST}' and measure_id in ({names})",
    )
    ours = {(item["measure_id"], int(item["period_key"])): item["value"] for item in found}
    theirs = {
        (name, year): published(books[year], sheet, number, options)
        for name, (sheet, numbers, options) in READ.items()
        for year, number in zip(YEARS, numbers, strict=True)
    }
    assert ours == pytest.approx(theirs, abs=1e-9)


def test_a_question_that_was_not_asked_is_not_missing(served_sample):
    found = rows(
        served_sample,
        "select period_key, value_status, count(*) as n, count(value) as shown from pub_measure_values "
        "where measure_id = 'q19a' and period_key in ('2021', '2022') group by all order by all",
    )
    assert [(item["period_key"], item["value_status"], item["shown"] > 0) for item in found] == [
        ("2021", "not_collected", False),
        ("2022", "observed", True),
    ]


def test_history_is_compared_within_one_release(served_sample):
    """The workbook gives fractions; 2025 agrees with the year's own workbook, earlier years are re-weighted."""
    found = rows(
        served_sample,
        "select benchmark.survey_year, benchmark.value, benchmark.reweighting_difference, own.value as own_value "
        "from fct_survey_benchmarks as benchmark inner join pub_measure_values as own "
        "on own.measure_id = 'staff_intention_to_leave' and own.org_code = benchmark.org_code "
        "and own.period_key = cast(benchmark.survey_year as varchar) "
        f"where benchmark.org_code = '{TRUST}' and benchmark.question_id = 'q26a' and benchmark.statistic = 'percent' "
        "order by all",
    )
    assert [item["survey_year"] for item in found] == list(YEARS)
    changes = [item["value"] - item["own_value"] for item in found]
    assert [item["reweighting_difference"] for item in found] == pytest.approx(changes, abs=1e-9)
    assert changes[-1] == pytest.approx(0, abs=1e-9)
    assert all(0 < abs(change) < 1 for change in changes[:-1])


def test_england_and_its_regions(served_sample):
    found = row(
        served_sample,
        "select count(distinct area_code) as areas, count(distinct survey_year) as years, count(value) as shown, "
        "count(*) as cells from pub_survey_national",
    )
    assert (found["areas"], found["years"]) == (8, 2) and found["shown"] == found["cells"]
