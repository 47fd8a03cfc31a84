"""A home that refreshes by itself under a clock that a script moves, with publishers on this machine.

Real are: publishers asked over HTTP, files taken in and staged, decisions when to run, waiting, approval, publication,
and alerts. Replaced are the warehouse and the gate, by tests/release/standin.py: a release holds the same tables each
time, and the gate says what the script wants. In `Whole` nothing is replaced, and each release takes minutes.

Belongs here: what publishers, the machine and people can do. Does not belong here: what happens when
(tests/benchmarks/year.py).
"""

from __future__ import annotations

import json
import re
from calendar import monthrange
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path

import duckdb
import pytest
from dagster import DagsterInstance, MaterializeResult, asset, materialize

from pipelines import refreshing, registry, release, schedules, settings
from pipelines.alerts import alert, watch
from pipelines.assets import raw, staged, warehouse
from pipelines.assets import release as releasing
from pipelines.errors import Fault, Faults
from pipelines.fetch import http
from pipelines.planning import ASKING, Decision
from pipelines.registry import load_sources
from pipelines.release import approval, embargo, publication, waiting
from pipelines.release.embargo import LONDON
from pipelines.release.gate import GateResult
from pipelines.sample import ae, population, sickness, write_sample
from pipelines.settings import SOURCES_DIR, Workspace
from pipelines.staging import already_staged
from pipelines.store import decisions
from tests import running
from tests.fetch.publisher import Answer, Publisher, publishing
from tests.release import standin

SICKNESS, EMERGENCY, INBOX = "sickness_absence", "ae_four_hour", "impact_self_assessment"
LANDING = {SICKNESS: "/sickness", EMERGENCY: "/emergency"}
ORGANISATIONS = 20
DOWN = Answer(b"out of order", 500)
LOOKS = (time(9, 30), time(9, 45), time(10, 30), time(12, 0), time(13, 45), time(16, 45))
"""When the simulated daemon looks at its schedules and sensors; a real one looks at its sensors more often."""
RELEASING = (time(9, 30), time(10, 30))


