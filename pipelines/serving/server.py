"""The PostgreSQL server that `IMPACT_POSTGRES_URL` names: reaching it, and saying what is wrong without its password.

Belongs here: the address, connections, faults. Does not belong here: what is done there (load.py, swap.py, roles.py).
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from pipelines import settings
from pipelines.errors import Fault

if TYPE_CHECKING:
    import psycopg

VARIABLE = "IMPACT_POSTGRES_URL"
SECONDS_TO_CONNECT = 5
LEAST_VERSION = 15
"""PostgreSQL's first with unique keys in which a null counts as a value."""


@dataclass(frozen=True)
class Server:
    """Where to serve. url holds the password, so no text shows it; place does not."""

    url: str = field(repr=False)
    place: str
    password: str = field(repr=False)

    @classmethod
    def configured(cls) -> Server | None:
        """That of the environment, None where there is none. Raises Fault where its URL cannot be read."""
        url = settings.postgres_url()
        return cls.at(url) if url else None

    @classmethod
    def at(cls, url: str) -> Server:
        """The server of a URL. Raises Fault without repeating it: a slip may be in the password itself."""
        psycopg = driver()
        try:
            parts: dict[str, Any] = psycopg.conninfo.conninfo_to_dict(url)
        except psycopg.Error:
            raise _unreadable() from None
        if _is_torn(parts):
            raise _unreadable()
        host = f"{parts.get('host', 'localhost')}:{parts.get('port', 5432)}"
        return cls(url, f"{host}/{parts.get('dbname', '')}", str(parts.get("password") or ""))

    def connect(self) -> psycopg.Connection:
        """A connection in which each statement is a transaction of its own. Raises Fault."""
        psycopg = driver()
        try:
            connection = psycopg.connect(
                self.url, autocommit=True, connect_timeout=SECONDS_TO_CONNECT, application_name="impact serving"
            )
        except psycopg.Error as error:
            raise self._unreachable(error) from None
        if connection.info.server_version < LEAST_VERSION * 10000:
            connection.close()
            raise self._too_old(connection.info.server_version // 10000)
        return connection

    def without_password(self, text: object) -> str:
        """A text of the driver in one line, and without the password, wherever it came from."""
        line = " ".join(str(text).split())
        return line.replace(self.password, "…") if self.password else line

    def _unreachable(self, error: Exception) -> Fault:
        return Fault(
            f"PostgreSQL {self.place}",
            self.without_password(error),
            "a server that answers",
            "the server is down, a firewall is in the way, or the password was changed",
            "see to the server, then run `impact serving sync`; the next refresh tries again too",
        )

    def _too_old(self, version: int) -> Fault:
        return Fault(
            f"PostgreSQL {self.place}",
            f"version {version}",
            f"version {LEAST_VERSION} or later",
            "a server that has not been upgraded for years",
            "upgrade it, or serve on another one",
        )


def driver() -> Any:
    """psycopg. Raises Fault where the drivers are not installed."""
    try:
        import adbc_driver_postgresql  # noqa: F401
        import psycopg
    except ImportError as error:
        raise Fault(
            f"serving on PostgreSQL ({VARIABLE})",
            f"no driver: {error}",
            "the packages adbc-driver-postgresql and psycopg",
            "the extra `postgres` was not installed",
            "run `uv sync --extra postgres`, then `impact serving sync`",
        ) from error
    return psycopg


@contextmanager
def told(server: Server, doing: str) -> Iterator[None]:
    """Turns what a driver says inside the block into a Fault without a password."""
    from adbc_driver_manager import Error as AdbcError

    psycopg = driver()
    try:
        yield
    except (psycopg.Error, AdbcError) as error:
        raise Fault(
            f"PostgreSQL {server.place}: {doing}",
            server.without_password(error),
            "a server that takes a release",
            "the server was stopped, its disk is full, or a right was taken from the account",
            "see to that, then run `impact serving setup` and `impact serving sync`; readers keep what they had",
        ) from None


def _is_torn(parts: dict[str, Any]) -> bool:
    """Whether a piece of the password is taken for something else: it had a character that cuts a URL."""
    port = str(parts.get("port", "0")).replace(",", "")
    return not port.isdecimal() or any("@" in str(parts.get(name, "")) for name in ("host", "dbname"))


def _unreadable() -> Fault:
    return Fault(
        VARIABLE,
        "a URL that cannot be read; it is not repeated here, because it may hold a password",
        "postgresql://user:password@host:5432/database",
        "a slip of the keyboard, or a character of the password that is not written as %…",
        "correct it",
    )
