"""Which examinations a candidate must pass, in order: the list to which each kind of demand is added.

Belongs here: the list of makers, and what a maker is given. Does not belong here: what is demanded (rules.py and its
neighbours), and running it (gate.py).

The leak scan comes last, so that it also sees what the gate itself has written.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import duckdb

from pipelines import settings
from pipelines.registry import load_sources
from pipelines.release import disclosure_rules, movement, output_rules, promises, rules
from pipelines.release.confidential import gather
from pipelines.release.differencing import disclosive
from pipelines.release.indicator_rules import indicator_rules
from pipelines.release.leaks import EMAIL, Scan
from pipelines.release.marks import SUFFIX
from pipelines.release.reading import row_counts
from pipelines.release.record import POLICY, Record, read_policy
from pipelines.release.rules import Examination
from pipelines.settings import Workspace

GATE_POLICY = Path(__file__).with_name("policy") / "gate.yml"


@dataclass(frozen=True)
class Candidate:
    """What a maker of examinations is given. policy: gate.yml. last: rows by table of the release being served."""

    workspace: Workspace
    connection: duckdb.DuckDBPyConnection
    record: Record
    policy: Mapping[str, Any]
    last: Mapping[str, int]

    @property
    def day(self) -> date:
        """The day of the release: that on which it says it was built, so that a rebuild is judged alike."""
        return self.record.built_at.date()


def content(candidate: Candidate) -> list[Examination]:
    """The promise: rows by table, and what must hold in them."""
    counts = rules.volume(row_counts(candidate.connection), dict(candidate.last))
    return counts + rules.content(candidate.workspace.origin, candidate.record.release_id)


def indicators(candidate: Candidate) -> list[Examination]:
    """Completeness, freshness, review dates and metadata."""
    return indicator_rules(candidate.record, dict(candidate.policy), candidate.workspace.origin, candidate.day)


def disclosure(candidate: Candidate) -> list[Examination]:
    """Counts of persons, numbers of organisations, and what earlier releases give away."""
    return [
        *disclosure_rules.person_counts(load_sources()),
        disclosure_rules.consent(candidate.policy["consent"]),
        rules.differencing(disclosive(candidate.workspace, candidate.connection)),
    ]


def last_release(candidate: Candidate) -> list[Examination]:
    """Large movements without a reason, and promises that were broken without notice."""
    return [movement.examination(), promises.examination(candidate.workspace, candidate.record.release_id)]


def outputs(candidate: Candidate) -> list[Examination]:
    """Names, pages and workbooks."""
    folder, is_synthetic = candidate.workspace.candidate, candidate.record.is_synthetic
    return [
        output_rules.synthetic_marks(folder, is_synthetic, SUFFIX, candidate.policy["marked_names"]),
        output_rules.pages(folder, is_synthetic, candidate.policy["written_later"]),
        output_rules.workbooks(folder),
    ]


def leaks(candidate: Candidate) -> list[Examination]:
    """Every byte of the folder."""
    policy = candidate.policy["leaks"]
    confidential = gather(candidate.workspace, policy)
    return [output_rules.leaks(Scan(candidate.workspace.candidate, confidential, policy, public_addresses()).run())]


MAKERS: tuple[Callable[[Candidate], list[Examination]], ...] = (
    content,
    last_release,
    indicators,
    disclosure,
    outputs,
    leaks,
)
"""Everything that a candidate must pass once its tables are as promised. A demand is made because it stands here."""


def read_gate_policy() -> dict[str, Any]:
    """What the gate demands beyond the promise, as data."""
    return read_policy(GATE_POLICY)


def public_addresses() -> set[str]:
    """E-mail addresses of the release policy and of the descriptions of sources: they are public on purpose."""
    paths = [POLICY, *sorted(settings.sources_dir().glob("*.yml"))]
    return {address for path in paths for address in re.findall(EMAIL, path.read_text(encoding="utf-8"))}
