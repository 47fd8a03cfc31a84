"""The gate between a candidate and its readers: the only module that runs Great Expectations.

Belongs here: running the examinations of a candidate and saying what failed and what was waived. Does not belong here:
which examinations there are (examinations.py), the rules (rules.py and its neighbours), and what happens to the
candidate afterwards (promote.py).

Great Expectations has no DuckDB source, so each rule sees a pandas frame; no frame leaves this module.
"""

from __future__ import annotations

import json
import os
import re
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipelines.errors import Fault
from pipelines.release import examinations, rules
from pipelines.release.datadocs import DataDocs
from pipelines.release.examinations import Candidate, read_gate_policy
from pipelines.release.promote import current_release
from pipelines.release.reading import connect, release_info, row_counts
from pipelines.release.record import read_record
from pipelines.release.rules import Examination, Rule
from pipelines.release.waivers import Waiver, in_force
from pipelines.settings import DUCKDB_FILE, Workspace

GATE = "gate.json"
EVIDENCE = "evidence"
EXAMPLES = 3
VECTORS = 20
"""Of 2,048 rows, in one part of a frame."""
MIDNIGHT = re.compile("[ T]00:00:00$")


@dataclass(frozen=True)
class Check:
    """One rule and how it went: passed, failed, waived or not_run (the tables are not as promised).

    Where a rule names what does not hold, each name that fails is a check of its own.
    """

    check_id: str
    description: str
    outcome: str
    found: str


@dataclass(frozen=True)
class GateResult:
    """The verdict on one candidate. It has passed only if every check passed or was waived by name.

    check_ids: of the faults, in their order. waivers: those that let something through.
    """

    release_id: str
    checks: tuple[Check, ...]
    faults: tuple[Fault, ...]
    check_ids: tuple[str, ...]
    waivers: tuple[Waiver, ...]

    @property
    def passed(self) -> bool:
        """Whether the candidate may be published."""
        return bool(self.checks) and all(check.outcome in ("passed", "waived") for check in self.checks)

    def as_json(self) -> str:
        """The whole verdict, for `gate.json`."""
        content = {
            "release_id": self.release_id,
            "passed": self.passed,
            "checks": [asdict(check) for check in self.checks],
            "faults": [fault.as_dict() for fault in self.faults],
            "waivers": [waiver.told() for waiver in self.waivers],
        }
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def run_gate(workspace: Workspace) -> GateResult:
    """Check the candidate and write `gate.json` and `evidence/` into it."""
    evidence = workspace.candidate / EVIDENCE
    evidence.mkdir(exist_ok=True)
    with connect(workspace.candidate / DUCKDB_FILE) as connection:
        info = release_info(connection)
        waivers = in_force(workspace, info["built_at"].date(), read_gate_policy()["waivers"], rules.ADVICE)
        docs = DataDocs(evidence, bool(info["is_synthetic"]))
        examiner = Examiner(connection, str(info["release_id"]), evidence, waivers, docs)
        outcomes = examiner.examine(rules.structure())
        is_sound = all(check.outcome == "passed" for check, _ in outcomes)
        rest = _rest(workspace, examiner) if is_sound else [_not_run(workspace, str(info["release_id"]))]
        # Kept after each part, so that the leak scan, which comes last, also looks at what is released of the others.
        for part in rest:
            outcomes += part
            result = _result(str(info["release_id"]), outcomes, waivers)
            docs.write_index(result)
            (workspace.candidate / GATE).write_text(result.as_json(), encoding="utf-8")
    return result


def _rest(workspace: Workspace, examiner: Examiner) -> Iterator[list[tuple[Check, Fault | None]]]:
    """One maker after the other, so that the last sees what was written of the others."""
    record = read_record(workspace.candidate)
    candidate = Candidate(workspace, examiner.connection, record, read_gate_policy(), last_row_counts(workspace))
    for maker in examinations.MAKERS:
        yield [outcome for examination in maker(candidate) for outcome in examiner.examine(examination)]


def _not_run(workspace: Workspace, release_id: str) -> list[tuple[Check, Fault | None]]:
    """What can be told without looking at tables that are not as promised."""
    reason = "the tables are not as promised"
    left = [rule for part in rules.content(workspace.origin, release_id) for rule in part.rules]
    return [(Check(rule.check_id, rule.description, "not_run", reason), None) for rule in left]


def _result(release_id: str, outcomes: list[tuple[Check, Fault | None]], waivers: Mapping[str, Waiver]) -> GateResult:
    checks = tuple(check for check, _ in outcomes)
    failed = [(check.check_id, fault) for check, fault in outcomes if fault]
    used = tuple(waivers[check.check_id] for check in checks if check.outcome == "waived")
    return GateResult(release_id, checks, tuple(fault for _, fault in failed), tuple(one for one, _ in failed), used)


def last_row_counts(workspace: Workspace) -> dict[str, int]:
    """Rows by table of the release being served; empty if there is none, or if it is of the other origin."""
    served = current_release(workspace)
    if served is None:
        return {}
    with connect(served / DUCKDB_FILE) as connection:
        is_synthetic = release_info(connection)["is_synthetic"]
        return row_counts(connection) if is_synthetic == (workspace.origin == "synthetic") else {}


