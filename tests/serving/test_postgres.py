"""Serving on PostgreSQL: what arrives there, how it takes its place, and what stops it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import duckdb
import psycopg
import pytest
import small
from typer.testing import CliRunner

from pipelines import alerts, cli, serving
from pipelines.errors import Fault
from pipelines.progress import listening
from pipelines.release import after, serve
from pipelines.serving import load, postgres, swap
from pipelines.serving.server import Server
from pipelines.settings import DUCKDB_FILE, PROJECT_ROOT, Workspace
from schemas import published
from tests.postgres import PASSWORD
from tests.release import standin

FIRST, SECOND, THIRD = "2026.1.0", "2026.2.0", "2026.3.0"


def held(connection: psycopg.Connection, schema: str = "published") -> list[str]:
    """The releases that a reader finds in every table together."""
    tables = connection.execute(
        "select table_name from information_schema.tables where table_schema = %s", [schema]
    ).fetchall()
    every = " union ".join(f"select release_id from {schema}.{name}" for (name,) in tables)
    return sorted({release for (release,) in connection.execute(every).fetchall()}) if every else []


def rows(connection: psycopg.Connection | duckdb.DuckDBPyConnection, table: str) -> list[str]:
    return sorted(map(repr, connection.execute(f"select * from {table}").fetchall()))


@pytest.fixture
def whole(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A home that serves every promised table."""
    monkeypatch.setattr(standin, "write_outputs", lambda folder: None)
    place = standin.workspace(tmp_path)
    standin.release.build_candidate(place, standin.manifest_path(place), FIRST, "abc1234", standin.BUILT_AT)
    standin.release.write_manifest(place.candidate, place, "f" * 64)
    (place.releases / FIRST).parent.mkdir()
    place.candidate.rename(place.releases / FIRST)
    serve(place, FIRST)
    return place


def test_every_table_arrives_as_it_is(whole, connect):
    serving.follow(whole)
    there = connect("impact_reader")
    with duckdb.connect(str(whole.current / DUCKDB_FILE), read_only=True) as file:
        tables = [name for (name,) in file.execute("select table_name from duckdb_tables()").fetchall()]
        assert len(tables) == len(published.TABLES) == 40
        for table in tables:
            assert rows(there, f"published.{table}") == rows(file, table), table
            types = [load.TYPES[row[1]] for row in file.execute(f"describe {table}").fetchall()]
            arrived = there.execute(
                "select format_type(atttypid, atttypmod) from pg_attribute where attrelid = %s::regclass "
                "and attnum > 0 order by attnum",
                [f"published.{table}"],
            )
            assert [name.removesuffix(" without time zone") for (name,) in arrived.fetchall()] == types, table
            said = file.execute(f"select comment from duckdb_tables() where table_name = '{table}'").fetchall()
            assert there.execute("select obj_description(%s::regclass)", [f"published.{table}"]).fetchall() == said
    assert held(there) == [FIRST]


def test_keys_are_those_that_are_promised(whole, connect):
    serving.follow(whole)
    found = connect().execute(
        "select c.relname, pg_get_indexdef(i.indexrelid) from pg_index as i join pg_class as c on c.oid = i.indrelid "
        "where i.indisunique and c.relnamespace = 'published'::regnamespace"
    )
    keys = {name: tuple(re.findall(r"\w+", text.partition(" btree ")[2].split(")")[0])) for name, text in found}
    assert keys == {table.name: table.key for table in published.TABLES if table.key}


def test_odd_values_and_comments_arrive_as_they_are(place, connect):
    folder = small.out(place, FIRST)
    serving.follow(place)
    there = connect("impact_reader")
    with duckdb.connect(str(folder / DUCKDB_FILE), read_only=True) as file:
        for table in ("odd", "empty", "pub_measure_values", "release_info"):
            assert rows(there, f"published.{table}") == rows(file, table)
    said = "select col_description('published.pub_measure_values'::regclass, 5)"
    assert there.execute(said).fetchall() == [("The figure; 5% may be missing.",)]
    with pytest.raises(psycopg.errors.UniqueViolation):
        connect().execute("insert into published.pub_driver_maturity select * from published.pub_driver_maturity")


