"""Asks MetricFlow for the metrics of the dbt project and compares what it answers with the released tables.

Not part of the tests, because MetricFlow is not installed beside this project: it wants a virtual environment of its
own, with `dbt-metricflow`, `dbt-core` and `dbt-duckdb` as uv.lock pins them. Run it from the project:
`python tests/benchmarks/metrics.py VENV HOME`. HOME holds a refreshed SYNTHETIC sample, and is only read.
"""

from __future__ import annotations

import csv
import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import duckdb

from pipelines.settings import DBT_PROJECT_DIR, Workspace

FIGURE = ("measure", "figure__period_type", "figure__period_key")
CELL = tuple(
    f"cell__{name}" for name in ("driver_id", "round_key", "instrument_version", "organisation_type", "region_code")
)
OF_ENGLAND = (
    "select measure_id, period_type, period_key, v.value from published.pub_measure_values as v "
    "join core.dim_measure as m using (measure_id) where v.org_code = 'ENG' and m.unit = '{}'"
)
OF_CELLS = (
    "select driver_id, round_key, instrument_version, organisation_type, region_code, {} "
    "from published.pub_driver_maturity where org_code is null"
)
ASKED = {
    "percentage_from_counts": (FIGURE, OF_ENGLAND.format("percent")),
    "ratio_from_counts": (FIGURE, OF_ENGLAND.format("ratio")),
    "coverage_of_maturity": (CELL, OF_CELLS.format("coverage_pct")),
    "share_at_or_above_3": (CELL, OF_CELLS.format("share_at_or_above_3")),
}


def main() -> None:
    """A line for each metric: how many figures were compared, and how many differ. Exit code 1 where any does."""
    flow, place = Path(sys.argv[1]).resolve() / "bin", Workspace(Path(sys.argv[2]).resolve(), "synthetic")
    with tempfile.TemporaryDirectory() as scratch:
        project = Path(scratch) / "project"
        shutil.copytree(DBT_PROJECT_DIR, project)
        shutil.copyfile(place.warehouse, Path(scratch) / "build.duckdb")
        os.environ |= {
            "IMPACT_WAREHOUSE": f"{scratch}/build.duckdb",
            "IMPACT_STAGED": str(place.staged),
            "DBT_PROFILES_DIR": str(project),
            "DO_NOT_TRACK": "1",
        }
        run(project, flow / "dbt", "--quiet", "run", "--no-version-check", "--select", "int_calendar__days")
        run(project, flow / "mf", "validate-configs")
        wrong = sum(compared(name, project, flow / "mf", scratch) for name in ASKED)
    sys.exit(1 if wrong else 0)


def run(project: Path, program: Path, *words: str) -> None:
    """One command in the folder of the project."""
    subprocess.run([str(program), *words], cwd=project, check=True, capture_output=True)


def compared(name: str, project: Path, flow: Path, scratch: str) -> int:
    """How many published figures MetricFlow does not give. It gives all as text, to the digits that it shows."""
    by, sql = ASKED[name]
    answer = Path(scratch) / f"{name}.csv"
    run(project, flow, "query", "--metrics", name, "--group-by", ",".join(by), "--csv", str(answer), "--decimals", "6")
    with answer.open(newline="") as file:
        told = {tuple(row[column] for column in by): row[name] for row in csv.DictReader(file)}
    with duckdb.connect(f"{scratch}/build.duckdb", read_only=True) as connection:
        published = {tuple(row[:-1]): row[-1] for row in connection.execute(sql).fetchall()}
    wrong = [key for key, value in published.items() if not is_same(told.get(key, ""), value)]
    print(f"{name}: {len(published)} compared, {len(wrong)} differ {wrong[:3] or ''}")
    return len(wrong)


def is_same(told: str, published: float | None) -> bool:
    """Whether both are empty, or the same to four decimals."""
    if not told or published is None:
        return not told and published is None
    return abs(float(told) - published) < 0.0001


if __name__ == "__main__":
    main()
