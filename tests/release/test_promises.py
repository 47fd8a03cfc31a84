"""What was promised of the tables: a breaking change is named, and needs a higher version and notice."""

from __future__ import annotations

import copy
from dataclasses import replace

import duckdb
import earlier
import pytest
import standin
from earlier import FIRST, SECOND

from pipelines.errors import Fault
from pipelines.release import promises
from pipelines.release.promises import Breach, Deprecation, breaches, is_noticed, promise_of, read_promise, redirects
from pipelines.settings import DUCKDB_FILE
from schemas import published

NEW_PROMISE = "python -c 'from pipelines.release import promises; promises.write_promise()'"
TABLE = {
    "key": ["a"],
    "columns": {
        "a": {"type": "VARCHAR", "nullable": False, "allowed": ["x", "y"]},
        "b": {"type": "DOUBLE", "nullable": True, "allowed": []},
    },
}


def changed(change) -> list[tuple[str, str, str]]:
    new = {"t": copy.deepcopy(TABLE)}
    change(new)
    return [(found.kind, found.name, found.what) for found in breaches({"t": TABLE}, new)]


@pytest.mark.parametrize(
    ("change", "expected"),
    [
        pytest.param(lambda new: new.pop("t"), [("table", "t", "is gone")], id="table gone"),
        pytest.param(lambda new: new["t"]["columns"].pop("b"), [("column", "t.b", "is gone")], id="column gone"),
        pytest.param(
            lambda new: new["t"]["columns"].update(c=new["t"]["columns"].pop("b")),
            [("column", "t.b", "is gone")],
            id="column renamed",
        ),
        pytest.param(
            lambda new: new["t"]["columns"]["b"].update(type="BIGINT"),
            [("column", "t.b", "is BIGINT, was DOUBLE")],
            id="another type",
        ),
        pytest.param(
            lambda new: new["t"].update(key=["a", "b"]),
            [("table", "t", "has another key: a, now a, b")],
            id="another key",
        ),
        pytest.param(
            lambda new: new["t"]["columns"]["a"].update(allowed=["x"]),
            [("column", "t.a", "never says y now")],
            id="word gone",
        ),
        pytest.param(
            lambda new: new["t"]["columns"]["a"].update(nullable=True),
            [("column", "t.a", "may be null now")],
            id="may be null now",
        ),
        pytest.param(lambda new: new["t"]["columns"]["b"].update(nullable=False), [], id="never null any more"),
        pytest.param(lambda new: new["t"]["columns"]["a"].update(allowed=["x", "y", "z"]), [], id="word comes"),
        pytest.param(lambda new: new.update(u=TABLE), [], id="table comes"),
        pytest.param(lambda new: new["t"]["columns"].update(c=TABLE["columns"]["b"]), [], id="column comes"),
    ],
)
def test_what_breaks_a_promise(change, expected):
    assert changed(change) == expected


def test_promise_of_the_version_in_force_is_kept_and_not_broken():
    """Fails for a breaking change until SCHEMA_VERSION is raised, and for one that only adds until it is written."""
    promises.refuse(breaches(read_promise(published.SCHEMA_VERSION), promise_of()))
    assert read_promise(published.SCHEMA_VERSION) == promise_of(), f"write the promise: {NEW_PROMISE}"


def test_every_version_up_to_the_one_in_force_is_kept():
    kept = sorted(int(path.stem) for path in promises.PROMISES.glob("*.json"))
    assert kept == list(range(1, published.SCHEMA_VERSION + 1))


def without_score() -> tuple[published.Table, ...]:
    """The promise with one column of one table taken away."""
    return tuple(
        replace(table, columns=tuple(column for column in table.columns if column.name != "rival_score"))
        for table in published.TABLES
    )


def test_broken_promise_is_not_written_over_the_kept_one(monkeypatch, tmp_path):
    promises.write_promise(tmp_path)
    kept = (tmp_path / "1.json").read_bytes()
    shorter = promise_of(without_score())
    monkeypatch.setattr(promises, "promise_of", lambda: shorter)
    with pytest.raises(Fault) as raised:
        promises.write_promise(tmp_path)
    assert raised.value.found == "column pub_driver_evidence.rival_score is gone"
    assert (tmp_path / "1.json").read_bytes() == kept


