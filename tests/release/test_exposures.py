"""The exposures of the dbt project tell the truth: each names the tables that its output reads, all and no others."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from unittest.mock import Mock

import duckdb
import pytest
import standin
import yaml

from pipelines import release
from pipelines.release.api import write_api
from pipelines.release.fingertips import write_fingertips
from pipelines.release.reading import connect
from pipelines.release.record import read_record
from pipelines.release.site import MAKERS
from pipelines.release.site.pages import Site
from pipelines.release.workbook import write_workbook
from pipelines.settings import DBT_PROJECT_DIR, DUCKDB_FILE, PROJECT_ROOT

EXPOSURES = DBT_PROJECT_DIR / "models" / "exposures.yml"
EVERY_TABLE = ("release_files", "postgres_serving", "spreadsheets_and_bi_tools")
CLIENTS = PROJECT_ROOT / "pipelines" / "clients"
COUNTED = 'select count(*) from "'
"""What every output asks of every table, to say how many rows it has."""


class Recorded:
    """A connection that takes down what it is asked."""

    def __init__(self, connection: duckdb.DuckDBPyConnection, asked: list[str]) -> None:
        self._connection, self._asked = connection, asked

    def execute(self, sql: str) -> duckdb.DuckDBPyConnection:
        self._asked.append(sql)
        return self._connection.execute(sql)

    def __enter__(self) -> Recorded:
        return self

    def __exit__(self, *_: object) -> None:
        self._connection.close()


@contextmanager
def recorded() -> Iterator[list[str]]:
    """Every statement that reaches DuckDB through a connection opened meanwhile."""
    asked: list[str] = []
    opened = duckdb.connect
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(duckdb, "connect", lambda *words, **options: Recorded(opened(*words, **options), asked))
        yield asked


@cache
def models() -> frozenset[str]:
    """The dbt models that are released."""
    marts = (DBT_PROJECT_DIR / "models" / "marts").rglob("*.yml")
    listed = [model for path in marts for model in yaml.safe_load(path.read_text()).get("models", [])]
    return frozenset(model["name"] for model in listed if model["config"]["meta"].get("release"))


def named(texts: Iterable[str]) -> set[str]:
    """The released models that some texts name."""
    words = {word for text in texts if not text.startswith(COUNTED) for word in re.findall(r"\w+", text)}
    return words & models()


def exposures(path: Path = EXPOSURES) -> dict[str, set[str]]:
    """What stands in the project: the tables of each exposure."""
    listed = yaml.safe_load(path.read_text())["exposures"]
    return {one["name"]: {re.fullmatch(r"ref\('(\w+)'\)", ref)[1] for ref in one["depends_on"]} for one in listed}


def read_of(folder: Path) -> dict[str, set[str]]:
    """What the writers of files read of a release."""
    with recorded() as asked:
        record = read_record(folder)
        of_record = named(asked)
        asked.clear()
        write_api(folder, record)
        write_fingertips(folder, record)
        of_api = named(asked)
        asked.clear()
        write_workbook(folder, record)
    return {"static_api": of_record | of_api, "workbook": of_record | named(asked)}


def read_by_pages(folder: Path) -> set[str]:
    """What the pages read of a release; nothing is drawn or written."""
    with recorded() as asked:
        record = read_record(folder)
        with connect(folder / DUCKDB_FILE) as connection:
            site = Site(folder, connection, record, Mock())
            assert sum(1 for maker in MAKERS for _ in maker(site)) > len(MAKERS)
    return named(asked)


def in_readme() -> list[str]:
    return re.findall(r"```sql\n(.*?)```", (PROJECT_ROOT / "README.md").read_text(), re.DOTALL)


def in_files(folder: Path) -> list[str]:
    return [path.read_text(errors="ignore") for path in sorted(folder.rglob("*.*")) if path.suffix != ".pyc"]


def test_every_released_table_is_in_what_copies_them_all():
    assert {name: exposures()[name] for name in EVERY_TABLE} == dict.fromkeys(EVERY_TABLE, models())


def test_files_read_what_their_exposures_name(tmp_path):
    place = standin.workspace(tmp_path)
    folder = release.build_candidate(place, standin.manifest_path(place), "2026.1.0", "abc1234", standin.BUILT_AT)
    found = read_of(folder)
    assert found == {name: exposures()[name] for name in found}


def test_pages_read_what_their_exposure_names(served_sample: Path):
    """They take the figures of indicators from the interface."""
    read = read_by_pages(served_sample / "serving" / "current") | exposures()["static_api"]
    assert read == exposures()["static_site"]


@pytest.mark.parametrize(("exposure", "folder"), [("client_kits", "templates"), ("superset_dashboard", "superset")])
def test_clients_read_what_their_exposures_name(exposure: str, folder: str):
    """Each select of the README is in the kits."""
    texts = in_readme() if exposure == "client_kits" else []
    assert named([*texts, *in_files(CLIENTS / folder)]) == exposures()[exposure]


def test_every_exposure_is_compared():
    compared = {*EVERY_TABLE, "static_api", "workbook", "static_site", "client_kits", "superset_dashboard"}
    assert set(exposures()) == compared
