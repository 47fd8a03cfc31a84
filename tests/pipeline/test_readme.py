"""Every block of the README is claimed: it is run here and prints what the README says, or the test is named that does.

A new block, or a new command in one, fails here until somebody claims it.
"""

from __future__ import annotations

import ast
import re
import shlex
from collections.abc import Callable
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
PROGRAM = re.compile(r"^(?:pip install uv && )?uv run (\w+)\s*")
PRINTED, DRAWN = "SYNTHETIC sample\n source", "published files, inbox → raw"
"""How the blocks begin that show the end of the first refresh, and a drawing."""
REST = "…"
INLINE = re.compile(r"`(?:uv run )?impact ((?:[a-z-]+ ?)+)")
FRAME = re.compile(r"[│┃━┏┳┓┡╇┩└┴┘─]")


@dataclass(frozen=True)
class Block:
    """A fenced block. language: empty for commands, and for what they print."""

    language: str
    text: str

    @property
    def commands(self) -> list[str]:
        """Its commands without comments, one string each; none where it is no block of commands."""
        if self.language or not PROGRAM.match(self.text):
            return []
        return COMMENT.sub("", self.text.replace("\\\n", "")).strip().splitlines()


BLOCKS = [Block(*found) for found in BLOCK.findall(README)]
COMMANDS = [command for block in BLOCKS for command in block.commands]


def has(*words: str) -> Callable[[str], bool]:
    """Whether a text has all of these words."""
    return lambda printed: all(word in printed for word in words)


def only_england(printed: str) -> bool:
    """Whether a CSV file has rows, and all are of England."""
    header, *rows = printed.split("\n", 2)[-1].splitlines()
    return bool(rows) and all(row.split(",")[1] == "ENG" for row in rows)


HERE: dict[str, Callable[[str], bool]] = {
    "status": has("sickness_absence", "accepted"),
    "query": only_england,
    "organisations RBA": has("ZX031"),
    "releases": has("2026.1.0", "SYNTHETIC", "serving"),
    "release --help": has("approve", "publish", "correct", "withdraw", "rollback"),
    "release waiting": has("no release waits"),
    "release history": has("2026.1.0"),
    "submissions template": has("written: impact-sa-1 submission.xlsx"),
    "schedule": has("every publisher is asked", "RELEASE DAY"),
    "alerts": has("nothing needs a person"),
    "runs": has("refresh", "succeeded"),
    "docs": has("docs/2026.1.0/index.html"),
    "doctor --offline": has("Python", "release 2026.1.0"),
    "submissions schema": has('"$schema"'),
}
"""Commands that only read, which are run here on the served sample, and what they must print."""
OF_THE_SAMPLE = {"RBA": "ZX031"}
"""Codes that the README has from published data."""

IN = {
    "pip install uv && uv run impact refresh": "pipeline/test_refresh.py::test_the_summary_says_what_happened",
    "pip install uv && uv run pytest": "pipeline/test_readme.py::test_every_block_is_claimed",
    "refresh --from DIR --submissions": "pipeline/test_refresh.py::"
    "test_broken_newest_editions_are_refused_while_readers_go_on",
    "refresh --from DIR --as-at": "pipeline/test_editions.py::test_as_at_a_day_only_what_was_known_then_is_staged",
    "refresh --from DIR": "pipeline/test_refresh.py::test_broken_newest_editions_are_refused_while_readers_go_on",
    "refresh --live": "fetch/test_live.py::test_from_the_landing_pages_to_staged_rows",
    "verify 2026.1.0": "pipeline/test_refresh.py::test_verify_finds_a_changed_byte",
    "verify PATH": "release/test_verify.py::test_a_copy_with_its_signers_verifies",
    "verify 2027.1.0 --rebuild": "release/test_verify.py::test_a_rebuild_that_differs_names_the_files",
    "web": "pipeline/test_definitions.py::test_one_job_runs_everything_after_the_releases_of_the_day",
    "accept": "pipeline/test_editions.py::test_the_command_records_who_decided_and_why",
    "drop": "pipeline/test_editions.py::test_a_dropped_file_goes_out_of_use_and_can_come_back",
    "submissions check": "unit/test_submission_check.py::"
    "test_the_command_looks_at_every_file_and_ends_with_1_if_one_is_wrong",
    "release explain": "release/test_movement.py::test_commands_list_what_is_asked_and_take_the_reason_down",
    "release waive": "release/test_waivers.py::test_the_command_writes_waivers",
    "release keys": "release/test_publication.py::"
    "test_a_key_is_made_by_the_command_line_and_comes_into_force_by_the_line_it_prints",
    "release access": "release/test_publication.py::test_the_way_of_a_release_by_the_command_line",
    "release approve": "release/test_publication.py::test_the_way_of_a_release_by_the_command_line",
    "release publish": "release/test_publication.py::test_the_way_of_a_release_by_the_command_line",
    "release correct": "release/test_after.py::test_the_commands_say_what_they_did",
    "release withdraw": "release/test_after.py::test_the_commands_say_what_they_did",
    "release rollback": "release/test_after.py::test_the_commands_say_what_they_did",
    "release evidence": "release/test_evidence.py::test_every_line_of_the_served_sample_has_its_proof",
    "backup": "operations/test_backup.py::test_a_second_backup_copies_only_what_is_new",
    "restore": "operations/test_backup.py::test_the_command_restores_and_a_fresh_process_verifies",
    "clients": "clients/test_kits.py::test_every_file_says_synthetic_and_none_the_password",
    "serving setup": "serving/test_postgres.py::test_setup_says_what_a_dba_must_do",
    "serving sync": "serving/test_postgres.py::test_the_password_is_not_in_what_commands_print",
    "serving status": "serving/test_postgres.py::test_the_password_is_not_in_what_commands_print",
    "new-measure": "pipeline/test_new_measure.py::test_from_a_file_to_a_released_figure",
}
"""Commands by how they begin, and the test that runs each."""


