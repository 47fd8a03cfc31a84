"""Subtracting releases: one SYNTHETIC workspace through three of them, and an attacker who has them all.

Each round of assessment tells a story of its own, because rounds share no figure. The attacker knows every public fact,
reads every release, and looks for a difference that one to four organisations have made.
"""

from __future__ import annotations

import json
import shutil
from dataclasses import dataclass, field
from datetime import UTC, datetime
from itertools import combinations
from pathlib import Path
from typing import Any

import duckdb
import pytest

from pipelines import release, staging
from pipelines.editions.tables import write_registry
from pipelines.registry import load_sources
from pipelines.release.differencing import MINIMUM, disclosive
from pipelines.release.export import export
from pipelines.release.reading import connect
from pipelines.sample import population
from pipelines.settings import DBT_PROJECT_DIR, DUCKDB_FILE, Workspace
from pipelines.store import shown
from tests.running import dbt
from tests.submitting import RETURNS, put_json, submission, take
from tests.warehouse.test_submissions import take_publishers

WITHDRAWN, LATE, NARROWED, SWAPPED, TWICE = 2021, 2022, 2023, 2024, 2025
STORIES = {"withdrawn": WITHDRAWN, "late": LATE, "narrowed": NARROWED, "swapped": SWAPPED, "twice": TWICE}
"""The year in which the round of each story begins."""
SHARING = {("acute", "Y56"): 10, ("acute", "Y58"): 9, ("acute", "Y60"): 8}
SHARING |= {("mental_health", region): 6 for region in ("Y56", "Y58", "Y60")}
GONE = {"submission_status": "withdrawn", "answers": []}
REST = "rest of"
FIRST, SECOND, THIRD = "2026.1.0", "2026.2.0", "2026.3.0"
BUILT_AT = datetime(2026, 11, 22, 6, 30, tzinfo=UTC)
COLUMNS = "driver_id, round_key, organisation_type, region_code"
MARGINS = (
    f"select {COLUMNS}, n_shared, round(n_shared * share_at_or_above_3 / 100), median_level "
    "from {} where org_code is null order by all"
)
ITEMS = "select 'item ' || item_id, round_key, 'all', 'all', n_shared, null, median_level from {} order by all"
LEVELS = (
    "select exposure_id || ' level ' || level, round_key, organisation_type, region_code, n_at_level, null, null "
    "from {} order by all"
)
CHANGES = (
    "select exposure_id || ' change', round_key || ' ' || previous_round_key, organisation_type, region_code, n_both, "
    "n_improved, median_change from {} where org_code is null order by all"
)
AGREEMENT = (
    "select driver_id || ' ' || evidence_basis, round_key, organisation_type, region_code, n_shared, share_above, null "
    "from {} where org_code is null order by all"
)
SHARERS = (
    "select 'sharing ' || characteristic, round_key, category, 'all', n_shared, standardised_difference, null "
    "from {} order by all"
)
TABLES = {
    **{"pub_driver_maturity": MARGINS, "pub_maturity_items": ITEMS, "pub_maturity_distribution": LEVELS},
    **{"pub_maturity_change": CHANGES, "pub_maturity_agreement": AGREEMENT, "pub_response_bias": SHARERS},
}
CELLS = (
    "select *, null as org_code from intermediate.int_maturity_cells__disclosed where not is_hidden and table_name ="
)
PLAIN = {
    "pub_driver_maturity": "(select *, median_figure as median_level "
    f"from ({CELLS} 'pub_maturity_distribution') where exposure_kind = 'driver')",
    "pub_maturity_items": "intermediate.int_maturity_items__margined",
    "pub_maturity_distribution": "(select cells.exposure_id, cells.round_key, cells.organisation_type, "
    "cells.region_code, category as level, n as n_at_level "
    "from intermediate.int_maturity_levels__counted as counted "
    "inner join intermediate.int_maturity_cells__disclosed as cells "
    "using (table_name, group_key, organisation_type, region_code) "
    "where table_name = 'pub_maturity_distribution' and not counted.is_hidden)",
    "pub_maturity_change": "(select *, n_shared as n_both, n_above as n_improved, median_figure as median_change "
    f"from ({CELLS} 'pub_maturity_change') where items_compared > 0)",
    "pub_maturity_agreement": f"(select *, n_above as share_above from ({CELLS} 'pub_maturity_agreement'))",
    "pub_response_bias": "(select *, null as standardised_difference from intermediate.int_sharing__counted)",
}
"""Where each table would come from if small cells were all that is hidden."""

