"""The pages as files: links, captions, and alternative texts told again from the charts' own data by other means."""

from __future__ import annotations

import csv
import shutil
from collections import defaultdict
from datetime import date, datetime
from pathlib import Path
from types import SimpleNamespace

import duckdb
import polars as pl
import pytest

from pipelines.release.api import write_api
from pipelines.release.record import read_record
from pipelines.release.site import write_site
from pipelines.release.site.driver_charts import distribution_alt, parts, scale
from pipelines.release.site.home import next_release
from pipelines.release.site.pages import Links, cell
from pipelines.release.site.words import level, number, shown
from pipelines.settings import DUCKDB_FILE
from tests.site.reading import Document, broken_links, documents, outside, unnamed_pictures

DRIVER = "shared_purpose"


@pytest.fixture(scope="module")
def pages(site: Path) -> dict[str, Document]:
    """All pages, but of those of organisations, which are alike, the first five."""
    return documents(site, organisations=5)


def test_every_link_and_fragment_leads_somewhere(pages: dict[str, Document]) -> None:
    assert len(pages) > 14
    assert not broken_links(pages)


def test_nothing_is_loaded_from_elsewhere(site: Path, pages: dict[str, Document]) -> None:
    assert not outside(pages)
    for sheet in (site / "assets").glob("*.css"):
        assert "url(" not in sheet.read_text() and "@import" not in sheet.read_text()


def test_every_picture_says_in_words_what_it_shows(pages: dict[str, Document]) -> None:
    pictures = [picture for page in pages.values() for picture in page.pictures]
    assert len(pictures) > 15
    assert not unnamed_pictures(pages)


def test_ids_are_not_used_twice(pages: dict[str, Document]) -> None:
    assert not [page.path for page in pages.values() if len(page.ids) != len(set(page.ids))]


def test_invented_figures_say_so_everywhere(site: Path, pages: dict[str, Document]) -> None:
    for page in pages.values():
        assert page.path.read_text().count("SYNTHETIC") > 2
        assert all(caption.strip().startswith("SYNTHETIC") for caption in page.captions), page.path
        assert all(picture["alt"].startswith("SYNTHETIC") for picture in page.pictures), page.path
    assert all("SYNTHETIC" in chart.read_text() for chart in (site / "charts").glob("*.svg"))
    assert all(data.stem.endswith("_SYNTHETIC") for data in (site / "charts").glob("*.csv"))


@pytest.mark.parametrize(
    ("markup", "found_by"),
    [
        ('<img src="assets/icon.svg">', unnamed_pictures),
        ('<img src="assets/icon.svg" alt="">', unnamed_pictures),
        ('<link rel="stylesheet" href="https://assets.nhs.uk/style.css">', outside),
        ('<script src="//cdn.example/lib.js"></script>', outside),
        ('<img src="/assets/icon.svg" alt="icon">', outside),
        ('<a href="drivers/nowhere.html">here</a>', broken_links),
        ('<a href="index.html#nowhere">here</a>', broken_links),
    ],
)
def test_what_is_wrong_is_found(site: Path, tmp_path: Path, markup: str, found_by) -> None:
    copy = tmp_path / "site"
    copy.mkdir()
    shutil.copytree(site / "assets", copy / "assets")
    (copy / "index.html").write_text("<!doctype html><title>t</title><p>good</p>")
    assert not found_by(documents(copy))
    (copy / "index.html").write_text(f"<!doctype html><title>t</title>{markup}")
    assert len(found_by(documents(copy))) == 1


def _chart(site: Path, name: str) -> tuple[str, list[dict[str, str]]]:
    """The alternative text of a chart as the page has it, and the rows of its data."""
    page = Document(site / "drivers" / f"{DRIVER}.html")
    text = next(picture["alt"] for picture in page.pictures if picture["src"].endswith(f"{name}.svg"))
    with (site / "charts" / f"{name}_SYNTHETIC.csv").open(encoding="utf-8", newline="") as file:
        return text, list(csv.DictReader(file))


def test_alternative_text_of_the_forest_is_that_of_its_data(site: Path) -> None:
    text, rows = _chart(site, f"{DRIVER}_associations")
    values = [float(row["rho"]) for row in rows]
    apart = sum(1 for row in rows if float(row["rho_low"]) * float(row["rho_high"]) > 0)
    assert f"Forest plot of {len(rows)} associations" in text
    assert f"from {min(values):.2f}".replace("-", "−") in text
    assert f"to {max(values):.2f}" in text
    assert f"{apart} of {len(rows)} intervals leave out zero" in text


