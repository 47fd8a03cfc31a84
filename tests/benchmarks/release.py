"""Builds one release twice from a home whose marts are built, and prints its CPU time by part and its peak memory.

Not part of the tests, because a time says something only beside another one of the same machine and minute: a fixed
task is timed in the same run. Each build has a copy of the home and a process of its own, from the candidate to the
web root, with the same SOURCE_DATE_EPOCH; then every file of the two releases is compared byte by byte. Run it from the
project: `python tests/benchmarks/release.py HOME [FOLDER]`. HOME holds SYNTHETIC data, and is only read; FOLDER keeps
the releases that were built, to be compared with those of other code.
"""

from __future__ import annotations

import hashlib
import json
import os
import resource
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from functools import wraps
from pathlib import Path
from typing import Any

NOT_NEEDED = ("dagster", "fetched", "refused", "sample")
WORDS = 3_000_000
LIMIT = 60.0


def main() -> None:
    """Two builds, a line for each part of both, and what differs between their files."""
    home, epoch = Path(sys.argv[1]).resolve(), os.environ.get("SOURCE_DATE_EPOCH") or str(int(time.time()))
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(sys.argv[2] if len(sys.argv) > 2 else scratch).resolve()
        found = [built(home, folder / name, epoch) for name in ("first", "second")]
        print_parts(*found)
        first, second = (digests(Path(one["release"])) for one in found)
    different = sorted(name for name in first.keys() | second.keys() if first.get(name) != second.get(name))
    print(f"{len(first)} files, {len(different)} of them different in the second build", *different[:20], sep="\n  ")


def built(home: Path, copy: Path, epoch: str) -> dict[str, Any]:
    """What one build in a copy of the home took, measured in a process of its own."""
    shutil.copytree(home, copy, symlinks=True, ignore=shutil.ignore_patterns(*NOT_NEEDED))
    environment = os.environ | {"IMPACT_HOME": str(copy), "IMPACT_ORIGIN": "synthetic", "SOURCE_DATE_EPOCH": epoch}
    command = [sys.executable, __file__, "--stage"]
    done = subprocess.run(command, env=environment, stdout=subprocess.PIPE, text=True, check=True)
    return json.loads(done.stdout.splitlines()[-1])


def print_parts(*found: dict[str, Any]) -> None:
    """Seconds of CPU, a column for each build. Parts of a part are indented and not added up again."""
    for name in found[0]["parts"]:
        print(f"{name:<34}", *(f"{one['parts'].get(name, 0.0):7.2f}" for one in found))
    for one in found:
        total, reference = (sum(s for name, s in one["parts"].items() if name[0] != " "), one["reference"])
        print(
            f"{total:.1f} s of CPU (limit {LIMIT:.0f}), {total / reference:.1f} times the fixed task of "
            f"{reference:.2f} s; {one['megabytes']:,.0f} MB at most"
        )


def digests(release: Path) -> dict[str, str]:
    """The SHA-256 of every file, by its path in the release."""
    paths = sorted(path for path in release.rglob("*") if path.is_file())
    return {path.relative_to(release).as_posix(): hashlib.sha256(path.read_bytes()).hexdigest() for path in paths}


class Clock:
    """Seconds of CPU of this process and of those it started, by part."""

    def __init__(self) -> None:
        self.parts: dict[str, float] = {}

    @contextmanager
    def part(self, name: str) -> Iterator[None]:
        """Adds what is done inside to a part."""
        self.parts.setdefault(name, 0.0)
        before = used()
        yield
        self.parts[name] += used() - before

    def watch(self, place: Any, function: str, name: str) -> None:
        """Adds every call of a function of a module or class to a part of a part."""
        setattr(place, function, self._timed(getattr(place, function), f"  {name}"))

    def _timed(self, function: Callable[..., Any], name: str) -> Callable[..., Any]:
        @wraps(function)
        def timed(*given: Any, **named: Any) -> Any:
            with self.part(name):
                return function(*given, **named)

        return timed


def used() -> float:
    """Seconds of CPU so far."""
    spent = [resource.getrusage(who) for who in (resource.RUSAGE_SELF, resource.RUSAGE_CHILDREN)]
    return sum(one.ru_utime + one.ru_stime for one in spent)


def stage() -> None:
    """Builds and serves one release, and prints what it took as JSON. The order is that of assets/release.py."""
    clock = Clock()
    with clock.part("imports"):
        from pipelines import release, settings
        from pipelines.release import signing
        from pipelines.staging import code_version
    workspace = settings.workspace()
    watch_parts(clock)
    with clock.part("candidate"):
        version = release.version_to_build(workspace, settings.built_at().date())
        manifest = workspace.base / "dbt_target" / "manifest.json"
        candidate = release.build_candidate(workspace, manifest, version, code_version())
    with clock.part("outputs"):
        release.write_outputs(candidate)
    with clock.part("gate"):
        result = release.run_gate(workspace)
        if not result.passed:
            release.refuse(candidate, result, workspace)
    with clock.part("manifest and signature"):
        fingerprint = workspace.fingerprint.read_text(encoding="utf-8")
        release.write_manifest(candidate, workspace, fingerprint, None, release.carried_by(workspace, version))
        release.sign_manifest(candidate, signing.synthetic_key(workspace))
    with clock.part("promotion"):
        release.publish(candidate, workspace, version)
    print(json.dumps({"release": str(workspace.releases / version), **told(clock)}))


def watch_parts(clock: Clock) -> None:
    """The parts of the three largest parts."""
    from pipelines.release import candidate, examinations, gate, leaks, output_rules, outputs

    clock.watch(candidate, "write_difference", "difference")
    for function in ("rewrite", "read_record", "export", "write_api", "write_fingertips", "write_workbook"):
        clock.watch(outputs, function, function.replace("_", " "))
    for function in ("write_packages", "write_site"):
        clock.watch(outputs, function, function.replace("_", " "))
    clock.watch(gate.Examiner, "examine", "Great Expectations")
    clock.watch(output_rules, "page_faults", "look at pages")
    clock.watch(output_rules, "_workbook_faults", "look at the workbook")
    clock.watch(examinations, "disclosive", "differencing")
    clock.watch(examinations, "gather", "gather what is confidential")
    clock.watch(leaks.Scan, "run", "scan for leaks")


def told(clock: Clock) -> dict[str, Any]:
    """The parts, the greatest resident memory, and the seconds of the fixed task."""
    megabytes, before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024, used()
    sorted(hashlib.sha256(str(number).encode()).hexdigest() for number in range(WORDS))
    return {"parts": clock.parts, "megabytes": megabytes, "reference": used() - before}


if __name__ == "__main__":
    stage() if sys.argv[1:] == ["--stage"] else main()
