"""The README's first line, as a newcomer runs it, and what must hold when it is run again."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

import duckdb
import polars as pl
import pytest

from pipelines.settings import DUCKDB_FILE, PROJECT_ROOT
from tests.running import asked, impact, let_out, make_keys, refreshed, row, rows, waive_checks, waive_freshness

PLANTED = PROJECT_ROOT / "pipelines" / "sample" / "data" / "planted.csv"


@pytest.fixture
def home(served_sample: Path) -> Path:
    return served_sample


def test_the_summary_says_what_happened(home):
    summary = (home / "first.txt").read_text()
    for words in ("SYNTHETIC", "nhs_staff_survey", "rejected", "models", "tests passed", "gate: passed", "look:"):
        assert words in summary
    assert "building and testing the models" in (home / "progress.txt").read_text()


def test_everything_served_says_synthetic(home):
    release = (home / "serving" / "current").resolve()
    assert row(home, "select is_synthetic from release_info") == {"is_synthetic": True}
    with duckdb.connect(str(release / DUCKDB_FILE), read_only=True) as connection:
        comments = connection.execute("select table_name, comment from duckdb_tables()").fetchall()
    assert comments and all(comment.startswith("SYNTHETIC") for _, comment in comments)
    for path in [*release.glob("csv/*"), *release.glob("parquet/*"), *release.glob("*.txt")]:
        assert "SYNTHETIC" in path.name or "SYNTHETIC" in path.read_text()


def test_the_merged_trust_has_the_history_of_its_predecessors(home):
    """Of the SYNTHETIC sample: ZX031 and ZX032 became ZX211 on 2023-04-01; ZX190 was split on 2024-10-01."""
    for month in ("2022-01", "2023-01"):
        where = f"measure_id = 'rtt_within_18_weeks' and period_key = '{month}' and org_code in"
        parts = row(
            home,
            "select sum(numerator) as numerator, sum(denominator) as denominator from pub_measure_values "
            f"where {where} ('ZX031', 'ZX032')",
        )
        whole = row(
            home,
            "select numerator, denominator, value, combined_from, roll_forward_status "
            f"from pub_measure_values_todays_footprint where {where} ('ZX031', 'ZX032', 'ZX211')",
        )
        assert (whole["numerator"], whole["denominator"]) == (parts["numerator"], parts["denominator"])
        assert whole["value"] == pytest.approx(100 * parts["numerator"] / parts["denominator"])
        assert (whole["combined_from"], whole["roll_forward_status"]) == ("ZX031|ZX032", "rolled_forward")
    split = rows(
        home,
        "select distinct org_code, roll_forward_status from pub_measure_values_todays_footprint "
        "where measure_id = 'sickness_absence' and period_key = '2024-09' and org_code in ('ZX150', 'ZX190', 'ZX191')",
    )
    assert {item["org_code"]: item["roll_forward_status"] for item in split} == {
        "ZX150": "partial_not_rolled",
        "ZX190": "split_not_rolled",
        "ZX191": "partial_not_rolled",
    }


def test_the_report_on_organisations(home):
    said = asked(home, "organisations").stdout
    assert "2 organisations are rolled forward to a successor" in said
    assert "Splits: not rolled forward (2)" in said
    assert "became part of" in asked(home, "organisations", "ZX031").stdout
    unknown = asked(home, "organisations", "ZX999")
    assert unknown.returncode == 1 and "no event of this organisation" in unknown.stderr


@pytest.mark.parametrize(
    ("basis", "kind", "may_miss"), [("staff_survey_evidence", "acute", 0), ("self_assessment", "all", 3)]
)
def test_planted_associations_come_back(home, basis, kind, may_miss):
    """Planted rho of acute trusts against the interval of the latest year of same-year pairs.

    The sample is drawn so that the evidence of all trusts misses nowhere. Self-assessments come from those that
    share, a chance selection: of 25 intervals at 95 %, more than 3 miss with a probability below 4 %. They are told of
    all types together, mostly acute, and rounded, for which the interval allows.
    """
    published = rows(
        home,
        "select driver_id, measure_id, case when rho = raw_rho then rho_low else -rho_high end as low, "
        "case when rho = raw_rho then rho_high else -rho_low end as high from pub_driver_outcome_association "
        f"where basis = '{basis}' and organisation_type = '{kind}' and exposure_id = driver_id "
        "and alignment = 'same_year' and raw_rho is not null",
    )
    found = {(item["driver_id"], item["measure_id"]): (item["low"], item["high"]) for item in published}
    planted = pl.read_csv(PLANTED).filter(pl.col("basis") == basis)
    rhos = {(row["driver_id"], row["measure_id"]): row["raw_rho"] for row in planted.iter_rows(named=True)}
    assert len(rhos) == 25 and rhos.keys() <= found.keys()
    missed = [pair for pair, rho in rhos.items() if not found[pair][0] <= rho <= found[pair][1]]
    assert len(missed) <= may_miss, missed


def test_planted_associations_of_acute_trusts_stand_in_the_build_file(home):
    """What is not told of self-assessments is estimated all the same, for those who may see the answers."""
    with duckdb.connect(str(home / "synthetic" / "warehouse" / "build.duckdb"), read_only=True) as connection:
        found = connection.execute(
            "select exposure_id, measure_id, raw_rho_low, raw_rho_high, trend_p_value, raw_weighted_rho "
            "from intermediate.int_associations__estimated where basis = 'self_assessment' "
            "and organisation_type = 'acute' and alignment = 'same_year'"
        ).pl()
    planted = pl.read_csv(PLANTED).filter(pl.col("basis") == "self_assessment")
    both = planted.join(found, left_on=["driver_id", "measure_id"], right_on=["exposure_id", "measure_id"])
    missed = both.filter(~pl.col("raw_rho").is_between(pl.col("raw_rho_low"), pl.col("raw_rho_high")))
    assert both.height == 25 and missed.height <= 3
    assert both["trend_p_value"].null_count() == both["raw_weighted_rho"].null_count() == 0


@pytest.mark.parametrize(("basis", "shown"), [("staff_survey_evidence", 2), ("self_assessment", 1)])
def test_planted_nulls_are_not_called(home, basis, shown):
    nulls = pl.read_csv(PLANTED).filter((pl.col("basis") == basis) & (pl.col("raw_rho") == 0))
    assert not nulls.is_empty()
    for driver, measure in nulls.select("driver_id", "measure_id").iter_rows():
        found = rows(
            home,
            "select q_value, sentence from pub_driver_outcome_association where rho is not null "
            f"and basis = '{basis}' and organisation_type in ('acute', 'all') and alignment = 'same_year' "
            f"and exposure_id = '{driver}' and measure_id = '{measure}'",
        )
        assert len(found) == shown and all(item["q_value"] >= 0.05 for item in found)
        assert all("no association can be seen" in item["sentence"] for item in found)


def test_associations_with_self_assessments_are_few_and_rounded(home):
    """Rank statistics beside public outcomes are equations for the levels of who may not be named."""
    found = row(
        home,
        "select count(rho) as shown, count(*) filter (where rho <> round(round(20 * rho) / 20, 2) or n % 5 <> 0 "
        "or organisation_type <> 'all') as exact, count(tau_b) + count(adjusted_rho) + count(bootstrap_low) "
        "+ count(trend_p_value) + count(odds_ratio) as others "
        "from pub_driver_outcome_association where basis = 'self_assessment' and rho is not null",
    )
    assert found["shown"] > 50 and (found["exact"], found["others"]) == (0, 0)
    told = rows(
        home,
        "select sum(1.0 / n) as told from pub_driver_outcome_association "
        "where basis = 'self_assessment' and rho is not null group by exposure_id",
    )
    assert max(item["told"] for item in told) <= 1 / 11


def test_a_driver_without_the_items_of_the_outcome_is_offered(home):
    found = rows(
        home,
        "select exposure_kind, is_circular, shared_items, q_value is null as has_no_q "
        "from pub_driver_outcome_association where basis = 'staff_survey_evidence' and alignment = 'same_year' "
        "and driver_id = 'capability_and_capacity' and measure_id = 'staff_engagement' "
        "and organisation_type = 'acute' and exposure_kind like 'driver%' order by all",
    )
    assert [tuple(item.values()) for item in found] == [
        ("driver", True, "q3f", True),
        ("driver_disjoint", False, None, False),
    ]


def test_strong_and_absent_associations_are_told_apart(home):
    def found(driver: str, measure: str) -> dict:
        return row(
            home,
            "select rho_low, rho_high, q_value, sentence from pub_driver_outcome_association "
            "where basis = 'staff_survey_evidence' and organisation_type = 'acute' "
            f"and alignment = 'same_year' and exposure_id = '{driver}' and measure_id = '{measure}'",
        )

    strong = found("leadership_behaviours", "sickness_absence")
    assert strong["rho_low"] > 0 and strong["q_value"] < 0.05 and "associated with" in strong["sentence"]
    absent = found("shared_purpose", "cqc_locations_good_or_outstanding")
    assert absent["rho_low"] < 0 < absent["rho_high"] and "no association" in absent["sentence"]


def test_a_merger_shows_in_the_organisations(home):
    closed = rows(
        home,
        "select distinct org_code from dim_organisation where closed_on is not null and is_current order by org_code",
    )
    assert {"ZX031", "ZX032", "ZX190"} <= {item["org_code"] for item in closed}
    assert rows(home, "select 1 as found from dim_organisation where org_code = 'ZX211' and is_current")


def test_nothing_private_is_in_the_release(home):
    """No organisation that shared nothing, or only with its system, is named with a maturity."""
    named = {item["org_code"] for item in rows(home, "select distinct org_code from pub_driver_maturity")}
    named |= {item["org_code"] for item in rows(home, "select distinct org_code from pub_maturity_responses")}
    staged = pl.read_parquet(home / "synthetic" / "staged" / "impact_self_assessment" / "*.parquet")
    may_be_named = staged.filter(pl.col("sharing_scope").is_in(["national_named", "published"]))["org_code"]
    assert len(named - {None}) >= 5
    assert named - {None} <= set(may_be_named)
    release = (home / "serving" / "current").resolve()
    everything = b"".join(path.read_bytes() for path in release.rglob("*") if path.suffix in (".csv", ".json"))
    assert b"Synthetic Person" not in everything and b"@example.invalid" not in everything


def test_a_second_refresh_does_nothing_and_says_so(home):
    before = (home / "serving" / "current").resolve()
    done = refreshed(home)
    assert "files read in this run: 0" in done.stdout
    assert "nothing changed: no new release" in done.stdout
    assert (home / "serving" / "current").resolve() == before
    assert len(list((home / "releases").iterdir())) == 1


def test_status_lists_every_edition_and_sums_up_the_inbox(home):
    done = asked(home, "status")
    assert done.returncode == 0
    for words in ("SYNTHETIC sample", "nhs_staff_survey", "2025", "2026-03-01", "77 files"):
        assert words in done.stdout


def test_verify_finds_a_changed_byte(home, tmp_path):
    version = (home / "serving" / "current").resolve().name
    done = asked(home, "verify", version)
    assert done.returncode == 0 and "nobody here vouches for that key; SYNTHETIC data" in done.stdout
    copy = tmp_path / "home"
    shutil.copytree(home / "releases", copy / "releases")
    victim = next((copy / "releases" / version / "csv").glob("pub_measure_values*"))
    victim.chmod(0o644)
    victim.write_text(victim.read_text().replace("1", "2", 1))
    for named in (version, str(copy / "releases" / version)):
        done = asked(copy, "verify", named)
        assert done.returncode == 1 and "pub_measure_values" in done.stderr


def test_query_refuses_to_write_or_to_look_around(home):
    for sql in (
        "drop table pub_measure_values",
        "select * from read_text('README.md')",
        "copy pub_measure_values to 'stolen.csv'",
        "attach 'other.duckdb'",
        "set enable_external_access = true",
    ):
        done = asked(home, "query", sql)
        assert done.returncode == 1 and "expected" in done.stderr, sql


@pytest.mark.parametrize(("form", "start"), [("csv", "org_code"), ("json", "[")])
def test_query_formats(home, form, start):
    done = asked(home, "query", "select org_code from dim_organisation order by 1 limit 2", "--format", form)
    assert done.returncode == 0 and done.stdout.startswith(start)


READER = """
import sys, duckdb, pathlib, time
link, stop = map(pathlib.Path, sys.argv[1:3])
failed = mixed = asked = 0
seen = set()
while not stop.exists():
    try:
        with duckdb.connect(str(link / "nhs_impact_warehouse.duckdb"), read_only=True) as c:
            for _ in range(20):
                ids = c.execute("select distinct release_id from pub_measure_values").fetchall()
                asked += 1
                mixed += len(ids) != 1
                seen.add(ids[0][0])
    except duckdb.Error:
        failed += 1
    time.sleep(0.02)