def test_a_sum_that_was_not_cast_is_refused(place, database):
    small.out(place, FIRST, "create table wide as select sum(i) as total from range(3) as t(i)")
    (line,) = serving.follow(place)
    assert "table wide, column total" in line and "HUGEINT" in line and "cast the column" in line


def test_a_second_run_does_nothing(place, connect):
    small.out(place, FIRST)
    assert [line.split("schema ")[1] for line in serving.follow(place)] == [
        "published: SYNTHETIC. NHS IMPACT Warehouse, release 2026.1.0.",
        "restricted: SYNTHETIC. Answers behind release 2026.1.0 of the NHS IMPACT Warehouse.",
    ]
    oid = "select 'published.dim_driver'::regclass::oid"
    before = connect().execute(oid).fetchall()
    assert serving.follow(place) == []
    assert connect().execute(oid).fetchall() == before


def test_the_next_release_takes_the_place_of_the_last(place, connect):
    reader, writer = connect("impact_reader"), connect()
    for version in (FIRST, SECOND, THIRD):
        small.out(place, version)
        serving.follow(place)
        assert held(reader) == [version]
        # psycopg prepares it on the server: a prepared statement must not keep to the old tables.
        query = "select distinct release_id from published.dim_driver"
        assert reader.execute(query, prepare=True).fetchall() == [(version,)]
    assert held(writer, "published_old") == [SECOND]
    assert swap.left(writer, "published") == ["published_old"] and swap.left(writer, "restricted") == []
    with pytest.raises(psycopg.errors.InsufficientPrivilege):
        reader.execute("select * from published_old.dim_driver")


class Killed(BaseException):
    """Nothing in the program catches it."""


STEPS = [
    (load, "_copy", "after"),
    (load, "_finish", "after"),
    (swap, "_rename", "before"),
    (swap, "_rename", "after"),
    (swap, "clear", "after"),
]


@pytest.mark.parametrize(("module", "step", "when"), STEPS)
def test_readers_are_whole_wherever_it_is_stopped(place, connect, monkeypatch, module, step, when):
    for version in (FIRST, SECOND):
        small.out(place, version)
        serving.follow(place)
    small.out(place, THIRD)
    inner = getattr(module, step)

    def stopped(*words):
        if when == "after":
            inner(*words)
        raise Killed

    reader = connect("impact_reader")
    with monkeypatch.context() as patch, pytest.raises(Killed):
        patch.setattr(module, step, stopped)
        serving.follow(place)
    assert held(reader) in ([SECOND], [THIRD])
    serving.follow(place)
    assert held(reader) == [THIRD]
    assert swap.left(connect(), "published") == ["published_old"]
    assert connect().execute("select to_regnamespace('published_new')").fetchall() == [(None,)]


KILL = """
import os, signal, sys
from pathlib import Path
from pipelines.serving import load, postgres, swap
from pipelines.serving.server import Server
from pipelines.settings import Workspace

module, step = {"_copy": load, "_rename": swap}[sys.argv[2]], sys.argv[2]
inner = getattr(module, step)
def killed(*words):
    inner(*words)
    os.kill(os.getpid(), signal.SIGKILL)
setattr(module, step, killed)
postgres.sync(Workspace(Path(sys.argv[1]), "synthetic"), Server.configured())
"""


def test_a_killed_process_leaves_readers_and_the_turn_alone(place, connect):
    small.out(place, FIRST)
    serving.follow(place)
    small.out(place, SECOND)
    command = [sys.executable, "-c", KILL, str(place.root), "_rename"]
    done = subprocess.run(command, cwd=PROJECT_ROOT, env=os.environ, check=False)
    assert done.returncode == -signal.SIGKILL
    assert held(connect("impact_reader")) == [FIRST]
    wait = "select count(*) from pg_locks where relation = 'impact_serving.turn'::regclass"
    while connect().execute(wait).fetchall() != [(0,)]:
        pass
    serving.follow(place)
    assert held(connect("impact_reader")) == [SECOND]


def test_a_reader_who_never_ends_holds_nothing_up(place, connect):
    small.out(place, FIRST)
    serving.follow(place)
    stubborn, writer = connect("impact_reader"), connect()
    stubborn.execute("begin; select * from published.dim_driver")
    for version in (SECOND, THIRD):
        small.out(place, version)
        lines = serving.follow(place)
        assert held(connect("impact_reader")) == [version]
    assert "schema published_old\n  found     somebody is still reading it" in lines[-1]
    assert swap.left(writer, "published") == ["published_old", "published_old_2"]
    stubborn.execute("commit")
    assert serving.follow(place) == []
    assert swap.left(writer, "published") == ["published_old"]


