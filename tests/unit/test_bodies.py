"""JSON bodies, those of the ODS API among them: paths, conditions, and what is refused.

No real body was to be had: these are written by the published shape, with the codes and dates of a real merger.
"""

from __future__ import annotations

import gzip
import json
from pathlib import Path

import polars as pl
import pytest

from pipelines import staging
from pipelines.errors import Fault
from pipelines.readers.bodies import read_bodies
from pipelines.registry import load_sources
from pipelines.settings import Workspace
from pipelines.store import arrivals, snapshots
from schemas.source import Bodies, Layout


def relation(role: str, code: str, status: str = "Active") -> dict:
    target = {"OrgId": {"extension": code}, "PrimaryRoleId": {"id": role, "uniqueRoleId": 1}}
    return {"id": "RE5", "Status": status, "Target": target}


def succession(kind: str, code: str, day: str) -> dict:
    target = {"OrgId": {"extension": code}, "PrimaryRoleId": {"id": "RO197", "uniqueRoleId": 1}}
    return {"Type": kind, "Date": [{"Type": "Legal", "Start": day}], "Target": target}


CLOSED = {
    "Organisation": {
        "Name": "BARNET, ENFIELD AND HARINGEY MENTAL HEALTH NHS TRUST",
        "Date": [
            {"Type": "Operational", "Start": "2001-04-01", "End": "2025-01-31"},
            {"Type": "Legal", "Start": "2001-04-01", "End": "2024-10-31"},
        ],
        "OrgId": {"root": "2.16.840.1.113883.2.1.3.2.4.18.48", "extension": "RRP"},
        "Status": "Inactive",
        "LastChangeDate": "2024-11-01",
        "GeoLoc": {"Location": {"PostCode": "N15 3TH", "Country": "ENGLAND"}},
        "Rels": {"Rel": [relation("RO261", "Q71", "Inactive"), relation("RO261", "QMJ"), relation("RO209", "Y56")]},
        "Succs": {"Succ": [succession("Successor", "G6V2S", "2024-11-01")]},
    }
}
OPEN = {
    "Organisation": {
        "Name": "NORTH LONDON NHS FOUNDATION TRUST",
        "Date": [{"Type": "Legal", "Start": "2024-11-01"}],
        "OrgId": {"extension": "G6V2S"},
        "Status": "Active",
        "Succs": {"Succ": [succession("Predecessor", code, "2024-11-01") for code in ("TAF", "RRP")]},
    }
}


def staged(source_id: str, bodies: list[dict], workspace: Workspace, folder: Path) -> staging.StagedSource:
    path = folder / "ord_organisations_2026-07-15.jsonl.gz"
    path.write_bytes(gzip.compress("\n".join(map(json.dumps, bodies)).encode()))
    source = load_sources()[source_id]
    snapshots.take(arrivals.look_into(folder, [source]).claimed, workspace.raw)
    return staging.stage_source(source, workspace)


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "in").mkdir()
    return tmp_path / "in"


def test_organisations_by_their_legal_dates(workspace, folder):
    staged("ods_api_organisations", [CLOSED, OPEN], workspace, folder)
    rows = pl.read_parquet(workspace.staged / "ods_api_organisations" / "*.parquet")
    found = rows.select("org_code", "region_code", "icb_code", "postcode", "opened_on", "closed_on", "edition").rows()
    assert [tuple(map(str, row)) for row in found] == [
        ("RRP", "Y56", "QMJ", "N15 3TH", "2001-04-01", "2024-10-31", "2026-07-15"),
        ("G6V2S", "None", "None", "None", "2024-11-01", "None", "2026-07-15"),
    ]


def test_successions_keep_their_direction(workspace, folder):
    staged("ods_api_successions", [CLOSED, OPEN], workspace, folder)
    rows = pl.read_parquet(workspace.staged / "ods_api_successions" / "*.parquet")
    assert rows.select("from_code", "to_code", "direction", "source_row").rows() == [
        ("RRP", "G6V2S", "successor", 1),
        ("G6V2S", "TAF", "predecessor", 2),
        ("G6V2S", "RRP", "predecessor", 2),
    ]
    assert set(rows["changed_on"].cast(pl.String)) == {"2024-11-01"}


def test_an_error_message_is_refused_and_not_read_as_an_organisation(workspace, folder):
    message = {"errorCode": 404, "errorText": "Record Not Found"}
    result = staged("ods_api_organisations", [CLOSED, message], workspace, folder)
    (reason,) = result.reasons
    assert "line 2" in reason and "errorCode" in reason and "Record Not Found" in reason


def test_a_renamed_key_is_refused(workspace, folder):
    body = json.loads(json.dumps(CLOSED).replace('"Start"', '"Begin"'))
    (reason,) = staged("ods_api_organisations", [body], workspace, folder).reasons
    assert "Date[Type=Legal].Start" in reason and "`opened_on`" in reason and "does not know: Begin" in reason


def test_another_type_of_succession_is_rejected(workspace, folder):
    body = json.loads(json.dumps(CLOSED))
    body["Organisation"]["Succs"]["Succ"][0]["Type"] = "Sibling"
    (reason,) = staged("ods_api_successions", [body], workspace, folder).reasons
    assert "sibling" in reason and "successor, predecessor" in reason


LAYOUT = Layout(
    kind="bodies",
    header=("a",),
    bodies=Bodies(
        body={"b": "a.b"}, rows=({"each": "a.list[]", "take": {"c": "in[kind=x].c"}},), known_keys=frozenset("abc")
    ),
)
MEMBER = '{"in": [{"kind": "y", "c": 3}, {"kind": "x", "c": 2}]}'


@pytest.mark.parametrize(
    "content",
    [
        f'{{"a": {{"b": 1, "list": [{MEMBER}]}}}}',
        f'[{{"a": {{"b": 1, "list": {MEMBER}}}}}]',
        f'\ufeff{{"a": {{"b": 1, "list": [{MEMBER}]}}}}\n{{"a": {{"b": 5}}}}\n',
    ],
    ids=["one body", "a list of bodies, a member alone", "one body a line, one without members"],
)
def test_bodies_and_members(content):
    frame = read_bodies(content.encode(), LAYOUT, "here", "2026")
    assert frame.select("@row", "b", "c").rows() == [(1, "1", "2")]


@pytest.mark.parametrize(
    ("content", "says"),
    [
        ('{"a": {"b": 1', "not JSON"),
        ("not found", "not JSON"),
        ('{"a": {"b": 1, "b": 2}}', "gives a key twice"),
        ('{"a": {"b": "\\ud800"}}', "not JSON in UTF-8"),
        ("[" * 100_000, "not JSON"),
        ('{"a": ' * 3_000 + "1" + "}" * 3_000, "not JSON|another kind"),
        ('{"a": {"list": [5]}}', "another kind: `list..` holds int"),
        ('{"a": {"list": [{"in": [5]}]}}', "another kind"),
        ('{"a": {"b": [1]}}', "another kind: `a.b` is list"),
        ("5", "no a in 5"),
    ],
)
def test_what_is_no_json_or_of_another_structure_is_refused(content, says):
    with pytest.raises(Fault, match=says):
        read_bodies(content.encode(), LAYOUT, "here", "2026")