class Examiner:
    """Runs examinations of one candidate and keeps Great Expectations' own account of each as evidence."""

    def __init__(
        self,
        connection: duckdb.DuckDBPyConnection,
        release_id: str,
        evidence: Path,
        waivers: Mapping[str, Waiver] | None = None,
        docs: DataDocs | None = None,
    ) -> None:
        os.environ["GX_ANALYTICS_ENABLED"] = "false"
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        self._gx = gx
        self._frames = context.data_sources.add_pandas("candidate")
        self.connection = connection
        self._release_id = release_id
        self._evidence = evidence
        self._waivers = waivers or {}
        self._docs = docs

    def examine(self, examination: Examination) -> list[tuple[Check, Fault | None]]:
        """One pair for each rule, or for each name that does not hold: the check, and the fault if it failed."""
        report = self._validate(examination)
        if self._docs:
            self._docs.write(examination.name, report)
        told = report.to_json_dict()
        # When and in which batch Great Expectations read the frame says nothing of the release.
        told["meta"] = {"great_expectations_version": told["meta"]["great_expectations_version"]}
        text = json.dumps(told, indent=2, ensure_ascii=False) + "\n"
        (self._evidence / f"{examination.name}.json").write_text(text, encoding="utf-8")
        found = {result["expectation_config"]["meta"]["check_id"]: result for result in told["results"]}
        return [outcome for rule in examination.rules for outcome in self._judge(rule, found[rule.check_id])]

    def _validate(self, examination: Examination) -> Any:
        frame = self._frame(examination.sql)
        asset = self._frames.add_dataframe_asset(examination.name)
        batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
        expectations = [self._expectation(rule) for rule in examination.rules]
        suite = self._gx.ExpectationSuite(examination.name, expectations=expectations)
        report = batch.validate(suite, result_format="BOOLEAN_ONLY")
        # Looking for examples takes a third of the time, and there are none where all holds.
        if not report.success:
            report = batch.validate(suite, result_format=_with_examples(examination))
        self._forget_frames()
        return report

    def _frame(self, sql: str) -> Any:
        """In parts: on its way into a frame DuckDB makes an object of each text, and holds those of a whole part."""
        import pandas as pd

        answer = self.connection.execute(sql)
        parts = [answer.fetch_df_chunk(VECTORS)]
        while len(parts[-1]):
            parts.append(answer.fetch_df_chunk(VECTORS))
        return pd.concat(parts[:-1], ignore_index=True) if parts[1:] else parts[0]

    def _forget_frames(self) -> None:
        """Great Expectations would keep every frame until the last of all tables is looked at."""
        held = self._frames.get_execution_engine().batch_manager
        held.reset_batch_cache()
        held.batch_data_cache.clear()

    def _expectation(self, rule: Rule) -> Any:
        expectation = getattr(self._gx.expectations, rule.expectation)
        return expectation(**rule.arguments, description=rule.description, meta={"check_id": rule.check_id})

    def _judge(self, rule: Rule, result: dict[str, Any]) -> Iterator[tuple[Check, Fault | None]]:
        if result["success"]:
            yield Check(rule.check_id, rule.description, "passed", ""), None
        elif rule.by is None or not result["result"].get("unexpected_index_list"):
            yield self._failed(rule, rule.subject, _found(result))
        else:
            for name, found in _by_name(result["result"]["unexpected_index_list"], rule.by).items():
                yield self._failed(rule, name, found)

    def _failed(self, rule: Rule, subject: str, found: str) -> tuple[Check, Fault | None]:
        check_id = f"{rule.kind}:{subject}"
        if check_id in self._waivers:
            return Check(check_id, rule.description, "waived", found), None
        likely, todo = rules.ADVICE[rule.kind]
        where = f"release {self._release_id}, {subject}: {rule.kind.replace('_', ' ')} does not hold"
        return Check(check_id, rule.description, "failed", found), Fault(where, found, rule.description, likely, todo)


def _with_examples(examination: Examination) -> dict[str, Any]:
    """What Great Expectations must tell of a rule that does not hold: some rows, or all where each is a check."""
    is_by_name = any(rule.by for rule in examination.rules)
    wanted = {"result_format": "COMPLETE" if is_by_name else "SUMMARY", "partial_unexpected_count": EXAMPLES}
    return wanted | ({"unexpected_index_column_names": list(examination.key)} if examination.key else {})


def _by_name(rows: list[dict[str, Any]], by: str) -> dict[str, str]:
    """What was found, by the name of what does not hold."""
    found: dict[str, list[str]] = {}
    for row in rows:
        rest = {column.replace("_", " "): value for column, value in row.items() if column != by}
        found.setdefault(str(row[by]), []).append(_row(rest))
    return {name: "; ".join(told[:EXAMPLES]) for name, told in found.items()}


def _found(result: dict[str, Any]) -> str:
    """How many rows failed and what some of them hold, in one line."""
    if result["exception_info"].get("raised_exception", True):
        return f"could not be checked: {json.dumps(result['exception_info'])[:300]}"
    account = result["result"]
    examples = account.get("partial_unexpected_index_list") or account.get("partial_unexpected_list") or []
    shown = "; ".join(_row(example) for example in examples[:EXAMPLES])
    return f"{account['unexpected_count']} of {account['element_count']} rows, such as {shown}"


def _row(example: Any) -> str:
    if isinstance(example, dict):
        return ", ".join(f"{column} {MIDNIGHT.sub('', str(value))}" for column, value in example.items())
    return str(example)
