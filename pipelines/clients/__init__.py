"""What analysts take with them to read releases: scripts, queries and connection files for their own tools.

Belongs here: where a client finds the release that is served. Does not belong here: serving it (pipelines/serving/),
or what the kits say (templates/, superset/).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, unquote, urlsplit

from pipelines.errors import Fault

POSTGRES_PORT = 5432
READER = "impact_reader"


@dataclass(frozen=True)
class Route:
    """One way to the release that is served. It never holds a password: each analyst has one of their own.

    path: of the DuckDB file, as the analyst's machine sees it.
    url: of the PostgreSQL database, `postgresql://host:port/database`.
    user: who logs in; by default the role that sees the published schema alone.
    """

    kind: Literal["duckdb", "postgres"]
    path: Path | None = None
    url: str | None = None
    user: str = READER

    @classmethod
    def to_duckdb(cls, path: Path) -> Route:
        """The way to a file."""
        return cls("duckdb", path=path)

    @classmethod
    def to_postgres(cls, url: str) -> Route:
        """The way to a database by any URL of it: what it holds of a password is left behind. Raises Fault."""
        parts = urlsplit(url)
        host = parts.hostname or parse_qs(parts.query).get("host", [""])[0]
        if parts.scheme not in ("postgresql", "postgres") or not host or not parts.path.strip("/"):
            raise _not_a_database(parts.scheme)
        place = f"{host}:{parts.port or POSTGRES_PORT}" if parts.hostname else ""
        query = "" if parts.hostname else f"?host={host}"
        return cls(
            "postgres", url=f"postgresql://{place}{parts.path}{query}", user=unquote(parts.username or "") or READER
        )

    @property
    def host(self) -> str:
        """Name of the server, or the folder of its socket."""
        parts = urlsplit(self.url or "")
        return parts.hostname or parse_qs(parts.query)["host"][0]

    @property
    def port(self) -> int:
        """Port of the server."""
        return urlsplit(self.url or "").port or POSTGRES_PORT

    @property
    def database(self) -> str:
        """Name of the database."""
        return unquote(urlsplit(self.url or "").path.strip("/"))


def _not_a_database(scheme: str) -> Fault:
    return Fault(
        "the URL of the PostgreSQL database",
        f"scheme {scheme or 'none'}, or no host or database in it",
        "postgresql://host:5432/database",
        "a slip of the keyboard",
        "correct --postgres or IMPACT_POSTGRES_URL",
    )
