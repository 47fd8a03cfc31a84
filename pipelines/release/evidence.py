"""The self-assessment against the levels of a reproducible analytical pipeline and the Code of Practice for Statistics.

Belongs here: reading the lines of policy/rap.yml, looking for each proof, and writing them down. Does not belong here:
the lines themselves (policy/rap.yml), which a statistician can read and correct.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

import yaml

from pipelines.errors import Fault, Faults
from pipelines.settings import PROJECT_ROOT

LINES = Path(__file__).with_name("policy") / "rap.yml"
STATES = ("met", "partly met", "not met")


@dataclass(frozen=True)
class Line:
    """One criterion and how it stands.

    proofs: a path of the project, `path::name` for a test or function in it, or `release:` and a path of a release.
    A line that is met has at least one.
    """

    part: str
    criterion: str
    state: str
    how: str
    proofs: tuple[str, ...]


def read_lines(path: Path = LINES) -> tuple[Line, ...]:
    """All lines, in the order of the file."""
    parts = yaml.safe_load(path.read_text(encoding="utf-8"))
    return tuple(
        Line(part, line["criterion"], line["state"], line["how"], tuple(line.get("proofs", ())))
        for part, lines in parts.items()
        for line in lines
    )


def write_evidence(target: Path, release: Path, lines: tuple[Line, ...] | None = None) -> Path:
    """Write the self-assessment and return its path. Raises Faults where a proof is not where its line says."""
    lines = read_lines() if lines is None else lines
    faults = [fault for line in lines for fault in _faults(line, release)]
    if faults:
        raise Faults(faults)
    target.parent.mkdir(parents=True, exist_ok=True)
    target.write_text(_text(lines, release), encoding="utf-8")
    return target


def _faults(line: Line, release: Path) -> list[Fault]:
    if line.state not in STATES or (line.state == "met" and not line.proofs):
        return [_fault(line, f"state {line.state!r}, {len(line.proofs)} proofs")]
    return [_fault(line, f"no {proof}") for proof in line.proofs if not is_there(proof, release)]


def _fault(line: Line, found: str) -> Fault:
    return Fault(
        where=f"policy/rap.yml, {line.part}: {line.criterion}",
        found=found,
        expected="one of met, partly met and not met; and each proof where the line says",
        likely="a file or test was renamed, or a line was called met without a proof",
        todo="correct the proof in policy/rap.yml, or say that the line is not met",
    )


def is_there(proof: str, release: Path) -> bool:
    """Whether a proof is where it says."""
    if proof.startswith("release:"):
        return any(release.glob(proof.removeprefix("release:")))
    path, _, name = proof.partition("::")
    file = PROJECT_ROOT / path
    if not name:
        return file.exists()
    return file.is_file() and re.search(rf"^\s*(def|class) {re.escape(name)}\b", file.read_text(), re.M) is not None


def _text(lines: tuple[Line, ...], release: Path) -> str:
    title = f"# Release {release.name}: how it was made, against RAP levels and the Code of Practice\n"
    counts = ", ".join(f"{sum(line.state == state for line in lines)} {state}" for state in STATES)
    about = (
        f"\nA self-assessment: {counts}. Each proof is a file of the project, a function in it, or a file of this\n"
        "release. Nobody outside has confirmed it.\n"
    )
    return title + about + "".join(_part(part, lines) for part in dict.fromkeys(line.part for line in lines))


def _part(part: str, lines: tuple[Line, ...]) -> str:
    head = f"\n## {part}\n\n| criterion | state | how | proof |\n|---|---|---|---|\n"
    return head + "".join(_row(line) for line in lines if line.part == part)


def _row(line: Line) -> str:
    proofs = "<br>".join(f"`{proof}`" for proof in line.proofs) or "none"
    return f"| {line.criterion} | {line.state} | {line.how} | {proofs} |\n"