def words_of(command: str) -> str:
    """What follows `impact`; the whole command where it is another one."""
    found = PROGRAM.match(command)
    return command[found.end() :] if found and found[1] == "impact" and command.startswith("uv") else command


def claim(command: str, claims: dict) -> str | None:
    """The longest beginning by which somebody claims a command."""
    words = words_of(command)
    return max((begin for begin in claims if words.startswith(begin)), key=len, default=None)


def test_every_block_is_claimed():
    """By this file, or by tests/pipeline/test_questions.py, which runs the section with selects."""
    selects = [select for _, found in cookbook(questions()) for select in found]
    left = [
        block.text
        for block in BLOCKS
        if not block.commands
        and not (block.language == "sql" and block.text.strip() in selects)
        and not block.text.strip().startswith((PRINTED, DRAWN))
    ]
    assert left == []
    assert [command for command in COMMANDS if not claim(command, HERE) and not claim(command, IN)] == []


def test_no_claim_is_left_of_a_command_that_is_gone():
    used = {claim(command, claims) for command in COMMANDS for claims in (HERE, IN)}
    assert (HERE.keys() | IN.keys()) - used == set()


@pytest.mark.parametrize("test", sorted(set(IN.values())))
def test_a_test_that_is_named_is_there(test):
    path, name = test.split("::")
    tree = ast.parse((PROJECT_ROOT / "tests" / path).read_text(encoding="utf-8"))
    assert name in {node.name for node in tree.body if isinstance(node, ast.FunctionDef)}


@pytest.mark.parametrize("command", [command for command in COMMANDS if " impact " in command])
def test_the_command_line_knows_every_word_of_a_command(command, tmp_path):
    """Commands, options and their values are taken as the README writes them; nothing is run."""
    words = [_filled_in(word, tmp_path) for word in shlex.split(command.split(" impact ")[1]) if word != REST]
    command_, context = get_command(cli.app), None
    while isinstance(command_, click.Group) and words and words[0] != "--help":
        context = click.Context(command_, parent=context)
        name, command_, words = command_.resolve_command(context, words)
    if "--help" not in words:
        command_.make_context(command_.name, words, parent=context)


@pytest.mark.parametrize("words", sorted(set(INLINE.findall(README))))
def test_a_command_in_a_sentence_is_one(words):
    """As far as it is written: the rest stands for what a reader fills in."""
    command = get_command(cli.app)
    for word in words.split():
        if not isinstance(command, click.Group):
            break
        command = command.get_command(click.Context(command), word)
        assert command, words


def _filled_in(word: str, folder: Path) -> str:
    if word != "FILE":
        return word
    (folder / "file.csv").touch()
    return str(folder / "file.csv")


@pytest.mark.parametrize("command", [command for command in COMMANDS if claim(command, HERE)])
def test_a_command_prints_what_the_readme_says(served_sample, command, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    words = [OF_THE_SAMPLE.get(word, word) for word in shlex.split(words_of(command))]
    done = CliRunner().invoke(cli.app, words, env={"IMPACT_HOME": str(served_sample), "COLUMNS": "200"})
    assert HERE[claim(command, HERE)](done.output), done.output


def plain(text: str) -> list[str]:
    """The lines of a text without the rules of tables and what these pad."""
    return [line for line in (" ".join(FRAME.sub(" ", line).split()) for line in text.splitlines()) if line]


def test_the_first_refresh_ends_as_the_readme_shows(served_sample):
    """Line by line, and no other between two of them but where the README has an ellipsis in a line of its own."""
    (shown,) = [block.text for block in BLOCKS if block.text.strip().startswith(PRINTED)]
    printed = (served_sample / "first.txt").read_text().replace(str(served_sample), "/home/of/somebody/.impact")
    expected = "\n".join(plain(shown))
    pattern = re.escape(expected).replace(re.escape(f"\n{REST}\n"), "\n(?:.*\n)*?").replace(re.escape(REST), ".*")
    assert re.search(pattern, "\n".join(plain(printed))), f"{expected}\n\n{printed}"
