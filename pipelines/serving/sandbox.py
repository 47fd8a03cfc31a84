"""How a tool in which other people write SQL opens the DuckDB file of a release: it can read that file alone.

Belongs here: the settings, for kits, BI tools, documents and tests alike, and a connection that has them. Does not
belong here: the same for PostgreSQL (roles.py), or which release is served (promote.py).

Read-only alone is no sandbox: a query could still read and write every file that the account of the tool can. The
settings leave two things. A query may use up the memory and threads that it was given. And `copy … to` may write a file
`<release file>.wal` where the account may write beside the release: so that account should not own the releases, and
`connect` refuses it by itself.
"""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

SEALED = {"enable_external_access": False, "lock_configuration": True}
"""No other file, no network, no extension; and no way to take that back."""

CONFIG = SEALED | {"temp_directory": "", "memory_limit": "2GB", "threads": 2}
"""DuckDB's `config`, together with `read_only`. Without a temporary folder nothing is spilled beside the release."""

CONNECT_ARGS = {"read_only": True, "config": CONFIG}
"""The same as arguments of `duckdb.connect`, and `connect_args` of SQLAlchemy."""

NO_FILES = "set disabled_filesystems = 'LocalFileSystem'"
"""A statement for after the file is open: before that, it would keep the release itself shut."""


def connect(path: Path) -> duckdb.DuckDBPyConnection:
    """A connection to the release in this file, for SQL of other people.

    A link is followed first, so that the connection keeps to one release while the pointer moves on.
    """
    import duckdb

    unlocked = CONFIG | {"lock_configuration": False}
    connection = duckdb.connect(str(Path(path).resolve()), read_only=True, config=unlocked)
    # A second connection of a process shares the first one's settings, which are locked by then.
    if not connection.execute("select current_setting('lock_configuration')").fetchall()[0][0]:
        connection.execute(f"{NO_FILES}; set lock_configuration = true")
    return connection