def test_a_view_of_somebody_else_is_named_and_never_dropped(place, connect):
    small.out(place, FIRST)
    serving.follow(place)
    team = connect()
    team.execute("create schema team; create view team.mine as select release_id from published.dim_driver")
    for version in (SECOND, THIRD):
        small.out(place, version)
        lines = serving.follow(place)
    assert "do not show the release that is served: team.mine" in lines[-1]
    assert team.execute("select distinct release_id from team.mine").fetchall() == [(FIRST,)]
    assert held(connect("impact_reader")) == [THIRD]
    team.execute("drop view team.mine")
    assert serving.follow(place) == []
    assert swap.left(team, "published") == ["published_old"]


def test_a_rollback_is_followed_and_shows_no_answers(place, connect):
    reader = connect("impact_restricted")
    for version in (FIRST, SECOND):
        small.out(place, version)
        serving.follow(place)
    assert held(reader, "restricted") == [SECOND]
    # As `record` does it for each release that is built.
    (place.kept / "restricted" / f"{FIRST}.parquet").unlink()
    told = []
    with listening(told.append):
        after.rollback(place, FIRST, "A wrong figure.", "me")
    assert held(reader) == [FIRST] and held(reader, "restricted") == []
    assert "the answers behind release 2026.1.0 are not kept any more" in told[-1]
    assert swap.left(connect(), "restricted") == []
    after.rollback(place, SECOND, "It was right.", "me")
    assert held(reader) == held(reader, "restricted") == [SECOND]


def test_a_withdrawn_release_is_on_the_server_no_more(place, connect):
    small.out(place, FIRST)
    serving.follow(place)
    after.withdraw(place, FIRST, "A wrong figure.", "me")
    assert held(connect("impact_reader")) == []
    named = "select count(*) from pg_class where relname = 'dim_driver'"
    assert connect().execute(named).fetchall() == [(0,)]


def test_only_one_at_a_time_and_no_reader_can_take_the_turn(place, connect, database):
    small.out(place, FIRST)
    for user in ("impact_reader", "impact_restricted"):
        with pytest.raises(psycopg.errors.InsufficientPrivilege):
            connect(user).execute("begin; lock table impact_serving.turn in access share mode")
    other = connect()
    with swap.turn(other, "here"):
        (line,) = serving.follow(place)
    assert "another process that is changing what is served" in line
    assert serving.follow(place) != []


def test_a_server_that_is_down_undoes_nothing_and_is_told_once(place, postgres, connect, monkeypatch):
    small.out(place, FIRST)
    good = os.environ["IMPACT_POSTGRES_URL"]
    monkeypatch.setenv("IMPACT_POSTGRES_URL", good.replace("host=", "host=%2Fnowhere"))
    for _ in range(2):
        (line,) = serving.follow(place)
        assert line.startswith(
            "WARNING: the release is out, but the PostgreSQL server does not hold it.\nPostgreSQL /nowhere"
        )
        assert all(f"\n  {part}" in line for part in ("found", "expected", "likely", "to do"))
    (raised,) = alerts.open_alerts(place)
    assert raised.alert.key == serving.ALERT and raised.alert.severity == "error"
    journal = (place.kept / "alerts" / "journal.jsonl").read_text()
    assert journal.count('"raised"') == 1
    monkeypatch.setenv("IMPACT_POSTGRES_URL", good)
    serving.follow(place)
    assert alerts.open_alerts(place) == []
    assert held(connect("impact_reader")) == [FIRST]


def test_without_a_url_nothing_is_done(place, monkeypatch):
    monkeypatch.delenv("IMPACT_POSTGRES_URL", raising=False)
    assert serving.follow(place) == []


def test_a_missing_driver_says_what_to_install(place, monkeypatch):
    monkeypatch.setenv("IMPACT_POSTGRES_URL", "postgresql://me@nowhere/impact")
    monkeypatch.setitem(sys.modules, "psycopg", None)
    (line,) = serving.follow(place)
    assert "uv sync --extra postgres" in line


