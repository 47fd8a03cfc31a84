"""Releases that a database can serve, as small as they may be: for tests of serving.

Belongs here: folders with a DuckDB file of a few rows, and answers behind them. Does not belong here: a test.
"""

from __future__ import annotations

import json
from pathlib import Path

import duckdb

from pipelines.serving import contents
from pipelines.settings import DUCKDB_FILE, Workspace
from pipelines.store.snapshots import sha256_of
from tests.release import outlet

TABLES = """
    create table release_info as select '{release}' as release_id, 1 as schema_version,
        timestamp '2026-11-22 09:30:00' as built_at, true as is_synthetic, 'abc1234' as code_version,
        null::date as as_at;
    create table dim_driver as
        select 'd' || i as driver_id, 'Driver' as label, '{release}' as release_id from range(5) as t(i);
    create table pub_measure_values as
        select 'm0' as measure_id, 'R' || i as org_code, 'month' as period_type, '2026-0' || j as period_key,
            i / 3 as value, 'observed' as value_status, '{release}' as release_id
        from range(50) as t(i), range(1, 5) as u(j);
    create table pub_driver_maturity as
        select 'd' || i as driver_id, '2026' as round_key, 'v1' as instrument_version, 'all' as organisation_type,
            'all' as region_code, case when i > 2 then 'R' || i end as org_code, '{release}' as release_id
        from range(5) as t(i);
    create table odd as
        select * from (values
            ('it''s', -0.0::double, 9007199254740993::bigint, true, date '0001-01-01',
                timestamp '2026-01-01 00:00:00.5'),
            ('', 0.1::double + 0.2, -1, false, date '9999-12-31', null),
            (null, null, null, null, null, null),
            (E'line\\nand\\ttab \\\\N', 1e308, 0, null, date '2024-02-29', timestamp '1969-12-31 23:59:59'),
            ('Zoë ‘–’ 🙂', 5e-324, 2, true, null, timestamp '2026-06-30 12:00:00')
        ) as v(words, figure, whole, yes, day, moment), (select '{release}' as release_id);
    create table empty as select 1 as n, 'x' as words, '{release}' as release_id where false;
    comment on table pub_measure_values is 'SYNTHETIC. It''s figures.';
    comment on column pub_measure_values.value is 'The figure; 5% may be missing.';
    create table dictionary as select 'pub_measure_values' as table_name, 'org_code' as column_name,
        'VARCHAR' as data_type, 'Code of the organisation.' as description, '{release}' as release_id;
"""
ANSWERS = """
    select 's' || i as submission_id, 'R' || i as org_code, 'national_named' as sharing_scope, 3 as level,
        'board_approved' as submission_status, '{release}' as release_id
    from range(4) as t(i)
"""


def out(workspace: Workspace, version: str, more: str = "") -> Path:
    """A release that is out and served, with answers behind it. more: SQL for its file."""
    folder = outlet.out(workspace, version)
    path = folder / DUCKDB_FILE
    path.unlink()
    with duckdb.connect(str(path)) as connection:
        connection.execute(TABLES.format(release=version) + more)
    manifest = json.loads((folder / "manifest.json").read_text())
    for entry in manifest["files"]:
        entry["sha256"] = sha256_of(folder / entry["path"])
    (folder / "manifest.json").write_text(json.dumps(manifest))
    kept = contents.kept(workspace, version)
    kept.parent.mkdir(parents=True, exist_ok=True)
    duckdb.sql(ANSWERS.format(release=version)).write_parquet(str(kept))
    return folder
