"""Editions and vintages: republished content, revisions, holds, decisions, and what was known on a day."""

from __future__ import annotations

import datetime as dt
from pathlib import Path

import polars as pl
import pytest
from typer.testing import CliRunner

from pipelines import deciding, staging
from pipelines.cli import app
from pipelines.editions import publication, tables
from pipelines.editions.publication import Publication
from pipelines.errors import PARTS, Fault
from pipelines.registry import load_sources
from pipelines.settings import Workspace
from pipelines.store import arrivals, decisions, snapshots
from pipelines.store.parquet import Staged
from pipelines.store.snapshots import Snapshot
from tests.months import SICKNESS, staged_rows, take_and_stage, write_month
from tests.submitting import RETURNS, know_trusts, put_json, submission, take


def outcomes(result: staging.StagedSource) -> list[tuple[str, str, int]]:
    """Edition, outcome and rank of every file, in the order in which they came."""
    return [(item.edition, note.outcome, note.vintage_rank) for item, note in result.notes.items()]


def last(result: staging.StagedSource) -> tuple[Snapshot, Staged]:
    return list(result.notes.items())[-1]


def registered(workspace: Workspace, result: staging.StagedSource, table: str) -> list[dict]:
    """The rows of a table of the registry."""
    tables.write_registry(workspace, {"sickness_absence": SICKNESS}, [result])
    return pl.read_parquet(workspace.staged / table / "*.parquet").to_dicts()


def revisions(workspace: Workspace, result: staging.StagedSource) -> list[dict]:
    return registered(workspace, result, "registry_revisions")


def test_the_same_content_in_other_bytes_is_no_new_vintage(tmp_path, workspace):
    path = write_month(tmp_path, "March 2025")
    first, _ = last(take_and_stage(tmp_path, workspace))
    header, *rows = path.read_text().splitlines()
    path.write_text("\r\n".join([header, *reversed(rows)]) + "\r\n")
    result = take_and_stage(tmp_path, workspace)
    again, note = last(result)
    assert again.vintage != first.vintage and note.same_as == first.vintage
    assert outcomes(result) == [("2025-03", "accepted", 1), ("2025-03", "accepted", 0)]
    assert staged_rows(workspace)["vintage"].unique().to_list() == [first.vintage]
    assert again.path(workspace.raw).exists()
    assert revisions(workspace, result) == []


def test_a_silent_revision_is_a_new_vintage_with_what_it_changed(tmp_path, workspace):
    path = write_month(tmp_path, "March 2025")
    old, _ = last(take_and_stage(tmp_path, workspace))
    text = path.read_text().replace("Trust 3,Acute,5,100", "Trust 3,Acute,25,100")
    text = text.replace("Trust 4,Acute,5,100", "Trust 4,Acute,6,100").replace("Trust 9,", "Trust Nine,")
    path.write_text(text + text.splitlines()[1].replace("ZX000", "ZX100") + "\n")
    result = take_and_stage(tmp_path, workspace)
    assert outcomes(result) == [("2025-03", "accepted", 2), ("2025-03", "accepted", 1)]
    (found,) = revisions(workspace, result)
    assert found["largest"].startswith("2025-03-31 ZX003 numerator 5 to 25; 2025-03-31 ZX004 numerator 5 to 6")
    del found["largest"]
    assert found == {
        "source_id": "sickness_absence",
        "edition": "2025-03",
        "old_vintage": old.vintage,
        "new_vintage": last(result)[0].vintage,
        "is_announced": False,
        "rows_added": 1,
        "rows_removed": 0,
        "rows_changed": 2,
        "rows_relabelled": 1,
        "organisations": 3,
    }


def test_what_a_revision_changed_is_compared_once(tmp_path, workspace, monkeypatch):
    write_month(tmp_path, "March 2025")
    take_and_stage(tmp_path, workspace)
    write_month(tmp_path, "March 2025", lost="6")
    before = take_and_stage(tmp_path, workspace)
    monkeypatch.setattr("pipelines.editions.settle.difference", None)
    assert take_and_stage(tmp_path, workspace).notes == before.notes


@pytest.mark.parametrize(
    ("month", "organisations", "found"),
    [
        ("April 2025", 85, "15 of 100 organisations are gone: ZX085 Some Trust 85"),
        ("April 2025", 60, "60 rows, of 100 before"),
        ("April 2025", 250, "more than 2 times the 100 before"),
        # A newer vintage of the same edition may lose nobody.
        ("March 2025", 99, "1 of 100 organisations are gone: ZX099 Some Trust 99"),
    ],
)
def test_a_file_that_lost_or_gained_too_much_is_held(tmp_path, workspace, month, organisations, found):
    write_month(tmp_path / "first", "March 2025")
    take_and_stage(tmp_path / "first", workspace)
    write_month(tmp_path / "next", month, organisations=organisations)
    result = take_and_stage(tmp_path / "next", workspace)
    snapshot, note = last(result)
    assert note.outcome == "held" and found in note.reason
    assert all(f"\n  {part.replace('todo', 'to do')}" in note.reason for part in PARTS)
    assert f"impact accept sickness_absence {snapshot.edition} --vintage {snapshot.vintage}" in note.reason
    rows = staged_rows(workspace)
    assert rows.height == 100 and rows["vintage_rank"].unique().to_list() == [1]


