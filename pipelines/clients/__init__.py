"""What analysts take with them to read releases: scripts, queries and connection files for their own tools.

Belongs here: where a client finds the release that is served. Does not belong here: serving it (pipelines/serving/),
or what the kits say (templates/, superset/).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Literal
from urllib.parse import parse_qs, quote, unquote, urlsplit

from pipelines.errors import Fault
from pipelines.serving.roles import READER

POSTGRES_PORT = 5432


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
        if "@" in parts.path + parts.query + parts.fragment:
            # A password with a mark in it that was not quoted: part of it would pass for something else.
            raise _not_a_database("a second @, or one after a /, ? or #")
        named = parse_qs(parts.query)
        host = parts.hostname or named.get("host", [""])[0]
        try:
            port = parts.port or int(named.get("port", [POSTGRES_PORT])[0])
        except ValueError:
            raise _not_a_database("a port that is no number") from None
        if parts.scheme not in ("postgresql", "postgres") or not host or not parts.path.strip("/"):
            raise _not_a_database(f"scheme {parts.scheme or 'none'}, or no host or database in it")
        place = f"{host}:{port}{parts.path}" if parts.hostname else f"{parts.path}?host={quote(host)}&port={port}"
        return cls(
            "postgres",
            url=f"postgresql://{place}",
            user=unquote(parts.username or "") or named.get("user", [READER])[0],
        )

    @property
    def host(self) -> str:
        """Name of the server, or the folder of its socket."""
        parts = urlsplit(self.url or "")
        return parts.hostname or parse_qs(parts.query)["host"][0]

    @property
    def port(self) -> int:
        """Port of the server."""
        parts = urlsplit(self.url or "")
        return parts.port or int(parse_qs(parts.query)["port"][0])

    @property
    def database(self) -> str:
        """Name of the database."""
        return unquote(urlsplit(self.url or "").path.strip("/"))


def _not_a_database(found: str) -> Fault:
    return Fault(
        "the URL of the PostgreSQL database",
        found,
        "postgresql://host:5432/database",
        "a slip of the keyboard, or a password with marks that must be quoted, such as %2F for /",
        "correct --postgres or IMPACT_POSTGRES_URL; kits need no password",
    )