@dataclass
class Simulation:
    """moment: by the one clock, UTC. is_off: whether the machine is. missed: whether ticks were missed by that.

    refuses: what the gate says, None for well. runs: every refresh with its moment and the sources that were asked.
    out: each release with its day of the calendar and its moment.
    """

    workspace: Workspace
    publisher: Publisher
    inbox: Path
    moment: datetime
    is_off: bool = False
    missed: bool = False
    refuses: str | None = None
    published: dict[str, list[str]] = field(default_factory=dict)
    runs: list[tuple[datetime, tuple[str, ...]]] = field(default_factory=list)
    out: list[tuple[str, str, str]] = field(default_factory=list)
    keys: set[str] = field(default_factory=set)

    @property
    def alerts(self) -> list[tuple[str, str, str | None]]:
        """Every alert: key without the hash of a file, London day on which it was raised, and on which it ended."""
        found: list[tuple[str, str, str | None]] = []
        for line in alert.journal(self.workspace):
            key, day = line.get("key"), f"{datetime.fromisoformat(line['at']).astimezone(LONDON).date()}"
            if line["event"] == "raised":
                found.append((key, day, None))
            elif line["event"] == "cleared":
                place = max(i for i, one in enumerate(found) if one[0] == key and one[2] is None)
                found[place] = (key, found[place][1], day)
        return [(_without_hash(key), *days) for key, *days in found]

    def look(self) -> None:
        """What the daemon does at one moment: the sensors, then the schedules whose moment it is, or was missed."""
        if self.is_off:
            return
        local = self.moment.astimezone(LONDON).time()
        watch.look(self.workspace)
        self._run_if(schedules.inbox_decision(self.workspace), self._refresh)
        if local in RELEASING or self.missed:
            self._run_if(schedules.release_decision(self.workspace), self._publish)
        if local in ASKING or self.missed:
            self._run_if(schedules.refresh_decision(self.workspace), self._refresh)
        self.missed = False

    def switch_off(self) -> None:
        """Nothing is looked at until it is on again."""
        self.is_off = True

    def switch_on(self) -> None:
        """The daemon looks at once at what it missed."""
        self.is_off, self.missed = False, True
        self.look()

    def look_twice(self) -> None:
        """As a daemon that was stopped between asking for a run and noting that it did."""
        self.look()
        self.look()

    def _run_if(self, decision: Decision, run: Callable[[Decision], None]) -> None:
        """Dagster starts one run for each key."""
        if decision.run_key and decision.run_key not in self.keys:
            self.keys.add(decision.run_key)
            run(decision)

    def _refresh(self, decision: Decision) -> None:
        self.runs.append((self.moment, tuple(sorted(decision.sources or ()))))
        try:
            refreshing.watched(self.workspace, "refresh", lambda: self._materialize(decision))
        except Exception as error:
            assert self.refuses or isinstance(error, Fault | Faults), error

    def _materialize(self, decision: Decision) -> None:
        sources = load_sources().values()
        assets = [raw.fetched_files, raw.arrived_files, staged.staged_registry, self._release_asset()]
        materialize(
            [*assets, *map(raw.raw_asset, sources), *map(staged.staged_asset, sources)],
            instance=DagsterInstance.ephemeral(),
            run_config={
                **schedules.run_config(decision),
                "loggers": {"console": {"config": {"log_level": "CRITICAL"}}},
            },
        )

    def _release_asset(self):
        @asset(key=["release", "standin"], deps=list(staged.REGISTRY))
        def build() -> MaterializeResult:
            if not warehouse.is_unchanged(self.workspace):
                self._build()
            return MaterializeResult()

        return build

    def _build(self) -> None:
        """A candidate from the warehouse that stands in, and what the gate says of it."""
        place = self.workspace
        version = release.version_to_build(place, settings.built_at().date())
        release.build_candidate(place, standin.manifest_path(place), version, "abc1234", settings.built_at())
        passed = {"release_id": version, "passed": self.refuses is None}
        (place.candidate / "gate.json").write_text(json.dumps(passed))
        if self.refuses:
            fault = Fault(self.refuses, "something", "something else", "a test", "nothing")
            release.refuse(place.candidate, GateResult(version, (), (fault,), ("one_row:x",), ()), place)
        releasing._let_wait(place)

    def _publish(self, _: Decision) -> None:
        place = self.workspace
        for version in refreshing.watched(place, "publish_due", lambda: publication.publish_due(place)):
            day = release.read_manifest(place.releases / version)["calendar"]["date"]
            self.out.append((version, day, f"{self.moment.astimezone(LONDON):%Y-%m-%d %H:%M}"))

    # What people do.

    def approve(self) -> None:
        """A colleague looks at what waits and approves it."""
        for folder in waiting.listing(self.workspace):
            with running.working(self.workspace.root, running.APPROVER):
                approval.approve(self.workspace, folder, running.APPROVER, "Looked at every page.")

    def accept(self, source_id: str, edition: str) -> None:
        """Somebody looks at a file that is held and decides that it is right."""
        staged_source = already_staged(load_sources()[source_id], self.workspace)
        (held,) = (item for item, note in staged_source.notes.items() if note.outcome == "held")
        assert held.edition == edition
        decisions.record(self.workspace, source_id, edition, held.vintage, "accept", "They merged.", "a person")

    def submit(self, name: str, content: str) -> None:
        """Somebody drops a file into the inbox."""
        (self.inbox / name).write_text(content)

    def withdraw(self, org_code: str) -> None:
        """An organisation takes its answers back: its file lies in the inbox, and dbt would find what it says."""
        self.submit(f"{org_code}.json", submission(org_code, "withdrawn"))
        with duckdb.connect(str(self.workspace.warehouse)) as connection:
            connection.execute(
                "insert into intermediate.int_maturity__withdrawn values (?, 'v1', '2026', ?, ?, true)",
                [org_code, self.moment.replace(tzinfo=None), self.moment.replace(tzinfo=None)],
            )

    def extend_calendar(self, *days: str) -> None:
        """The head of profession announces more dates."""
        path = self.workspace.root / "calendar.yml"
        lines = [f"  - {{date: {day}, title: More, status: confirmed, announced_on: 2027-10-01}}\n" for day in days]
        text = embargo.CALENDAR.read_text(encoding="utf-8")
        path.write_text(text.replace("\n# Bank holidays", "".join(lines) + "\n# Bank holidays"), encoding="utf-8")
        embargo.CALENDAR = path

    def review(self, until: str) -> None:
        """Somebody reviews the sources."""
        for path in settings.sources_dir().glob("*.yml"):
            text = path.read_text(encoding="utf-8")
            (line,) = (line for line in text.splitlines() if line.startswith("review_date"))
            path.write_text(text.replace(line, f"review_date: {until}"), encoding="utf-8")
        registry.forget_sources()

    # What publishers do.

    def publish(self, source_id: str, edition: str, content: bytes | None = None, suffix: str = "") -> None:
        """An edition is put on the publisher's pages; without content, a good file."""
        month = date.fromisoformat(f"{edition}-01")
        names = {
            SICKNESS: sickness.FILE_NAME.format(month=month),
            EMERGENCY: ae.FILE_NAME.format(month=month, suffix=suffix),
        }
        path = f"/files/{names[source_id]}"
        self.publisher.serve(path, content or a_file(source_id, month))
        files = self.published.setdefault(source_id, [])
        files += [path] if path not in files else []
        self.open(source_id)

    def open(self, source_id: str) -> None:
        """The pages of a publisher, as they are when its server works."""
        files = self.published[source_id]
        if source_id == SICKNESS:
            pages = {f"/nhs-sickness-absence-rates/{_month_of(file)}-statistics": file for file in files}
            self.publisher.page(LANDING[source_id], *pages)
            for page, file in pages.items():
                self.publisher.page(page, file)
        else:
            page = "/ae-attendances-and-emergency-admissions-2026-27/"
            self.publisher.page(LANDING[source_id], page)
            self.publisher.page(page, *files)

    def close(self, source_id: str) -> None:
        """The publisher's server fails."""
        self.publisher.serve(LANDING[source_id], DOWN)