Figure = tuple[int, float | None, float]
Seen = dict[tuple[str, str, str, str], Figure]
"""By driver or item, round, type and region: organisations, those at level 3 or above, and the median."""


@dataclass
class Home:
    """A workspace, its trusts by type and region, and what became of it."""

    path: Path
    workspace: Workspace
    trusts: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    guarded: list[Seen] = field(default_factory=list)
    unguarded: list[Seen] = field(default_factory=list)
    estimates: list[int] = field(default_factory=list)

    def send(self, name: str, *submissions: dict[str, Any]) -> None:
        put_json(self.path / "inbox" / f"{name}.json", *submissions)
        take(self.path / "inbox", self.workspace)

    def build(self, whole: bool = False) -> None:
        sources = load_sources()
        write_registry(
            self.workspace, sources, [staging.already_staged(one, self.workspace) for one in sources.values()]
        )
        words = ["build", "--exclude-resource-type", "test", "--exclude-resource-type", "unit_test"]
        part = ["--select", f"stg_{RETURNS}__responses+", "stg_registry__editions+", "stg_registry__shown+"]
        outcome = dbt(self.path, DBT_PROJECT_DIR, *words, *([] if whole else part))
        assert {name: status for name, status in outcome.items() if not status.startswith("success")} == {}

    def candidate(self, version: str, kept_as: str) -> Path:
        manifest = self.path / "target" / "manifest.json"
        folder = release.build_candidate(self.workspace, manifest, version, "test", BUILT_AT)
        if version == FIRST:
            export(folder)
            release.write_manifest(folder, self.workspace, "test")
        return Path(shutil.copytree(folder, self.path / kept_as))

    def publish(self, version: str) -> None:
        with connect(self.candidate(version, version) / DUCKDB_FILE) as connection:
            self.guarded.append(read(connection, {table: table for table in TABLES}))
            (estimates,) = connection.execute(
                "select count(rho) from pub_driver_outcome_association where basis = 'self_assessment'"
            ).fetchone()
            self.estimates.append(estimates)
        shown.keep(self.workspace, shown.folder(self.workspace) / f"{version}.parquet")
        with duckdb.connect(str(self.workspace.warehouse), read_only=True) as connection:
            self.unguarded.append(read(connection, PLAIN))


def read(connection: duckdb.DuckDBPyConnection, places: dict[str, str]) -> Seen:
    return seen(
        row for table, sql in TABLES.items() for row in connection.execute(sql.format(places[table])).fetchall()
    )


def seen(rows: Any) -> Seen:
    return {tuple(row[:4]): tuple(row[4:]) for row in rows if row[4] is not None}


def returned(code: str, year: int, level: int, **said: object) -> dict[str, Any]:
    return submission(code, level=level, assessment_date=f"{year}-06-01", **said)


