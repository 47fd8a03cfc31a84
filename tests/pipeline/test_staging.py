"""From raw file to staged rows: caching, vintages, and stores that are never rewritten."""

from __future__ import annotations

import shutil
from pathlib import Path

import polars as pl
import pytest

from pipelines import staging
from pipelines.errors import Fault
from pipelines.registry import load_sources
from pipelines.settings import Workspace
from pipelines.store import arrivals, parquet, snapshots
from tests.months import SICKNESS, staged_rows, take_and_stage, write_month

SUBMISSIONS = load_sources()["impact_self_assessment"]


def test_nothing_is_read_again_when_nothing_changed(tmp_path, workspace):
    write_month(tmp_path / "in", "March 2025")
    write_month(tmp_path / "in", "April 2025")
    assert take_and_stage(tmp_path / "in", workspace).read_again == 2
    assert take_and_stage(tmp_path / "in", workspace).read_again == 0


def test_a_changed_byte_reads_one_file_and_keeps_both_vintages(tmp_path, workspace):
    write_month(tmp_path / "in", "March 2025")
    write_month(tmp_path / "in", "April 2025")
    take_and_stage(tmp_path / "in", workspace)
    write_month(tmp_path / "in", "March 2025", lost="6")
    assert take_and_stage(tmp_path / "in", workspace).read_again == 1
    march = staged_rows(workspace).filter(pl.col("edition") == "2025-03")
    by_rank = dict(march.group_by("vintage_rank").agg(pl.col("numerator").first()).iter_rows())
    assert by_rank == {1: 6.0, 2: 5.0}


def test_a_refused_vintage_leaves_the_one_before_it_in_place(tmp_path, workspace):
    write_month(tmp_path / "in", "March 2025")
    take_and_stage(tmp_path / "in", workspace)
    write_month(tmp_path / "in", "March 2025", lost="500")
    result = take_and_stage(tmp_path / "in", workspace)
    assert (result.count("accepted"), result.count("refused")) == (1, 1)
    rows = staged_rows(workspace)
    assert rows["vintage_rank"].unique().to_list() == [1]
    assert rows["numerator"].max() == 5.0


def test_a_revision_stays_the_newest_when_the_first_file_arrives_after_it(workspace):
    """Named as revised, so newer than what it replaces, in whichever order the two are found."""
    first, revised = (
        snapshots.Snapshot("x", "2025-03", None, None, "csv", name, digest * 64, 1, "2026-01-01", is_revision)
        for name, digest, is_revision in (("first.csv", "a", False), ("revised.csv", "b", True))
    )
    note = parquet.Staged("key", "accepted", vintage_rank=1)
    for snapshot in (first, revised):
        path = parquet.data_path(workspace, snapshot)
        path.parent.mkdir(parents=True, exist_ok=True)
        row = {"edition": ["2025-03"], "vintage": [snapshot.vintage], "vintage_rank": [1]}
        pl.DataFrame(row, schema_overrides={"vintage_rank": pl.Int32}).write_parquet(path)
    ranked = parquet.rank_vintages(workspace, SICKNESS, {revised: note, first: note})
    assert {item.file_name: done.vintage_rank for item, done in ranked.items()} == {"revised.csv": 1, "first.csv": 2}
    assert pl.read_parquet(parquet.data_path(workspace, first))["vintage_rank"].to_list() == [2]


def test_parts_of_an_edition_do_not_replace_each_other(workspace):
    """Three files make up the edition; only the second acute one is a newer vintage of anything."""
    files = {"a": "acute", "b": "ambulance", "c": "acute"}
    held = [
        snapshots.Snapshot("x", "2025-Q4", None, None, "csv", f"{name}.csv", name * 64, 1, "2026-06-01", part=part)
        for name, part in files.items()
    ]
    note = parquet.Staged("key", "accepted", vintage_rank=1)
    for snapshot in held:
        path = parquet.data_path(workspace, snapshot)
        path.parent.mkdir(parents=True, exist_ok=True)
        row = {"edition": ["2025-Q4"], "vintage": [snapshot.vintage], "vintage_rank": [1]}
        pl.DataFrame(row, schema_overrides={"vintage_rank": pl.Int32}).write_parquet(path)
    ranked = parquet.rank_vintages(workspace, SICKNESS, dict.fromkeys(held, note))
    assert [done.vintage_rank for done in ranked.values()] == [2, 1, 1]


def test_a_changed_contract_reads_again(tmp_path, workspace):
    write_month(tmp_path / "in", "March 2025")
    take_and_stage(tmp_path / "in", workspace)
    narrower = SICKNESS.model_copy(update={"limits": {"published_value": (0.0, 4.0)}})
    result = staging.stage_source(narrower, workspace)
    assert result.read_again == 1
    assert result.count("refused") == 1


def test_changed_words_do_not_read_again(tmp_path, workspace):
    write_month(tmp_path / "in", "March 2025")
    take_and_stage(tmp_path / "in", workspace)
    reworded = SICKNESS.model_copy(update={"notes": "other words", "measures": ()})
    assert staging.stage_source(reworded, workspace).read_again == 0


def test_a_source_without_files_is_an_empty_table(workspace):
    staging.stage_source(SICKNESS, workspace)
    rows = staged_rows(workspace)
    assert rows.is_empty()
    assert "numerator" in rows.columns