NOTICE = Deprecation("column", "t.b", "2026.2.0", "2026.4.0", "t.c", "It was never filled.")
GONE = Breach("column", "t.b", "is gone")


@pytest.mark.parametrize(
    ("breach", "release_id", "earlier_ids", "notice", "expected"),
    [
        pytest.param(GONE, "2026.4.0", ["2026.2.0", "2026.3.0"], NOTICE, True, id="two releases announced it"),
        pytest.param(GONE, "2026.3.0", ["2026.1.0", "2026.2.0"], NOTICE, False, id="too early"),
        pytest.param(GONE, "2026.4.0", ["2026.1.0", "2026.3.0"], NOTICE, False, id="one release announced it"),
        pytest.param(
            GONE, "2027.1.0", ["2026.10.0", "2026.9.0"], NOTICE, True, id="releases count by number, not by letter"
        ),
        pytest.param(
            Breach("column", "t.a", "is gone"), "2026.4.0", ["2026.2.0", "2026.3.0"], NOTICE, False, id="another column"
        ),
        pytest.param(
            GONE,
            "2026.4.0",
            ["2026.2.0", "2026.3.0"],
            replace(NOTICE, kind="table", name="t"),
            True,
            id="the whole table was announced",
        ),
        pytest.param(
            replace(GONE, what=f"is gone{promises.UNRAISED}"),
            "2026.4.0",
            ["2026.2.0", "2026.3.0"],
            NOTICE,
            False,
            id="the version was not raised",
        ),
    ],
)
def test_notice_of_two_releases(breach, release_id, earlier_ids, notice, expected):
    assert is_noticed(breach, release_id, earlier_ids, [notice]) is expected


@pytest.fixture
def place(tmp_path):
    made = standin.workspace(tmp_path)
    earlier.candidate(made, FIRST)
    earlier.serve(made, FIRST)
    return made


def judged(place) -> list[tuple]:
    """The rows of the gate's examination."""
    return duckdb.sql(promises.examination(place, SECOND).sql).fetchall()


def test_gate_holds_the_promise_against_the_last_release(place, monkeypatch):
    assert judged(place) == []
    shorter = promise_of(without_score())
    monkeypatch.setattr(promises, "promise_of", lambda: shorter)
    assert judged(place) == [("pub_driver_evidence.rival_score", "is gone, under the same schema version", False)]
    monkeypatch.setattr(published, "SCHEMA_VERSION", 2)
    assert judged(place) == [("pub_driver_evidence.rival_score", "is gone", False)]
    announced = Deprecation("column", "pub_driver_evidence.rival_score", "2025.8.0", SECOND, None, "It is not used.")
    monkeypatch.setattr(promises, "read_deprecations", lambda: (announced,))
    monkeypatch.setattr(promises, "NOTICE", 1)
    assert judged(place) == [("pub_driver_evidence.rival_score", "is gone", True)]


def test_column_that_the_last_release_did_not_hold_is_not_missed(place, monkeypatch):
    with duckdb.connect(str(place.releases / FIRST / DUCKDB_FILE)) as writer:
        writer.execute("alter table pub_driver_evidence drop column rival_score")
    shorter = promise_of(without_score())
    monkeypatch.setattr(promises, "promise_of", lambda: shorter)
    assert judged(place) == []


def test_lower_schema_version_is_refused(place):
    with duckdb.connect(str(place.releases / FIRST / DUCKDB_FILE)) as writer:
        writer.execute("update release_info set schema_version = 2")
    assert judged(place) == [("all", "have schema version 1, had 2", False)]


def test_chain_of_names_leads_to_the_last(tmp_path):
    policy = tmp_path / "deprecations.yml"
    policy.write_text(
        "deprecations: []\nredirects:\n- {from: a, to: b, since: 2026.2.0}\n- {from: b, to: c, since: 2026.3.0}\n"
    )
    assert redirects(policy) == {"a": "c", "b": "c"}
    assert promises.going(policy) == {"a", "b"}


def test_announcements_leave_two_releases_of_time():
    for entry in promises.read_deprecations():
        assert entry.kind in ("table", "column", "indicator")
        assert promises.numbers(entry.announced_in) < promises.numbers(entry.gone_not_before)
        assert entry.reason.strip()
