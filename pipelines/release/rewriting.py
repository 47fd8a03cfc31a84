"""Writing a candidate's DuckDB file anew, so that equal content gives equal bytes and no byte comes from elsewhere.

Belongs here: what makes DuckDB's bytes a matter of chance, and how that is kept out. Does not belong here: the content
(candidate.py).

Left to itself, DuckDB draws a random sample to choose how texts are compressed (FSST), writes with as many threads as
there are, and leaves in the gaps of its blocks whatever was in memory before: of the build file too, which nobody may
see. So a process that knows nothing but the candidate copies it, with one thread, without FSST and with memory that is
cleared before use.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

from pipelines.bound import tied
from pipelines.errors import Fault
from pipelines.release.reading import STORAGE_VERSION, literal
from pipelines.store.whole import partial_of

CLEARED = {"MALLOC_PERTURB_": "255", "DUCKDB_JE_MALLOC_CONF": "zero:true"}
"""For the C library, which fills memory with the complement of this byte, and for DuckDB's own allocator."""

COPY = """
import sys
import duckdb
from pipelines.bound import end_with_parent
end_with_parent()
with duckdb.connect() as connection:
    for statement in sys.argv[1:]:
        connection.execute(statement)
"""


def rewrite(path: Path) -> None:
    """Writes a closed DuckDB file anew, in its place. Raises Fault where that fails; the file is then as it was."""
    partial = partial_of(path)
    command = [sys.executable, "-c", COPY, *_statements(path, partial)]
    done = subprocess.run(command, env=os.environ | CLEARED | tied(), capture_output=True, text=True, check=False)
    if done.returncode:
        raise Fault(
            f"candidate {path.name}: it could not be written anew",
            done.stderr.strip().splitlines()[-1] if done.stderr.strip() else "no message",
            "a copy of the whole file",
            "the disk is full, or another process has the file open",
            "see to it and run the command again; nothing that is served has changed",
        )
    os.replace(partial, path)


def _statements(path: Path, partial: Path) -> list[str]:
    return [
        "set threads = 1",
        "set global disabled_compression_methods = 'fsst'",
        f"attach {literal(path)} as candidate (read_only)",
        f"attach {literal(partial)} as rewritten (storage_version {literal(STORAGE_VERSION)})",
        "copy from database candidate to rewritten",
        "checkpoint rewritten",
        "detach rewritten",
    ]
