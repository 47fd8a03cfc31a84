"""The gate between a candidate and its readers: the only module that knows Great Expectations.

Belongs here: running the rules over the candidate and saying what failed. Does not belong here: the rules
(rules.py), and what happens to the candidate afterwards (promote.py).

Great Expectations has no DuckDB source, so each rule sees a pandas frame; no frame leaves this module.
"""

from __future__ import annotations

import json
import os
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import duckdb

from pipelines.errors import Fault
from pipelines.release import movement, promises, rules
from pipelines.release.differencing import disclosive
from pipelines.release.promote import current_release
from pipelines.release.reading import connect, release_info, row_counts
from pipelines.release.rules import Examination, Rule
from pipelines.settings import DUCKDB_FILE, Workspace

GATE = "gate.json"
EVIDENCE = "evidence"
EXAMPLES = 3


@dataclass(frozen=True)
class Check:
    """One rule and how it went: passed, failed, not_run (the tables are not as promised) or accepted."""

    check_id: str
    description: str
    outcome: str
    found: str


@dataclass(frozen=True)
class GateResult:
    """The verdict on one candidate. It has passed only if every check passed or was accepted by name."""

    release_id: str
    checks: tuple[Check, ...]
    faults: tuple[Fault, ...]
    accepted_falls: Mapping[str, str]

    @property
    def passed(self) -> bool:
        """Whether the candidate may be published."""
        return bool(self.checks) and all(check.outcome in ("passed", "accepted") for check in self.checks)

    def as_json(self) -> str:
        """The whole verdict, for `gate.json`."""
        content = {
            "release_id": self.release_id,
            "passed": self.passed,
            "checks": [asdict(check) for check in self.checks],
            "faults": [fault.as_dict() for fault in self.faults],
            "accepted_falls": dict(self.accepted_falls),
        }
        return json.dumps(content, indent=2, ensure_ascii=False) + "\n"


def run_gate(workspace: Workspace, accepted_falls: Mapping[str, str] | None = None) -> GateResult:
    """Check the candidate and write `gate.json` and `evidence/` into it.

    accepted_falls: reason by table, for tables that may lose more than half of their rows this once.
    """
    accepted = dict(accepted_falls or {})
    last = last_row_counts(workspace)
    evidence = workspace.candidate / EVIDENCE
    evidence.mkdir(exist_ok=True)
    with connect(workspace.candidate / DUCKDB_FILE) as connection:
        release_id = str(release_info(connection)["release_id"])
        examiner = Examiner(connection, release_id, evidence)
        outcomes = examiner.examine(rules.structure())
        is_sound = all(check.outcome == "passed" for check, _ in outcomes)
        rest = rules.volume(row_counts(connection), last, accepted)
        rest += rules.content(workspace.origin, release_id)
        rest.append(rules.differencing(disclosive(workspace, connection) if is_sound else {}))
        rest += [movement.examination(), promises.examination(workspace, release_id)]
        for examination in rest:
            outcomes += examiner.examine(examination) if is_sound else _not_run(examination)
    checks = [check for check, _ in outcomes] + [_accepted(*fall) for fall in sorted(accepted.items())]
    faults = [fault for _, fault in outcomes if fault]
    result = GateResult(release_id, tuple(checks), tuple(faults), accepted)
    (workspace.candidate / GATE).write_text(result.as_json(), encoding="utf-8")
    return result


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

    def __init__(self, connection: duckdb.DuckDBPyConnection, release_id: str, evidence: Path) -> None:
        os.environ["GX_ANALYTICS_ENABLED"] = "false"
        import great_expectations as gx
        from great_expectations.data_context.types.base import ProgressBarsConfig

        context = gx.get_context(mode="ephemeral")
        context.variables.progress_bars = ProgressBarsConfig(globally=False)
        self._gx = gx
        self._frames = context.data_sources.add_pandas("candidate")
        self._connection = connection
        self._release_id = release_id
        self._evidence = evidence

    def examine(self, examination: Examination) -> list[tuple[Check, Fault | None]]:
        """One pair for each rule of the examination: the check, and the fault if it failed."""
        report = self._validate(examination)
        # The time of day; release_info says when the release was built, and equal releases have equal evidence.
        report["meta"].pop("batch_markers", None)
        text = json.dumps(report, indent=2, ensure_ascii=False) + "\n"
        (self._evidence / f"{examination.name}.json").write_text(text, encoding="utf-8")
        found = {result["expectation_config"]["meta"]["check_id"]: result for result in report["results"]}
        return [self._judge(rule, found[rule.check_id]) for rule in examination.rules]

    def _validate(self, examination: Examination) -> dict[str, Any]:
        frame = self._connection.execute(examination.sql).df()
        asset = self._frames.add_dataframe_asset(examination.name)
        batch = asset.add_batch_definition_whole_dataframe("all").get_batch({"dataframe": frame})
        expectations = [self._expectation(rule) for rule in examination.rules]
        suite = self._gx.ExpectationSuite(examination.name, expectations=expectations)
        report = batch.validate(suite, result_format="BOOLEAN_ONLY")
        # Looking for examples takes a third of the time, and there are none where all holds.
        if not report.success:
            report = batch.validate(suite, result_format=_with_examples(examination.key))
        return report.to_json_dict()

    def _expectation(self, rule: Rule) -> Any:
        expectation = getattr(self._gx.expectations, rule.expectation)
        return expectation(**rule.arguments, description=rule.description, meta={"check_id": rule.check_id})

    def _judge(self, rule: Rule, result: dict[str, Any]) -> tuple[Check, Fault | None]:
        if result["success"]:
            return Check(rule.check_id, rule.description, "passed", ""), None
        found = _found(result)
        likely, todo = rules.ADVICE[rule.kind]
        where = f"release {self._release_id}, {rule.subject}: {rule.kind.replace('_', ' ')} does not hold"
        fault = Fault(where, found, rule.description, likely, todo)
        return Check(rule.check_id, rule.description, "failed", found), fault


def _with_examples(key: tuple[str, ...]) -> dict[str, Any]:
    """What Great Expectations must tell of a rule that does not hold; `key` names the columns that name a row."""
    wanted = {"result_format": "SUMMARY", "partial_unexpected_count": EXAMPLES}
    return wanted | ({"unexpected_index_column_names": list(key)} if key else {})


def _not_run(examination: Examination) -> list[tuple[Check, None]]:
    reason = "the tables are not as promised"
    return [(Check(rule.check_id, rule.description, "not_run", reason), None) for rule in examination.rules]


def _accepted(table: str, reason: str) -> Check:
    return Check(f"rows_since_last:{table}", f"{table} may lose rows this once", "accepted", reason)


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
        return ", ".join(f"{column} {value}" for column, value in example.items())
    return str(example)