@pytest.mark.parametrize(
    "url",
    [
        f"postgresql://me:{PASSWORD}@127.0.0.1:1/impact",
        f"postgresql://me:{PASSWORD}@127.0.0.1:port/impact",
        f"postgresql://me:{PASSWORD}%zz@127.0.0.1:1/impact",
        f"host=127.0.0.1 port=1 password={PASSWORD}",
        PASSWORD,
    ],
)
def test_the_password_is_never_shown(place, monkeypatch, url):
    monkeypatch.setenv("IMPACT_POSTGRES_URL", url)
    told = []
    with listening(told.append):
        told += serving.follow(place)
    for command in ("setup", "sync", "status"):
        done = CliRunner().invoke(cli.app, ["serving", command])
        assert done.exit_code == 1
        told += [done.output, str(done.exception)]
    told.append((place.kept / "alerts" / "journal.jsonl").read_text())
    assert all(secret not in text for text in told for secret in (PASSWORD, "s3cr3t", "of@tests"))


def test_the_password_is_not_in_what_commands_print(place, connect):
    small.out(place, FIRST)
    told = [repr(Server.configured())]
    for command in ("setup", "status", "sync", "status", "sync"):
        done = CliRunner().invoke(cli.app, ["serving", command])
        assert done.exit_code == 0, done.exception
        told.append(done.output)
    assert all("s3cr3t" not in text for text in told)
    assert "published: empty; it should be 2026.1.0" in told[2]
    assert "release 2026.1.0.\n" in told[3] and "as it should be" in told[4] and "As before." in told[5]


def test_setup_says_what_a_dba_must_do(place, postgres, monkeypatch):
    """A plain account that owns its database; the roles are there from another database of the server."""
    name = postgres.database()
    with psycopg.connect(postgres.url_of(name), autocommit=True) as dba:
        dba.execute(
            "do $$ begin create role loader login createrole; exception when duplicate_object then null; end $$"
        )
        dba.execute(f"alter database {name} owner to loader")
        monkeypatch.setenv("IMPACT_POSTGRES_URL", postgres.url_of(name, "loader"))
        done = CliRunner().invoke(cli.app, ["serving", "setup"])
        assert done.exit_code == 1
        assert "a DBA must see to it" in done.output and "revoke usage on language plpgsql from public;" in done.output
        wanted = "\n".join(line for line in done.output.splitlines() if line.startswith("  "))
        dba.execute(wanted)
    assert CliRunner().invoke(cli.app, ["serving", "setup"]).exit_code == 0
    small.out(place, FIRST)
    serving.follow(place)
    with psycopg.connect(postgres.url_of(name, "impact_reader")) as reader:
        assert held(reader) == [FIRST]


def test_answers_are_those_that_national_analysts_may_see_by_name(tmp_path):
    from pipelines.serving import contents

    place = standin.workspace(tmp_path)
    with duckdb.connect(str(place.warehouse)) as connection:
        connection.execute(
            "create or replace table core.fct_maturity_responses as "
            "select 'R' || i as org_code, scope as sharing_scope, status as submission_status, 3 as level "
            "from range(2) as t(i), (values ('private'), ('system'), ('national_aggregate'), ('national_named'), "
            "('published')) as s(scope), (values ('draft'), ('board_approved')) as u(status)"
        )
    for version in (FIRST, SECOND):
        path = contents.admit(place, version, contents.keep(place, tmp_path / "waited.parquet", version))
    found = duckdb.sql(f"select distinct sharing_scope, submission_status, release_id from '{path}' order by all")
    assert found.fetchall() == [(scope, "board_approved", SECOND) for scope in ("national_named", "published")]
    assert sorted(each.name for each in path.parent.iterdir()) == [f"{SECOND}.parquet"]
    assert path.stat().st_mode & 0o777 == 0o600 and path.parent.stat().st_mode & 0o777 == 0o700


def test_a_database_without_roles_says_so(place, postgres, monkeypatch):
    small.out(place, FIRST)
    monkeypatch.setenv("IMPACT_POSTGRES_URL", postgres.url_of(postgres.database()))
    with pytest.raises(Fault, match="schema published") as caught:
        _sync(place)
    assert "impact serving setup" in caught.value.todo


def _sync(place: Workspace) -> None:
    postgres.sync(place, Server.configured())
