"""Fixtures of the tests of the kits: the release of the sample on PostgreSQL too, and the kits filled in for both."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

import pytest

from pipelines.clients import Route
from pipelines.clients.kits import write_kits
from pipelines.serving import postgres as serving
from pipelines.serving import roles
from pipelines.serving.server import Server
from pipelines.settings import Workspace
from tests.postgres import PASSWORD, postgres

__all__ = ["postgres"]


@pytest.fixture(scope="session")
def current(served_sample: Path) -> Path:
    """The pointer to the release that is served."""
    return served_sample / "serving" / "current"


@pytest.fixture(scope="session")
def database(served_sample: Path, postgres) -> Route:
    """A database that holds the release, as `impact_reader` reaches it."""
    name = postgres.database()
    server = Server.at(postgres.url_of(name))
    with server.connect() as connection:
        roles.set_up(connection)
    serving.sync(Workspace(served_sample, "synthetic"), server)
    return Route.to_postgres(postgres.url_of(name, roles.READER))


@pytest.fixture(scope="session")
def kits(current: Path, database: Route, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with all kits."""
    folder = tmp_path_factory.mktemp("kits")
    write_kits(folder, current, database)
    return folder


def run(*words: str | Path) -> str:
    """What a program prints, as an analyst with a password runs it; it must succeed."""
    environment = os.environ | {"PGPASSWORD": PASSWORD}
    done = subprocess.run(words, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout
