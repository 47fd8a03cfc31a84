"""Builds every model from the published files and as many self-assessments as the sample has, and prints its CPU time.

Not part of the tests, because a time says something only beside another one of the same machine and minute: `dbt parse`
of the same project is timed in the same run. Run it from the project: `python tests/benchmarks/marts.py [HOME]`; it
reads IMPACT_REAL_DATA. The answers are the sample's, under the codes of real trusts, so that the links have their real
size: they are invented, mean nothing, and must be shown to nobody. They stay in HOME, or in a folder that is deleted.
"""

from __future__ import annotations

import csv
import os
import resource
import subprocess
import sys
import tempfile
from itertools import chain
from pathlib import Path

from pipelines.sample import plan, population, submissions
from pipelines.settings import DBT_PROJECT_DIR, PROJECT_ROOT

REAL_DATA = Path(os.environ.get("IMPACT_REAL_DATA", PROJECT_ROOT.parent / "shared" / "data"))
TYPES = "select organisation_type, org_code from int_organisations__eligible group by all order by all"


def main() -> None:
    """Stages everything, then times dbt alone in a new file."""
    with tempfile.TemporaryDirectory() as folder:
        home = Path(sys.argv[1] if len(sys.argv) > 1 else folder).resolve()
        refresh(home, "--from", str(REAL_DATA))
        write_inbox(home / "inbox", codes_by_type(home))
        refresh(home, "--from", str(REAL_DATA), "--submissions", str(home / "inbox"))
        with tempfile.TemporaryDirectory() as target:
            parsing, building = (dbt_seconds(home, Path(target), word) for word in ("parse", "build"))
    print(
        f"dbt parse {parsing:.1f} s of CPU; dbt build after it {building:.1f} s, {building / parsing:.1f} times as much"
    )


def refresh(home: Path, *words: str) -> None:
    """One refresh, as a person would run it."""
    command = [sys.executable, "-m", "pipelines.cli", "refresh", *words]
    subprocess.run(command, cwd=PROJECT_ROOT, env=os.environ | {"IMPACT_HOME": str(home)}, check=True)


def codes_by_type(home: Path) -> dict[str, list[str]]:
    """ODS codes of the eligible organisations, by organisation type."""
    import duckdb

    found: dict[str, list[str]] = {}
    with duckdb.connect(str(home / "published" / "warehouse" / "build.duckdb"), read_only=True) as connection:
        connection.execute("use build.intermediate")
        for kind, code in connection.execute(TYPES).fetchall():
            found.setdefault(kind, []).append(code)
    return found


def write_inbox(folder: Path, codes: dict[str, list[str]]) -> None:
    """The sample's rounds, each invented organisation under the code of a real one of its type, without names."""
    people = population.build()
    free = {kind: iter(found) for kind, found in codes.items()}
    real = {one.code: next(free[one.kind], None) for one in people.organisations}
    for turn in plan.settings()["editions"][submissions.SOURCE]:
        records = chain.from_iterable(submissions.of_round(people, turn).values())
        write_export(folder / f"national_export_{turn['round']}.csv", records, real)


def write_export(path: Path, records: chain[submissions.Submission], real: dict[str, str | None]) -> None:
    """One row for each answer, in the layout of the sample's export."""
    path.parent.mkdir(parents=True, exist_ok=True)
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.writer(stream)
        writer.writerow(submissions.CSV_HEADER)
        for one in records:
            if code := real[one.code]:
                head = [code, "", submissions.INSTRUMENT, one.assessed_on.isoformat(), one.status, one.scope, "", ""]
                answers = zip(submissions.items(), one.levels, strict=True)
                writer.writerows([*head, item["item"], level, ""] for item, level in answers)


def dbt_seconds(home: Path, target: Path, word: str) -> float:
    """Seconds of CPU of one dbt command in a process of its own; the project is parsed once, as in a refresh."""
    places = {"IMPACT_WAREHOUSE": str(target / "build.duckdb"), "IMPACT_STAGED": str(home / "published" / "staged")}
    command = [str(Path(sys.executable).with_name("dbt")), "--quiet", word, "--no-version-check"]
    command += ["--project-dir", str(DBT_PROJECT_DIR), "--profiles-dir", str(DBT_PROJECT_DIR)]
    command += ["--target-path", str(target)]
    command += ["--exclude-resource-type", "unit_test"] if word == "build" else []
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, env=os.environ | places, check=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime - before.ru_utime + after.ru_stime - before.ru_stime


if __name__ == "__main__":
    main()