print(asked, failed, mixed, len(seen))
"""


def test_broken_newest_editions_are_refused_while_readers_go_on(home, sample, tmp_path, request):
    """One process holds serving/current open all the while: a release that waits and goes out, then a refused one."""
    live = tmp_path / "home"
    shutil.copytree(home, live, symlinks=True)
    make_keys(live)
    waive_freshness(live)
    # Its organisations are called SYNTHETIC, which no page of published data may say.
    waive_checks(live, "page:synthetic_page")
    stop = tmp_path / "stop"
    reader = subprocess.Popen(
        [sys.executable, "-c", READER, str(live / "serving" / "current"), str(stop)],
        stdout=subprocess.PIPE,
        text=True,
    )
    request.addfinalizer(reader.kill)
    published = _without_newest_survey(sample, tmp_path / "published")
    _waits(live, refreshed(live, "--from", str(published)).stdout)
    before = let_out(live)
    assert before == (live / "serving" / "current").resolve()
    newest = "NSS25 detailed spreadsheets organisational results.xlsx"
    (published / newest).write_bytes((sample / "nhs_staff_survey" / newest).read_bytes()[:-4000])
    done = impact(live, "refresh", "--from", str(published))
    assert done.returncode == 1
    assert "nhs_staff_survey" in done.stderr and "to do" in done.stderr
    assert "what was served before still is" in done.stderr and "refused" in done.stderr
    assert (live / "serving" / "current").resolve() == before
    reasons = next((live / "refused").glob("*/reasons.txt")).read_text()
    assert "nhs_staff_survey" in reasons
    stop.touch()
    asked, failed, mixed, releases_seen = map(int, reader.communicate(timeout=60)[0].split())
    assert asked > 100 and (failed, mixed) == (0, 0) and releases_seen == 2


def _waits(home: Path, said: str) -> None:
    """A bare refresh serves nothing new; it says what waits, what that needs and which commands lead there."""
    assert (home / "serving" / "current").resolve().name == "2026.1.0"
    for words in (
        "release 2026.2.0 waits",
        "it may go out on",
        "lacking: not approved",
        "lacking: under embargo until",
        "impact release approve 2026.2.0 --by NAME",
        "impact release publish 2026.2.0",
        "until then 2026.1.0 is served as before",
    ):
        assert words in said
    again = asked(home, "release", "waiting").stdout
    assert "release 2026.2.0 waits since" in again and "lacking: not approved" in again
    early = impact(home, "release", "publish", "2026.2.0")
    assert early.returncode == 1 and "not approved" in early.stderr


def _without_newest_survey(sample: Path, folder: Path) -> Path:
    left_out = shutil.ignore_patterns("NSS25*", "submissions")
    shutil.copytree(sample, folder, ignore=left_out)
    return folder


def test_a_missing_folder_is_a_fault_in_five_parts(tmp_path):
    done = impact(tmp_path / "home", "refresh", "--from", str(tmp_path / "nowhere"))
    assert done.returncode == 1
    for label in ("found", "expected", "likely", "to do"):
        assert f"\n  {label}" in done.stderr
