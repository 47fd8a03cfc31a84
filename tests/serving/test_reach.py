"""What somebody can reach who logs in as a reader and types whatever comes to mind."""

from __future__ import annotations

import psycopg
import pytest
import small

from pipelines import serving

OUTSIDE = (
    "select * from restricted.fct_maturity_responses",
    "select * from secret.answers",
    "select * from published_old.dim_driver",
    "select * from impact_serving.turn",
    "create table published.mine (n integer)",
    "create table public.mine (n integer)",
    "create temp table mine (n integer)",
    "create view published.mine as select 1",
    "create schema mine",
    "insert into published.dim_driver values ('d9', 'x', 'y')",
    "update published.dim_driver set label = 'mine'",
    "delete from published.dim_driver",
    "truncate published.dim_driver",
    "drop table published.dim_driver",
    "lock table published.dim_driver in share mode",
    "comment on table published.dim_driver is 'mine'",
    "create rule r as on select to published.dim_driver do instead select 1",
    "create trigger t before insert on published.dim_driver execute function suppress_redundant_updates_trigger()",
    "alter schema published rename to mine",
    "select pg_read_file('/etc/passwd')",
    "select pg_read_binary_file('postgresql.conf')",
    "select pg_ls_dir('.')",
    "select pg_ls_logdir()",
    "select pg_stat_file('postgresql.conf')",
    "select pg_current_logfile()",
    "copy published.dim_driver to '/tmp/stolen'",
    "copy published.dim_driver to program 'id'",
    "copy published.dim_driver from '/etc/passwd'",
    "select lo_import('/etc/passwd')",
    "select lo_create(0)",
    "select lo_from_bytea(0, 'x')",
    "select lo_export(1, '/tmp/stolen')",
    "create extension dblink",
    "create extension plpgsql",
    "load 'auto_explain'",
    "select * from dblink('dbname=postgres', 'select 1') as t(n integer)",
    "create foreign data wrapper w",
    "create server s foreign data wrapper postgres_fdw",
    "create function published.f() returns integer language sql as 'select 1'",
    "create function pg_temp.f() returns integer language sql as 'select 1'",
    "do $$ begin perform 1; end $$",
    "create event trigger e on ddl_command_start execute function f()",
    "create publication p for all tables",
    "select pg_create_logical_replication_slot('s', 'test_decoding')",
    "set role postgres",
    "set role impact_restricted",
    "set session authorization postgres",
    "alter role impact_reader superuser",
    "alter role impact_reader connection limit -1",
    "create role mine",
    "alter system set work_mem = '1GB'",
    "set log_statement = 'none'",
    "set session_preload_libraries = 'x'",
    "select pg_reload_conf()",
    "select pg_rotate_logfile()",
    "select pg_terminate_backend(pid) from pg_stat_activity where usename = 'postgres' and pid <> pg_backend_pid()",
    "select rolpassword from pg_authid",
    "select passwd from pg_shadow",
    "select * from pg_statistic",
    "select * from pg_largeobject",
    "select * from pg_hba_file_rules",
    "select * from pg_file_settings",
    "select * from pg_user_mapping",
    "select query_to_xml('select * from restricted.fct_maturity_responses', true, true, '')",
    "select table_to_xml('secret.answers', true, true, '')",
    "select schema_to_xml('restricted', true, true, '') is null from pg_authid",
    "select * from restricted.fct_maturity_responses as r where published.dim_driver is null",
    "select pg_get_viewdef('secret.shown'::regclass)",
    "explain analyze select * from secret.answers",
    "prepare p as select * from secret.answers; execute p",
    "declare c cursor with hold for select * from secret.answers",
)
"""Tried after the session has lifted every limit that it can lift."""


@pytest.fixture
def reader(place, connect):
    """Logged in as impact_reader beside releases, answers and a schema of others; limits lifted."""
    owner = connect()
    owner.execute("create schema secret; create table secret.answers as select 'aha' as word")
    owner.execute("create view secret.shown as select word from secret.answers")
    for version in ("2026.1.0", "2026.2.0"):
        small.out(place, version)
        serving.follow(place)
    connection = connect("impact_reader")
    for name in ("default_transaction_read_only", "statement_timeout", "lock_timeout"):
        connection.execute(f"set {name} = {'off' if name.endswith('only') else 0}")
    return connection


