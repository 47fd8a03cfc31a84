"""Why a release was refused, for somebody who does not program: `why.md`.

Belongs here: the order and the plain words of reasons. Does not belong here: what is wrong (gate.py), and the words for
each kind of reason (policy/refusals.yml).
"""

from __future__ import annotations

import shlex
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

import yaml

from pipelines.errors import Fault
from pipelines.release.examinations import read_gate_policy
from pipelines.settings import Workspace

if TYPE_CHECKING:
    from pipelines.release.gate import GateResult

POLICY = Path(__file__).with_name("policy") / "refusals.yml"
MOST_CASES = 8
"""Cases that one reason tells one by one, so that it stays within a page."""
_OPENING = """\
# Why release {release_id} was not made

The gate looked at the candidate for release {release_id} ({data}) and refused it. Nothing that readers see has changed.

- **Refused:** release {release_id}, on {day}.
- **Still in service:** {served}.
- **Reasons:** {count}, the most important first.

"""
_REASON = """\
## {number}. {heading}

{meaning}

{cases}
- **What should hold:** {expected}.
- **What is likely:** {likely}.
- **What to do:** {todo}.
- **Who can do it:** {who}
- **Waiver:** {waiver}.

"""
_MAY = "the head of profession may let it through for some time, with a reason"
_NEVER = "none; this must be mended"


@dataclass(frozen=True)
class Reason:
    """What failed in one way: the words for its kind, and every case by its check."""

    words: dict[str, Any]
    cases: tuple[tuple[str, Fault], ...]


def why(result: GateResult, workspace: Workspace, served: str | None, moment: datetime) -> str:
    """The text of why.md. served: version of the release in service, or None. moment: of the refusal."""
    reasons = list(_reasons(result))
    data = "SYNTHETIC data, all of it invented" if workspace.origin == "synthetic" else "published data"
    opening = _OPENING.format(
        release_id=result.release_id,
        data=data,
        day=_in_words(moment),
        served=f"release {served}, since {_in_words(_since(workspace))}" if served else "nothing; there was no release",
        count=len(reasons),
    )
    told = "".join(_told(number, reason) for number, reason in enumerate(reasons, 1))
    return opening + told + _technical(result)


@cache
def read_words(path: Path = POLICY) -> list[dict[str, Any]]:
    """The words for each kind of reason, in order of importance."""
    return yaml.safe_load(path.read_text(encoding="utf-8"))


def _reasons(result: GateResult) -> Iterator[Reason]:
    failed = list(zip(result.check_ids, result.faults, strict=True))
    for words in read_words():
        cases = tuple(case for case in failed if case[0].partition(":")[0] in words["kinds"])
        kinds = sorted({check_id.partition(":")[0] for check_id, _ in cases}, key=words["kinds"].index)
        for kind in kinds:
            yield Reason(words, tuple(case for case in cases if case[0].startswith(f"{kind}:")))


def _told(number: int, reason: Reason) -> str:
    fault = reason.cases[0][1]
    kind = reason.cases[0][0].partition(":")[0]
    return _REASON.format(
        number=number,
        heading=reason.words["heading"],
        meaning=reason.words["meaning"],
        cases="".join(_cases(reason)),
        expected=fault.expected,
        likely=fault.likely,
        todo=fault.todo,
        who=reason.words["who"],
        waiver=_NEVER if kind in read_gate_policy()["waivers"]["never"] else _MAY,
    )


def _cases(reason: Reason) -> Iterator[str]:
    for check_id, fault in reason.cases[:MOST_CASES]:
        yield f"- **Found:** {check_id.partition(':')[2]}: {fault.found}.\n"
    if len(reason.cases) > MOST_CASES:
        yield f"- and {len(reason.cases) - MOST_CASES:,} more, which the last section lists.\n"


def _technical(result: GateResult) -> str:
    """The names by which the checks are known to programs and to `impact release waive`."""
    lines = "".join(f"- `{check_id}`\n" for check_id in result.check_ids)
    return (
        "## For whoever mends it\n\n"
        "The whole report is in gate.json beside this file. The candidate is kept for a look, with what "
        "Great Expectations saw in its folder `evidence/data_docs/`. The checks that failed:\n\n"
        f"{lines}{_waiving(result)}"
    )


def _waiving(result: GateResult) -> str:
    """The command that waives all that may be waived, to be copied or shortened."""
    never = read_gate_policy()["waivers"]["never"]
    may = [shlex.quote(check_id) for check_id in result.check_ids if check_id.partition(":")[0] not in never]
    command = f"impact release waive {' '.join(may)} --by NAME --reason '…' --until YYYY-MM-DD"
    return f"\nWho may let these through waives them, or some of them:\n\n    {command}\n" if may else ""


def _since(workspace: Workspace) -> datetime:
    """When the pointer to what is served was last set."""
    return datetime.fromtimestamp(workspace.current.lstat().st_mtime, UTC)


def _in_words(moment: datetime) -> str:
    return f"{moment.day} {moment:%B %Y at %H:%M} UTC"