def test_alternative_text_of_the_distribution_is_that_of_its_data(site: Path) -> None:
    text, rows = _chart(site, f"{DRIVER}_distribution")
    latest = max(row["round_key"] for row in rows)
    group = [row for row in rows if row["round_key"] == latest and row["organisation_type"] == "all"]
    shares = {(row["first_level"], row["last_level"]): float(row["share"]) for row in group}
    assert f"of {group[0]['n_shared']} organisations that shared" in text
    assert sum(shares.values()) == pytest.approx(100)
    for (first, last), share in shares.items():
        assert f"{share:.0f}% at {f'level {first}' if first == last else f'levels {first} to {last}'}" in text
    assert ("Most are at level" in text) == (len(shares) == 5)


ABOVE = {
    "told": (100.0, 90.0, 70.0, 30.0, 10.0),
    "together": (100.0, None, 70.0, None, 10.0),
    "middle": (100.0, None, 70.0, None, None),
    "whole": (100.0, None, None, None, None),
    "nothing": (None,) * 5,
}


def test_bars_are_made_of_what_is_told_and_always_add_up() -> None:
    frame = pl.DataFrame(
        [
            {"round_key": "r", "organisation_type": group, "n_shared": 20, "n_eligible": 40, "level": place}
            | {"share_at_or_above": share}
            for group, shares in ABOVE.items()
            for place, share in enumerate(shares, start=1)
        ]
    )
    found = defaultdict(list)
    for row in parts(frame).to_dicts():
        found[row["organisation_type"]].append((row["first_level"], row["last_level"], row["share"]))
    assert found == {
        "told": [(1, 1, 10.0), (2, 2, 20.0), (3, 3, 40.0), (4, 4, 20.0), (5, 5, 10.0)],
        "together": [(1, 2, 30.0), (3, 4, 60.0), (5, 5, 10.0)],
        "middle": [(1, 2, 30.0), (3, 5, 70.0)],
    }
    assert "Most are at" not in distribution_alt(
        parts(frame.filter(organisation_type="middle")), dict.fromkeys(range(1, 6), "")
    )


def test_alternative_text_of_the_levels_is_that_of_its_data(site: Path) -> None:
    text, rows = _chart(site, f"{DRIVER}_by_fifth")
    medians = defaultdict(dict)
    for row in rows:
        medians[row["measure_name"]][int(row["level"])] = float(row["outcome_median"])
    assert f"{len(medians)} panels" in text
    for measure, found in medians.items():
        ends = (
            f"{round(found[level], 2) + 0.0:.2f} at fifth {level}".replace("-", "−")
            for level in (min(found), max(found))
        )
        assert f"{measure}: {' and '.join(ends)}" in text


def test_all_drivers_share_one_scale(site: Path) -> None:
    scales = set()
    for page in documents(site / "drivers").values():
        texts = [picture["alt"] for picture in page.pictures if "Forest plot" in picture["alt"]]
        scales |= {text.split("on a scale ")[1].split(";")[0] for text in texts}
    assert len(scales) == 1


def test_circular_pairs_are_listed_and_not_drawn(site: Path, release: Path) -> None:
    with duckdb.connect(str(release / DUCKDB_FILE), read_only=True) as connection:
        circular = connection.execute(
            "select measure_id, measure_name from pub_driver_outcome_association "
            "inner join dim_measure using (measure_id) "
            f"where exposure_id = '{DRIVER}' and organisation_type = 'all' and alignment = 'same_year' and is_circular"
        ).fetchall()
    _, rows = _chart(site, f"{DRIVER}_associations")
    text = (site / "drivers" / f"{DRIVER}.html").read_text()
    assert circular and not {measure for measure, _ in circular} & {row["measure_id"] for row in rows}
    assert all(name in text for _, name in circular) and "circular: shares questions" in text


CHANGES = """
    create table pub_release_changes as select * from (values
        ('pub_measure_values', 'sickness_absence', 'revised', 'publisher', 12::bigint, 12::bigint, 3::bigint,
         'Twelve figures of sickness absence were revised.', '2026.0.0'),
        ('dim_source', null, 'added', 'new_edition', 1::bigint, 0::bigint, null, 'One source was added.', '2026.0.0')
    ) as t(table_name, indicator_id, change, reason, n_rows, n_values, n_organisations, sentence, release_from)
"""
"""What difference.py writes, as far as pages read it."""


def write_pages(folder: Path) -> None:
    """The interface, from which pages take figures, and the pages."""
    record = read_record(folder)
    write_api(folder, record)
    write_site(folder, record)