def test_no_statement_reaches_anything_else(reader, connect):
    before = connect().execute("select count(*) from pg_class").fetchall()
    reached = []
    for sql in OUTSIDE:
        try:
            reached.append((sql, reader.execute(sql).statusmessage))
        except psycopg.Error:
            continue
    assert reached == []
    assert connect().execute("select count(*) from pg_class").fetchall() == before


def test_every_relation_that_can_be_read_is_published_or_the_catalogue_s(reader):
    reachable = reader.execute(
        "select distinct n.nspname from pg_class as c join pg_namespace as n on n.oid = c.relnamespace "
        "where has_schema_privilege(n.oid, 'usage') and c.relkind in ('r', 'v', 'm', 'p', 'f', 'S') "
        "and has_table_privilege(c.oid, 'select')"
    ).fetchall()
    assert sorted(reachable) == [("information_schema",), ("pg_catalog",), ("published",)]
    writable = reader.execute(
        "select c.oid::regclass::text from pg_class as c where c.relkind in ('r', 'v', 'm', 'p', 'f') "
        "and has_table_privilege(c.oid, 'insert, update, delete, truncate, references, trigger') "
        "and c.oid::regclass::text <> 'pg_settings'"
    ).fetchall()
    assert writable == []
    assert (
        reader.execute("select n.nspname from pg_namespace as n where has_schema_privilege(n.oid, 'create')").fetchall()
        == []
    )


def test_the_catalogue_shows_names_and_never_a_value(reader, connect):
    """Names, comments and sizes of what others have are there for everybody to see, in every PostgreSQL."""
    connect().execute("analyze secret.answers; select 'aha, a query of somebody else'")
    assert reader.execute("select count(*) from pg_stats where schemaname !~ '^(pg_|published$)'").fetchall() == [(0,)]
    seen = reader.execute("select query from pg_stat_activity where usename <> current_user").fetchall()
    assert seen and set(seen) == {("<insufficient privilege>",)}
    ours = "select count(*) from pg_proc where pronamespace::regnamespace::text !~ '^(pg_catalog|information_schema)$'"
    assert reader.execute(ours).fetchall() == [(0,)]


def test_a_right_cannot_be_passed_on(reader):
    """PostgreSQL answers with a warning only."""
    reader.execute("grant select on published.dim_driver to public")
    assert reader.execute("select has_table_privilege('public', 'published.dim_driver', 'select')").fetchall() == [
        (False,)
    ]


def test_limits_hold_until_they_are_lifted(reader, connect):
    fresh = connect("impact_reader")
    names = ("default_transaction_read_only", "statement_timeout", "lock_timeout", "search_path")
    shown = [fresh.execute(f"show {name}").fetchone()[0] for name in names]
    assert shown == ["on", "5min", "30s", "published"]
    with pytest.raises(psycopg.errors.QueryCanceled):
        fresh.execute("set statement_timeout = '50ms'; select pg_sleep(5)")
    assert fresh.execute("select rolconnlimit from pg_roles where rolname = current_user").fetchall() == [(50,)]


def test_advisory_locks_of_a_reader_keep_nobody_from_serving(reader, place):
    """He may take them all: nothing here rests on them."""
    reader.execute("select pg_advisory_lock(n) from generate_series(0, 50) as t(n)")
    small.out(place, "2026.3.0")
    serving.follow(place)
    assert reader.execute("select release_id from published.release_info").fetchall() == [("2026.3.0",)]


def test_the_restricted_role_sees_answers_besides_and_no_more(reader, connect):
    analyst = connect("impact_restricted")
    found = analyst.execute("select distinct sharing_scope, release_id from fct_maturity_responses").fetchall()
    assert found == [("national_named", "2026.2.0")]
    assert analyst.execute("select count(*) from dim_driver").fetchall() == [(5,)]
    for sql in ("select * from secret.answers", "set role postgres", "delete from fct_maturity_responses"):
        with pytest.raises(psycopg.Error):
            analyst.execute(sql)