def test_raw_files_are_read_only_and_checked(tmp_path, workspace):
    write_month(tmp_path / "in", "March 2025")
    (snapshot,) = snapshots.take(arrivals.look_into(tmp_path / "in", [SICKNESS]).claimed, workspace.raw)
    path = snapshot.path(workspace.raw)
    assert path.stat().st_mode & 0o222 == 0
    path.chmod(0o644)
    path.write_text("changed")
    with pytest.raises(Fault, match="raw store"):
        snapshots.check(snapshot, workspace.raw)


def test_missing_folder_is_a_fault(tmp_path):
    with pytest.raises(Fault, match="no such folder"):
        arrivals.look_into(tmp_path / "nowhere", [SICKNESS])


CSV_HEADER = (
    "ods_code,organisation_name,instrument_version,assessment_date,submission_status,sharing_scope,"
    "contact_name,contact_email,item,level,comment"
)


def write_return(folder: Path, name: str, code: str, level: str, scope: str = "national_aggregate") -> None:
    folder.mkdir(exist_ok=True)
    row = f"{code},X,impact-sa-1,2025-05-01,board_approved,{scope},A Person,a@example.invalid,p1_1,{level},Secret"
    (folder / name).write_text(f"{CSV_HEADER}\n{row}\n")


@pytest.fixture
def with_trusts(tmp_path, workspace) -> Workspace:
    """A workspace that knows the organisations ZX001 and ZX002."""
    rows = [f'"ZX00{i}","SOME TRUST {i}","Y62","ZY1"' + ',""' * 5 + ',"M1 1AA","20010401",""' for i in (1, 2)]
    folder = tmp_path / "ods"
    folder.mkdir()
    (folder / "etr_2025-01.csv").write_text("\r\n".join(rows))
    ods = load_sources()["ods_trusts"]
    snapshots.take(arrivals.look_into(folder, [ods]).claimed, workspace.raw)
    staging.stage_source(ods, workspace)
    return workspace


def stage_inbox(folder: Path, workspace: Workspace) -> staging.StagedSource:
    snapshots.take(arrivals.look_into(folder, [SUBMISSIONS]).claimed, workspace.raw)
    return staging.stage_source(SUBMISSIONS, workspace)


def test_a_resubmission_replaces_only_its_own_submission(tmp_path, with_trusts):
    inbox = tmp_path / "inbox"
    write_return(inbox, "first.csv", "ZX001", "2")
    write_return(inbox, "other.csv", "ZX002", "4")
    stage_inbox(inbox, with_trusts)
    write_return(inbox, "second.csv", "ZX001", "3")
    stage_inbox(inbox, with_trusts)
    newest = staged_rows(with_trusts, SUBMISSIONS.source_id).filter(pl.col("vintage_rank") == 1)
    assert sorted(newest.select("org_code", "level").rows()) == [("ZX001", 3), ("ZX002", 4)]


def test_a_file_name_used_by_two_senders_loses_neither(tmp_path, with_trusts):
    inbox = tmp_path / "inbox"
    write_return(inbox, "return.csv", "ZX001", "2")
    stage_inbox(inbox, with_trusts)
    write_return(inbox, "return.csv", "ZX002", "4")
    stage_inbox(inbox, with_trusts)
    newest = staged_rows(with_trusts, SUBMISSIONS.source_id).filter(pl.col("vintage_rank") == 1)
    assert sorted(newest["org_code"].to_list()) == ["ZX001", "ZX002"]


def test_no_scope_means_private_and_no_person_is_staged(tmp_path, with_trusts):
    inbox = tmp_path / "inbox"
    write_return(inbox, "first.csv", "ZX001", "2", scope="")
    stage_inbox(inbox, with_trusts)
    rows = staged_rows(with_trusts, SUBMISSIONS.source_id)
    assert rows["sharing_scope"].to_list() == ["private"]
    everything = rows.write_csv()
    assert "Person" not in everything and "example.invalid" not in everything and "Secret" not in everything


def test_an_unknown_organisation_is_rejected_with_its_row(tmp_path, with_trusts):
    inbox = tmp_path / "inbox"
    write_return(inbox, "first.csv", "QQ999", "2")
    result = stage_inbox(inbox, with_trusts)
    assert result.total("rows_rejected") == 1
    (snapshot,) = result.notes
    rejected = pl.read_parquet(parquet.rejects_path(with_trusts, snapshot))
    assert rejected.select("source_row", "column", "found").row(0) == (2, "org_code", "QQ999")


@pytest.mark.parametrize("source_id", ["sickness_absence", "ods_trusts", "cqc_location_ratings"])
def test_the_sample_is_refused_among_published_data(sample, workspace, monkeypatch, tmp_path, source_id):
    """Its files have the publishers' names and layouts, so that nothing but their content tells."""
    monkeypatch.delenv("IMPACT_SAMPLE_AS_PUBLISHED")
    (tmp_path / "in").mkdir()
    shutil.copy(min((sample / source_id).iterdir()), tmp_path / "in")
    source = load_sources()[source_id]
    for place, outcome in ((workspace, "refused"), (Workspace(tmp_path / "home", "synthetic"), "accepted")):
        snapshots.take(arrivals.look_into(tmp_path / "in", [source]).claimed, place.raw)
        staged = staging.stage_source(source, place)
        assert staged.count(outcome) == 1
    (reason,) = staging.stage_source(source, workspace).reasons
    assert "SYNTHETIC sample invented" in reason
    for label in ("found", "expected", "likely", "to do"):
        assert f"\n  {label}" in reason