@pytest.mark.parametrize(("month", "organisations"), [("April 2025", 90), ("April 2025", 200), ("March 2025", 101)])
def test_a_file_within_the_limits_is_not_held(tmp_path, workspace, month, organisations):
    write_month(tmp_path / "first", "March 2025")
    take_and_stage(tmp_path / "first", workspace)
    write_month(tmp_path / "next", month, organisations=organisations)
    assert last(take_and_stage(tmp_path / "next", workspace))[1].outcome == "accepted"


def test_a_held_edition_is_not_what_the_next_one_is_compared_with(tmp_path, workspace):
    for month, organisations in (("March 2025", 100), ("April 2025", 50), ("May 2025", 98)):
        write_month(tmp_path, month, organisations=organisations)
    assert [outcome for _, outcome, _ in outcomes(take_and_stage(tmp_path, workspace))] == [
        "accepted",
        "held",
        "accepted",
    ]


def test_an_older_edition_that_comes_late_changes_nothing_that_was_accepted(tmp_path, workspace):
    write_month(tmp_path / "first", "March 2025", organisations=60)
    take_and_stage(tmp_path / "first", workspace)
    write_month(tmp_path / "late", "February 2025", organisations=100)
    assert outcomes(take_and_stage(tmp_path / "late", workspace)) == [
        ("2025-03", "accepted", 1),
        ("2025-02", "accepted", 1),
    ]


@pytest.fixture
def held(tmp_path: Path, workspace: Workspace) -> Snapshot:
    """March of 100 organisations in use, and a newer vintage of it with 50 that is held."""
    write_month(tmp_path / "in", "March 2025")
    take_and_stage(tmp_path / "in", workspace)
    write_month(tmp_path / "in", "March 2025", organisations=50)
    return last(take_and_stage(tmp_path / "in", workspace))[0]


def decide(workspace: Workspace, decision: str, vintage: str | None = None, reason: str = "half have merged"):
    return deciding.decide([workspace], decision, "sickness_absence", "2025-03", vintage, reason, "A Person")


def test_an_accepted_file_is_loaded_at_the_next_refresh(held, workspace):
    decide(workspace, "accept")
    result = staging.stage_source(SICKNESS, workspace)
    assert (result.read_again, outcomes(result)[1]) == (0, ("2025-03", "accepted", 1))
    newest = staged_rows(workspace).filter(pl.col("vintage_rank") == 1)
    assert newest.height == 50 and newest["vintage"].unique().to_list() == [held.vintage]


def test_the_command_records_who_decided_and_why(held, workspace, monkeypatch):
    monkeypatch.setenv("IMPACT_HOME", str(workspace.root))
    words = ["accept", "sickness_absence", "2025-03", "--reason", "half have merged", "--by", "A Person"]
    done = CliRunner().invoke(app, words)
    assert done.exit_code == 0 and held.vintage in done.output
    (decided,) = decisions.read(workspace)
    assert (decided.vintage, decided.decision, decided.by) == (held.vintage, "accept", "A Person")


@pytest.mark.parametrize("other", [["--live"], ["--sample"], ["--from", "."], ["--submissions", "."]])
def test_as_at_takes_in_no_files(other):
    done = CliRunner().invoke(app, ["refresh", "--as-at", "2025-08-01", *other])
    assert done.exit_code == 2 and "--as-at" in done.output


def test_a_dropped_file_goes_out_of_use_and_can_come_back(held, workspace):
    decide(workspace, "accept")
    staging.stage_source(SICKNESS, workspace)
    decide(workspace, "drop", held.vintage)
    assert outcomes(staging.stage_source(SICKNESS, workspace)) == [
        ("2025-03", "accepted", 1),
        ("2025-03", "dropped", 0),
    ]
    assert staged_rows(workspace)["vintage_rank"].to_list() == [1] * 100
    decide(workspace, "accept", held.vintage)
    assert outcomes(staging.stage_source(SICKNESS, workspace)) == [
        ("2025-03", "accepted", 2),
        ("2025-03", "accepted", 1),
    ]


