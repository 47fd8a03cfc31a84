"""Every block of the README is claimed: it is run here and prints what the README says, or the test that runs it is named.

A new block, or a new command in one, fails here until somebody claims it.
"""

from __future__ import annotations

import ast
import re
import shlex
from dataclasses import dataclass
from pathlib import Path

import click
import pytest
from typer.main import get_command
from typer.testing import CliRunner

from pipelines import cli
from pipelines.clients.kits import cookbook, questions
from pipelines.settings import PROJECT_ROOT

README = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
BLOCK = re.compile(r"^```(\w*)\n(.*?)^```$", re.DOTALL | re.MULTILINE)
COMMENT = re.compile(r"\s{2,}#.*$", re.MULTILINE)
RUN = "uv run impact "

PRINTED = "                                    SYNTHETIC sample\n"
"""How the block begins that shows the end of the first refresh."""
DRAWN = "published files, inbox → raw"
"""How a block begins that is a drawing."""
REST = "…"


@dataclass(frozen=True)
class Block:
    """A fenced block. language: empty for commands and what they print."""

    language: str
    text: str


BLOCKS = [Block(*found) for found in BLOCK.findall(README)]

TESTS = {
    "pip install uv && uv run impact refresh": "tests/pipeline/test_refresh.py::test_the_summary_says_what_happened",
    "refresh --from DIR": "tests/pipeline/test_refresh.py::"
    "test_broken_newest_editions_are_refused_while_readers_go_on",
    "refresh --live": "tests/fetch/test_live.py::test_a_refresh_that_fetches_serves_what_was_fetched",
    "refresh --from DIR --submissions INBOX": "tests/pipeline/test_editions.py::x",
    "refresh --from DIR --as-at 2025-08-01": "tests/pipeline/test_editions.py::x",
}
"""Commands, and the test that runs each of them."""