@pytest.fixture(scope="module")
def home(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> Home:
    path = tmp_path_factory.mktemp("compared")
    made = Home(path, Workspace(path, "synthetic"))
    take_publishers(sample, path, made.workspace)
    for one in population.build().organisations:
        if one.closed_on is None:
            made.trusts.setdefault((one.kind, one.region_code), []).append(one.code)
    tell(made)
    return made


def tell(home: Home) -> None:
    """The first release; then what is nobody else's business; then two more releases."""
    sharing = [code for place, count in SHARING.items() for code in home.trusts[place][:count]]
    home.send(
        "first", *(returned(code, year, 1 + at % 5) for year in STORIES.values() for at, code in enumerate(sharing))
    )
    home.build(whole=True)
    home.publish(FIRST)
    put_confidential(home)
    home.build()
    home.candidate(FIRST, "with_confidential")
    leaving, acute = home.trusts["mental_health", "Y58"][0], home.trusts["acute", "Y56"]
    home.send(
        "second",
        returned(leaving, WITHDRAWN, 5, **GONE),
        returned(home.trusts["mental_health", "Y58"][6], LATE, 5),
        returned(leaving, NARROWED, 1 + sharing.index(leaving) % 5, sharing_scope="private"),
        returned(leaving, SWAPPED, 5, **GONE),
        *(returned(code, SWAPPED, 4) for code in acute[10:16]),
        returned(acute[0], TWICE, 5, **GONE),
    )
    home.build()
    home.publish(SECOND)
    home.send(
        "third",
        returned(leaving, TWICE, 5, **GONE),
        *(returned(code, TWICE, 4) for code in acute[10:13]),
        returned(acute[1], LATE, 5),
    )
    home.build()
    home.publish(THIRD)


def put_confidential(home: Home) -> None:
    """Private and within the system: of new senders, of one that shares a draft, of a new round and instrument; and a
    file that cannot be read."""
    later = {"assessment_date": "2022-09-01", "submission_status": "reassessment"}
    others = [home.trusts[place][-1] for place in SHARING]
    home.send(
        "confidential",
        *(
            returned(code, TWICE, 5, sharing_scope=scope)
            for code, scope in zip(others, ["private", "system"] * 3, strict=True)
        ),
        submission(home.trusts["acute", "Y56"][0], level=5, sharing_scope="private", **later),
        submission(home.trusts["acute", "Y58"][0], level=1, sharing_scope="system", **later),
        submission(others[0], "provider-capability-1", 1, sharing_scope="private"),
        submission(others[1], level=2, assessment_date="2019-06-01", sharing_scope="system"),
    )
    (home.path / "inbox" / "cut.json").write_text('{"ods_code": ')
    take(home.path / "inbox", home.workspace)


def alarms(releases: list[Seen], year: int) -> list[str]:
    """What the attacker finds on one round: differences of one to four organisations, or of answers of the same number.

    In each release, the rest of each margin is what its shown cells leave of the total. Then each figure and each rest
    is subtracted from itself in every other release.
    """
    found = []
    derived = [with_rests(one, year) for one in releases]
    for (earlier, one), (later, other) in combinations(enumerate(derived), 2):
        for key in one.keys() & other.keys():
            came = other[key][0] - one[key][0]
            if 0 < abs(came) < MINIMUM or (came == 0 and one[key] != other[key]):
                found.append(f"{key}: {one[key]} in release {earlier}, {other[key]} in release {later}")
    rests = [
        f"{key}: {value}" for one in derived for key, value in one.items() if REST in key and 0 < value[0] < MINIMUM
    ]
    return found + rests


def with_rests(one: Seen, year: int) -> dict[Any, Any]:
    mine: dict[Any, Any] = {key: value for key, value in one.items() if key[1].startswith(str(year))}
    # Counts of those who share are rounded, and those at a level are looked at elsewhere: neither adds up here.
    summed = {key[:2] for key in mine if " level " not in key[0] and not key[0].startswith("sharing")}
    for figure in summed:
        for at in (2, 3):
            parts = {key: value for key, value in mine.items() if key[:2] == figure and key[at] != "all"}
            total = mine.get((*figure, "all", "all"))
            if total and parts:
                told = [n for n in (0, 1) if all(value[n] is not None for value in (total, *parts.values()))]
                mine[*figure, REST, *sorted(parts)] = [total[n] - sum(part[n] for part in parts.values()) for n in told]
    return mine


def of_round(one: Seen, year: int) -> Seen:
    return {key: value for key, value in one.items() if key[1].startswith(str(year))}


def test_the_first_release_shows_every_round(home):
    totals = [
        one[0] for key, one in home.guarded[0].items() if key[0] == "shared_purpose" and key[2:] == ("all", "all")
    ]
    assert totals == [sum(SHARING.values())] * len(STORIES)
    assert home.estimates[0] > 0


@pytest.mark.parametrize("year", STORIES.values(), ids=STORIES)
def test_the_attacker_finds_nothing(home, year):
    assert alarms(home.guarded, year) == []


@pytest.mark.parametrize("story", ["withdrawn", "narrowed", "swapped", "twice"])
def test_the_attacker_finds_something_where_only_small_cells_are_hidden(home, story):
    assert alarms(home.unguarded, STORIES[story])


def test_each_table_would_tell_something(home):
    """Without the guard. Nobody changes from round to round here, so that no change is shown."""
    found = [alarm for year in STORIES.values() for alarm in alarms(home.unguarded, year)]
    words = ("shared_purpose'", "'item ", " level ", " staff_survey'")
    assert [word for word in words if not any(word in alarm for alarm in found)] == []


def test_what_two_tables_tell_together_moves_by_no_few(home):
    """How many share, less how many share both rounds; less those of another driver; and so on, release by release."""
    for year in STORIES.values():
        cells: dict[Any, dict[tuple[int, str], float]] = {}
        for number, one in enumerate(home.guarded):
            for key, value in of_round(one, year).items():
                if not key[0].startswith("sharing"):
                    cells.setdefault(key[2:], {})[number, f"{key[0]} {key[1]}"] = value[0]
        for of_cell in cells.values():
            assert moved_by_few(of_cell) == []


def moved_by_few(figures: dict[tuple[int, str], float]) -> list[str]:
    """Differences of two figures of a cell that change by one to four from one release to another."""
    names = sorted({name for _, name in figures})
    found = []
    for one, other in combinations(names, 2):
        gaps = [
            figures[number, one] - figures[number, other]
            for number in range(3)
            if (number, one) in figures and (number, other) in figures
        ]
        found += [f"{one}, {other}: {gaps}"] if any(0 < abs(b - a) < MINIMUM for a, b in combinations(gaps, 2)) else []
    return found


@pytest.mark.parametrize("year", STORIES.values(), ids=STORIES)
def test_what_is_held_does_not_tell_where(home, year):
    """Of the types that were shown at first, all are shown later or none; so with the regions."""
    first = of_round(home.guarded[0], year)
    for later in home.guarded[1:]:
        kept = of_round(later, year).keys() & first.keys()
        for at in (2, 3):
            block = {key for key in first if key[at] != "all"}
            assert not block & kept or block <= kept


def test_one_that_comes_late_changes_nothing(home):
    assert of_round(home.guarded[1], LATE) == of_round(home.guarded[0], LATE)


@pytest.mark.parametrize("year", [WITHDRAWN, NARROWED])
def test_what_was_taken_back_is_in_no_figure_and_no_other_figure_is_in_its_place(home, year):
    assert of_round(home.guarded[1], year) == {}


def test_six_who_come_do_not_hide_one_who_has_gone(home):
    assert of_round(home.guarded[1], SWAPPED) == {}


def test_nothing_is_estimated_from_a_round_that_is_held(home):
    assert home.estimates[1:] == [0, 0]


def test_nothing_confidential_changes_a_release(home):
    """Every file of the candidate but DuckDB's own, byte by byte; and so its tables."""
    one, other = home.path / FIRST, home.path / "with_confidential"
    paths = sorted(path.relative_to(one) for path in one.rglob("*") if path.is_file() and path.name != DUCKDB_FILE)
    assert len(paths) > 50
    differing = [str(path) for path in paths if (one / path).read_bytes() != (other / path).read_bytes()]
    assert set(differing) <= {"manifest.json", "manifest.sha256"}
    manifests = [json.loads((folder / "manifest.json").read_text()) for folder in (one, other)]
    for manifest in manifests:
        manifest["files"] = [entry for entry in manifest["files"] if entry["path"] != DUCKDB_FILE]
    assert manifests[0] == manifests[1]


def test_the_gate_sees_a_figure_that_should_be_held(home, tmp_path):
    """The third release as it is, and with one total put back."""
    with connect(home.path / THIRD / DUCKDB_FILE) as connection:
        assert set(disclosive(before_third(home, tmp_path), connection).values()) == {0}
    spoilt = tmp_path / DUCKDB_FILE
    shutil.copy(home.path / THIRD / DUCKDB_FILE, spoilt)
    with duckdb.connect(str(spoilt)) as connection:
        connection.execute(
            "update pub_driver_maturity set value_status = 'observed', n_shared = 44, median_level = 3 "
            "where organisation_type = 'all' and region_code = 'all' and round_key = '2021-22'"
        )
    with connect(spoilt) as connection:
        assert disclosive(before_third(home, tmp_path), connection)["pub_driver_maturity"] == 5


def before_third(home: Home, folder: Path) -> Workspace:
    """The workspace as it was when the third release was a candidate."""
    place = Workspace(folder / "then", "synthetic")
    if not place.kept.exists():
        shutil.copytree(home.workspace.warehouse.parent, place.warehouse.parent)
        shutil.copytree(shown.folder(home.workspace), shown.folder(place))
        (shown.folder(place) / f"{THIRD}.parquet").unlink()
    return place


def test_what_was_shown_is_its_owners_and_in_no_release(home):
    kept = sorted(shown.folder(home.workspace).iterdir())
    assert [path.stem for path in kept] == [FIRST, SECOND, THIRD]
    assert all(path.stat().st_mode & 0o077 == 0 for path in [shown.folder(home.workspace), *kept])
    names = {path.name for path in (home.path / THIRD).rglob("*")}
    assert not any("shown" in name or "disclosure" in name for name in names)