def test_a_refused_newest_edition_can_be_dropped(tmp_path, workspace):
    write_month(tmp_path, "March 2025", lost="500")
    assert take_and_stage(tmp_path, workspace).newest.edition == "2025-03"
    with pytest.raises(Fault, match="refused files cannot be accepted") as refused:
        decide(workspace, "accept")
    assert refused.value.todo == "fetch a good one, or drop it"
    decide(workspace, "drop", reason="the publisher has withdrawn it")
    result = staging.stage_source(SICKNESS, workspace)
    assert outcomes(result) == [("2025-03", "dropped", 0)] and result.newest is None and result.reasons == []


def test_decisions_are_added_and_never_taken_away(held, workspace):
    decide(workspace, "accept")
    staging.stage_source(SICKNESS, workspace)
    decide(workspace, "drop", held.vintage, reason="it was wrong after all")
    first, second = decisions.read(workspace)
    assert (first.decision, first.reason, first.by) == ("accept", "half have merged", "A Person")
    assert (second.decision, second.reason) == ("drop", "it was wrong after all")
    staged = staging.stage_source(SICKNESS, workspace)
    row = registered(workspace, staged, "registry_editions")[-1]
    assert (row["outcome"], row["decision"], row["decision_reason"]) == ("dropped", "drop", "it was wrong after all")
    assert "A Person" not in str(row)


@pytest.mark.parametrize(
    ("decision", "vintage", "reason", "found"),
    [
        ("drop", None, "why not", "2 files that this could mean"),
        ("accept", "000000000000", "why not", "0 files"),
        ("accept", None, " ", "no reason"),
    ],
)
def test_a_decision_must_be_clear(held, workspace, decision, vintage, reason, found):
    with pytest.raises(Fault, match=found):
        decide(workspace, decision, vintage, reason)
    assert decisions.read(workspace) == []


def test_what_is_decided_already_and_a_misspelt_source_are_told(held, workspace):
    in_use = snapshots.of_source(workspace.raw, "sickness_absence")[0]
    with pytest.raises(Fault, match="it is in use already"):
        decide(workspace, "accept", in_use.vintage)
    decide(workspace, "drop", held.vintage)
    staging.stage_source(SICKNESS, workspace)
    with pytest.raises(Fault, match="it was dropped before"):
        decide(workspace, "drop", held.vintage)
    with pytest.raises(Fault, match="the nearest is `sickness_absence`"):
        deciding.decide([workspace], "accept", "sickness_absense", "2025-03", None, "right", "A Person")


def test_files_that_are_no_source_are_named_with_the_reason(tmp_path):
    from pipelines.registry import load_out_of_scope

    for name in ("PROVENANCE.tsv", "stray.csv", "NHS Sickness Absence rates CSV, March 2025.csv"):
        (tmp_path / name).touch()
    found = arrivals.look_into(tmp_path, [SICKNESS], no_source=load_out_of_scope())
    assert found.unclaimed == ("stray.csv",)
    assert "no data of a publisher" in found.out_of_scope["PROVENANCE.tsv"]
    assert [hit.edition.key for hit in found.claimed] == ["2025-03"]


def snapshot_of(edition: str, fetched: str, **more: object) -> Snapshot:
    end = f"{edition}-31"
    return Snapshot("sickness_absence", edition, f"{edition}-01", end, "csv", "x.csv", "a" * 64, 1, fetched, **more)


def test_the_calendar_speaks_of_first_releases_only():
    first = snapshot_of("2025-03", "2026-01-01T00:00:00+00:00")
    silent = snapshot_of("2025-03", "2026-02-01T00:00:00+00:00")
    named = snapshot_of("2025-03", "2026-02-01T00:00:00+00:00", is_revision=True)
    early = snapshot_of("2025-03", "2025-07-30T00:00:00+00:00")
    due = Publication(dt.date(2025, 7, 31), "calendar")
    held = [named, first, silent]
    assert [publication.stated(SICKNESS, item, held) for item in held] == [Publication(), due, Publication()]
    assert publication.stated(SICKNESS, early, [early]) == Publication()


def test_what_the_file_says_goes_before_what_the_fetch_saw_and_that_before_the_calendar():
    fetched = snapshot_of("2025-03", "2026-01-01T00:00:00+00:00", published_on="2025-08-01")
    stated = publication.stated(SICKNESS, fetched, [fetched])
    assert stated == Publication(dt.date(2025, 8, 1), "fetch")
    frame = pl.DataFrame({"@published_on": ["2025-05-15", ""], "@revised_on": ["2025-11-13", ""]})
    assert publication.of_file(frame, stated) == Publication(dt.date(2025, 11, 13), "file", is_revised=True)
    unrevised = frame.with_columns(pl.lit("").alias("@revised_on"))
    assert publication.of_file(unrevised, stated) == Publication(dt.date(2025, 5, 15), "file")
    assert publication.of_file(frame.select(pl.lit("1").alias("other")), stated) == stated