class Whole(Simulation):
    """With dbt, the gate, all pages and all sources: two publishers, and a folder with the SYNTHETIC sample."""

    def publish(self, source_id: str, edition: str, content: bytes | None = None, suffix: str = "") -> None:
        """An edition of the sample's organisations is put on the publisher's pages."""
        super().publish(source_id, edition, content or of_sample(self.workspace.root, source_id, edition), suffix)

    def _materialize(self, decision: Decision) -> None:
        from pipelines.definitions import defs

        job = defs.resolve_job_def(schedules.REFRESH)
        quiet = {"loggers": {"console": {"config": {"log_level": "CRITICAL"}}}}
        job.execute_in_process(
            instance=DagsterInstance.ephemeral(), run_config={**schedules.run_config(decision), **quiet}
        )


def of_sample(folder: Path, source_id: str, edition: str) -> bytes:
    """A month that the sample has, or would have if it went on."""
    writer = {SICKNESS: sickness, EMERGENCY: ae}[source_id]
    (path,) = writer.write(folder / "made", population.build(), [date.fromisoformat(f"{edition}-01")])
    return path.read_bytes()


def _month_of(file: str) -> str:
    """The month and year in the name of a file of sickness absence, as its page has them."""
    month, year = file.removesuffix(".csv").rsplit(", ", 1)[1].split()
    return f"{month.lower()}-{year}"


