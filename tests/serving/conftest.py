"""A database with roles and schemas, and a home with releases for it."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest

from pipelines.serving import roles
from pipelines.serving.server import Server
from pipelines.settings import Workspace
from tests import postgres

Connect = Callable[..., psycopg.Connection]


@pytest.fixture
def database(postgres: postgres.Server, monkeypatch: pytest.MonkeyPatch) -> str:
    """A database that `impact serving setup` has made ready, and that the environment names."""
    name = postgres.database()
    monkeypatch.setenv("IMPACT_POSTGRES_URL", postgres.url_of(name))
    with Server.at(postgres.url_of(name)).connect() as connection:
        assert roles.set_up(connection) == []
    return name


@pytest.fixture
def connect(postgres: postgres.Server, database: str) -> Iterator[Connect]:
    """Connections to the database, by user."""
    opened = []

    def connecting(user: str = "postgres") -> psycopg.Connection:
        opened.append(psycopg.connect(postgres.url_of(database, user), autocommit=True))
        return opened[-1]

    yield connecting
    for connection in opened:
        connection.close()


@pytest.fixture
def place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Workspace:
    """A home for SYNTHETIC releases."""
    monkeypatch.setenv("IMPACT_HOME", str(tmp_path))
    return Workspace(tmp_path, "synthetic")
