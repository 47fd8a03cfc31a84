"""The self-assessment: each of its proofs is where it says, and a missing one is told."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipelines.errors import Faults
from pipelines.release.evidence import Line, read_lines, write_evidence


def test_every_line_of_the_served_sample_has_its_proof(served_sample: Path, tmp_path: Path) -> None:
    release = (served_sample / "serving" / "current").resolve()
    text = write_evidence(tmp_path / "rap.md", release).read_text()
    lines = read_lines()
    assert all(line.criterion in text for line in lines)
    assert {line.part for line in lines} == {"RAP, baseline", "RAP, silver", "RAP, gold", "Code of Practice"}


@pytest.mark.parametrize(
    ("state", "proofs", "found"),
    [
        ("met", ("tests/release/test_gone.py",), "no tests/release/test_gone.py"),
        ("met", ("tests/release/test_evidence.py::test_gone",), "no tests/release/test_evidence.py::test_gone"),
        ("met", ("release:gone.csv",), "no release:gone.csv"),
        ("met", (), "state 'met', 0 proofs"),
        ("mostly met", ("README.md",), "state 'mostly met', 1 proofs"),
    ],
)
def test_a_line_without_its_proof_is_refused(state: str, proofs: tuple[str, ...], found: str, tmp_path: Path) -> None:
    line = Line("RAP, gold", "Changes are signposted", state, "somehow", proofs)
    with pytest.raises(Faults) as refused:
        write_evidence(tmp_path / "rap.md", tmp_path, (line,))
    assert refused.value.faults[0].found == found
    assert not (tmp_path / "rap.md").exists()


def test_what_is_there_is_found(tmp_path: Path) -> None:
    (tmp_path / "csv").mkdir()
    (tmp_path / "csv" / "dictionary_SYNTHETIC.csv").touch()
    proofs = ("README.md", "tests/release/test_evidence.py::test_what_is_there_is_found", "release:csv/dictionary*.csv")
    line = Line("RAP, silver", "Documented", "met", "A dictionary.", proofs)
    assert "| Documented | met | A dictionary. |" in write_evidence(tmp_path / "rap.md", tmp_path, (line,)).read_text()