@pytest.fixture
def two_vintages(tmp_path: Path, workspace: Workspace) -> Workspace:
    """March by the calendar of 31 July 2025; a silent revision of it, known since it came in; and April."""
    write_month(tmp_path, "March 2025")
    write_month(tmp_path, "April 2025")
    take_and_stage(tmp_path, workspace)
    write_month(tmp_path, "March 2025", lost="7")
    take_and_stage(tmp_path, workspace)
    return workspace


@pytest.mark.parametrize(
    ("day", "known"),
    [
        ("2025-07-30", {}),
        ("2025-07-31", {"2025-03": 5.0}),
        ("2025-08-28", {"2025-03": 5.0, "2025-04": 5.0}),
        ("2999-01-01", {"2025-03": 7.0, "2025-04": 5.0}),
    ],
)
def test_as_at_a_day_only_what_was_known_then_is_staged(two_vintages, day, known):
    then = Workspace(two_vintages.root, "published", dt.date.fromisoformat(day))
    before = staged_rows(two_vintages)
    for _ in range(2):
        result = staging.stage_source(SICKNESS, then)
        assert result.read_again == 0
        newest = staged_rows(then).filter(pl.col("vintage_rank") == 1)
        assert dict(newest.group_by("edition").agg(pl.col("numerator").first()).iter_rows()) == known
    assert set(staging.already_staged(SICKNESS, then).notes) == set(result.notes)
    assert staged_rows(two_vintages).equals(before)


def test_published_on_is_in_every_row_and_in_the_registry(two_vintages):
    rows = staged_rows(two_vintages).group_by("edition", "vintage_rank").agg(pl.col("published_on").unique().first())
    found = {row[:2]: row[2] for row in rows.iter_rows()}
    assert found == {
        ("2025-03", 2): dt.date(2025, 7, 31),
        ("2025-03", 1): None,
        ("2025-04", 1): dt.date(2025, 8, 28),
    }
    result = staging.already_staged(SICKNESS, two_vintages)
    editions = registered(two_vintages, result, "registry_editions")
    (silent,) = [row for row in editions if row["published_basis"] is None]
    assert silent["known_on"] == silent["fetched_at"].date() and silent["due_on"] == dt.date(2025, 7, 31)
    (source,) = registered(two_vintages, result, "registry_sources")
    assert (source["next_edition"], source["next_due_on"]) == ("2025-05", dt.date(2025, 9, 25))


@pytest.mark.parametrize(
    ("source_id", "rows"), [("ods_trusts", [241, 227, 218, 210, 273, 274]), ("sickness_absence", None)]
)
def test_no_real_edition_is_held(real_data, workspace, source_id, rows):
    """Trusts that the list says have closed leave it, and in 2026 it grew; months lose some organisations."""
    source = load_sources()[source_id]
    snapshots.take(arrivals.look_into(real_data, [source]).claimed, workspace.raw)
    notes = staging.stage_source(source, workspace).notes.values()
    assert {note.outcome for note in notes} == {"accepted"} and len(notes) >= 6
    assert rows in (None, [note.rows_accepted for note in notes])


def test_no_earlier_day_brings_back_what_was_withdrawn_since(tmp_path, workspace):
    """Two shared today, and one of them was withdrawn today: an earlier day knows of the withdrawal alone."""
    know_trusts(tmp_path / "ods", workspace)
    put_json(tmp_path / "in" / "shared.json", submission("ZX001"), submission("ZX002"))
    gone = submission("ZX001", submission_status="withdrawn", assessment_date="2025-06-02") | {"answers": []}
    put_json(tmp_path / "in" / "gone.json", gone)
    take(tmp_path / "in", workspace)
    then = Workspace(workspace.root, "published", dt.date(2025, 12, 31))
    for source_id in ("ods_trusts", RETURNS):
        staging.stage_source(load_sources()[source_id], then)
    rows = pl.read_parquet(then.staged / RETURNS / "*.parquet")
    assert rows.select("org_code", "submission_status").rows() == [("ZX001", "withdrawn")]


def test_a_revision_that_is_gone_again_is_told(tmp_path, workspace):
    """A, then B, then A again: bytes that are held are not taken twice, so somebody must say that B was taken back."""
    folder = tmp_path / "in"
    path = write_month(folder, "March 2025")
    first = path.read_bytes()
    take_and_stage(folder, workspace)
    write_month(folder, "March 2025", lost="7")
    newest, _ = last(take_and_stage(folder, workspace))

    def told() -> list[str]:
        return snapshots.returned(arrivals.look_into(folder, [SICKNESS]).claimed, workspace.raw)

    assert told() == []
    path.write_bytes(first)
    (words,) = told()
    assert f"impact drop sickness_absence 2025-03 --vintage {newest.vintage}" in words