@pytest.fixture(scope="module")
def without_submissions(release: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A candidate of few organisations to which nobody shared anything, and in which one driver has associations."""
    folder = tmp_path_factory.mktemp("nobody") / "candidate"
    folder.mkdir()
    shutil.copyfile(release / DUCKDB_FILE, folder / DUCKDB_FILE)
    (folder / DUCKDB_FILE).chmod(0o600)
    with duckdb.connect(str(folder / DUCKDB_FILE)) as connection:
        for table in ("maturity_distribution", "maturity_responses", "driver_maturity", "response_bias", "variation"):
            connection.execute(f"delete from pub_{table}")
        for table in ("pub_driver_outcome_association", "pub_outcome_by_maturity_level"):
            connection.execute(f"delete from {table} where basis = 'self_assessment' or driver_id <> '{DRIVER}'")
        connection.execute(
            "delete from pub_measure_values where measure_id <> 'sickness_absence' or org_code > 'ZX003'"
        )
        connection.execute("delete from pub_driver_evidence where org_code > 'ZX003'")
        connection.execute(f"delete from dim_driver where driver_id not in ('{DRIVER}', 'people_and_culture')")
        connection.execute(f"drop table if exists pub_release_changes; {CHANGES}")
    (folder / "revisions_SYNTHETIC.csv").write_text("table_name")
    write_pages(folder)
    return folder


def test_without_submissions_pages_say_so_and_are_still_there(without_submissions: Path) -> None:
    site = without_submissions / "site"
    assert "No self-assessment is shown in this release" in (site / "index.html").read_text()
    assert "there is no map" in (site / "map.html").read_text()
    assert "nothing to compare" in (site / "quality.html").read_text()
    driver = (site / "drivers" / f"{DRIVER}.html").read_text()
    assert "No self-assessment was shared" in driver and f"{DRIVER}_by_fifth.svg" in driver
    other = (site / "drivers" / "people_and_culture.html").read_text()
    assert "No association could be estimated" in other
    assert not unnamed_pictures(documents(site))


def test_what_changed_since_the_last_release_is_told(without_submissions: Path) -> None:
    overview = (without_submissions / "site" / "index.html").read_text()
    assert overview.index("Twelve figures of sickness") < overview.index("One source was added")
    revisions = Document(without_submissions / "site" / "revisions.html")
    assert "SYNTHETIC Changes since release 2026.0.0" in revisions.captions
    assert "../revisions_SYNTHETIC.csv" in revisions.links


def test_the_same_candidate_gives_the_same_bytes(without_submissions: Path, tmp_path: Path) -> None:
    for name in (DUCKDB_FILE, "revisions_SYNTHETIC.csv"):
        shutil.copyfile(without_submissions / name, tmp_path / name)
    write_pages(tmp_path)
    first = {
        path.relative_to(without_submissions): path.read_bytes() for path in without_submissions.rglob("site/**/*.*")
    }
    assert first == {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("site/**/*.*")}


def test_what_is_not_there_has_a_code_and_never_an_empty_cell() -> None:
    assert shown(None, "suppressed") == "[c]"
    assert shown(12.34, "provisional") == "12.3 [p]"
    assert shown(0.0, "observed", 0) == "0"
    assert cell(1234) == "1,234" and cell(date(2026, 11, 2)) == "2 November 2026"
    with pytest.raises(ValueError, match="empty"):
        cell(None)


def test_numbers_have_a_true_minus_and_no_negative_zero() -> None:
    assert number(-0.04) == "0.0"
    assert number(-1234.5) == "−1,234.5"
    assert number(2.5, 0) == "3"
    assert [level(value) for value in (3.0, 3.25, 3.5)] == ["3", "3.3", "3.5"]


@pytest.mark.parametrize(("ends", "expected"), [((-0.21, 0.38), 0.4), ((-0.61, 0.5), 0.8), ((0.1, 0.2), 0.2)])
def test_the_scale_has_zero_in_its_middle_and_holds_both_ends(ends: tuple, expected: float) -> None:
    assert scale(*ends) == pytest.approx((-expected, expected))


def test_links_lead_from_where_a_page_stands() -> None:
    assert Links("")("drivers/a.html#b") == "drivers/a.html#b"
    assert Links("drivers")("index.html") == "../index.html"
    assert Links("drivers")("../csv/a.csv") == "../../csv/a.csv"
    assert Links("drivers")("#here") == "#here"


def test_the_next_release_is_the_first_day_of_the_calendar_after_this_one(tmp_path: Path) -> None:
    calendar = tmp_path / "calendar.yml"
    calendar.write_text("releases:\n  - {date: 2026-11-05}\n  - {date: 2027-01-07}\n  - {date: 2027-02-04}\n")
    record = SimpleNamespace(is_synthetic=False, built_at=datetime(2026, 11, 22))
    assert next_release(record, calendar) == {"date": date(2027, 1, 7)}
    assert next_release(record, tmp_path / "none.yml") is None
    assert next_release(SimpleNamespace(is_synthetic=True), calendar) is None