def _without_hash(key: str) -> str:
    """Files and reasons are named by hashes, which no script can know beforehand."""
    kind, _, rest = key.partition(":")
    return f"{kind}:{rest.rpartition(':')[0]}" if kind in ("refused", "held") else key


def a_file(source_id: str, month: date, organisations: int = ORGANISATIONS, days_lost: int = 500) -> bytes:
    """A small file in the publisher's layout."""
    end = month.replace(day=monthrange(month.year, month.month)[1])
    codes = [f"ZX{number:03d}" for number in range(1, organisations + 1)]
    if source_id == SICKNESS:
        lines = ["DATE,NHSE_REGION_CODE,NHSE_REGION_NAME,ICS_CODE,ICS_NAME,ORG_CODE,ORG_NAME,ORG_TYPE,FTE_DAYS_LOST,"]
        lines[0] += "FTE_DAYS_AVAILABLE,SICKNESS_ABSENCE_RATE_PERCENT"
        who = "{end:%d/%m/%Y},Y56,London,ZY001,SYNTHETIC North,{code},SYNTHETIC {code},Acute"
        lines += [f"{who.format(end=end, code=code)},{days_lost},10000,{days_lost / 100}" for code in codes]
    else:
        period = f"MSitAE-{f'{month:%B}'.upper()}-{month.year}"
        lines = [",".join(f'"{name}"' for name in [*ae.DESCRIPTIVE, *ae.COUNTS])]
        ones = ",".join([str(days_lost)] * len(ae.COUNTS))
        sums = ",".join([str(days_lost * organisations)] * len(ae.COUNTS))
        lines += [f"{period},{code},NHS ENGLAND LONDON,SYNTHETIC {code},{ones}" for code in codes]
        lines.append(f"TOTAL,TOTAL,TOTAL,TOTAL,{sums}")
    return "\r\n".join([*lines, ""]).encode()


def submission(org_code: str, status: str) -> str:
    """A self-assessment as JSON."""
    told = {
        "ods_code": org_code,
        "instrument_version": "provider-capability-1",
        "assessment_date": "2027-09-01",
        "submission_status": status,
        "sharing_scope": "national_aggregate",
        "answers": [{"item": item, "level": 2} for item in ("strategy_leadership_planning", "quality")],
    }
    return json.dumps([told])


@contextmanager
def simulating(root: Path, begin: str) -> Iterator[Simulation]:
    """A new home below root, at 00:00 London time of a day, until the end of the block."""
    with publishing() as publisher, pytest.MonkeyPatch.context() as patch:
        place = standin.workspace(root / "home", "published")
        running.make_keys(place.root)
        (root / "inbox").mkdir()
        made = Simulation(place, publisher, root / "inbox", _london(date.fromisoformat(begin), time(0)))
        _set(patch, made, _sources(root / "sources", publisher))
        # The ledger is about sources that are not here.
        patch.setattr("pipelines.editions.tables.load_corrections", tuple)
        try:
            yield made
        finally:
            registry.forget_sources()


@contextmanager
def simulating_whole(root: Path, begin: str) -> Iterator[Whole]:
    """The same with nothing replaced. The sample's submissions lie in the inbox, its files in a folder."""
    day, offered = date.fromisoformat(begin), root / "offered"
    with publishing() as publisher, pytest.MonkeyPatch.context() as patch:
        place = Workspace(root / "home", "published")
        running.make_keys(place.root)
        running.waive_freshness(place.root, day)
        running.waive_checks(place.root, "page:synthetic_page", day=day)
        write_sample(offered)
        (offered / "submissions").rename(root / "inbox")
        made = Whole(place, publisher, root / "inbox", _london(day, time(0)))
        _set(patch, made, _all_sources(root / "sources", publisher))
        patch.setenv("IMPACT_FROM", str(offered))
        patch.setenv("IMPACT_DAGSTER_DIR", str(root / "dagster"))
        try:
            yield made
        finally:
            registry.forget_sources()


def _set(patch: pytest.MonkeyPatch, made: Simulation, sources: Path) -> None:
    names = {"HOME": made.workspace.root, "SOURCES": sources, "ORIGIN": "published", "LIVE": "yes", "FROM": ""}
    names |= {"SUBMISSIONS": made.inbox, "SECONDS_BETWEEN_REQUESTS": 0, "AS_AT": "", "NOTIFY": "", "PROXY": ""}
    names |= {"SAMPLE_AS_PUBLISHED": "yes", "SIGNING_KEY": running.key_of(made.workspace.root, running.BUILDER)}
    for name, value in names.items():
        patch.setenv(f"IMPACT_{name}", str(value))
    patch.setattr(settings, "now", lambda: made.moment)
    patch.setattr(settings, "today", lambda: made.moment.astimezone(LONDON).date())
    patch.setattr(embargo, "CALENDAR", embargo.CALENDAR)
    hasty = http.Policy(attempts=2, back_off=0, jitter=0, between=0)
    patch.setattr("pipelines.fetch.fetching.client", lambda _: http.client(hasty))


def _sources(folder: Path, publisher: Publisher) -> Path:
    """The registry's own sources, two publishers and the inbox, at addresses of this machine."""
    folder.mkdir()
    for source_id in (SICKNESS, EMERGENCY, INBOX):
        text = (SOURCES_DIR / f"{source_id}.yml").read_text(encoding="utf-8")
        address = load_sources(SOURCES_DIR)[source_id].landing_page
        text = text.replace(address, publisher.url + LANDING.get(source_id, "/"))
        kept = [line for line in text.splitlines() if not line.startswith("known_organisations_from")]
        text = "\n".join(kept).replace("newest: 12", "newest: 2")
        (folder / f"{source_id}.yml").write_text(text, encoding="utf-8")
    return folder


def _all_sources(folder: Path, publisher: Publisher) -> Path:
    """The whole registry. Two publishers are on this machine, of the others nobody is asked."""
    folder.mkdir()
    for source_id, source in load_sources(SOURCES_DIR).items():
        text = (SOURCES_DIR / f"{source_id}.yml").read_text(encoding="utf-8")
        if source_id in LANDING:
            text = text.replace(source.landing_page, publisher.url + LANDING[source_id])
        else:
            text = re.sub(r"^fetch:.*\n(?:[ #].*\n)*", "", text, flags=re.MULTILINE)
        (folder / f"{source_id}.yml").write_text(text, encoding="utf-8")
    return folder


Script = dict[str, Callable[[Simulation], None]]


def play(made: Simulation, script: Script, until: str) -> None:
    """Goes through the days up to `until`, which is left out. script: what happens, by London time, to the minute."""
    events = [(_london(*_parts(text)), happens) for text, happens in script.items()]
    last = _london(date.fromisoformat(until), time(0))
    looks = [(moment, Simulation.look_twice) for moment in _looks(made.moment, last)]
    # Of what falls on the same moment, the world goes first.
    steps = sorted(
        [*((moment, 0, what) for moment, what in events), *((moment, 1, what) for moment, what in looks)],
        key=lambda step: step[:2],
    )
    for moment, _, what in steps:
        if made.moment <= moment < last:
            made.moment = moment
            what(made)


def _looks(since: datetime, until: datetime) -> Iterator[datetime]:
    day = since.astimezone(LONDON).date()
    while _london(day, time(0)) < until:
        yield from (_london(day, moment) for moment in LOOKS)
        day += timedelta(days=1)


def _parts(text: str) -> tuple[date, time]:
    day, _, moment = text.partition(" ")
    return date.fromisoformat(day), time.fromisoformat(moment)


def _london(day: date, moment: time) -> datetime:
    return datetime.combine(day, moment, LONDON).astimezone(UTC)
