"""Which conditions need a person: looked at by the end of each run, and at each tick in between.

Belongs here: the conditions and their words. Does not belong here: telling (alert.py, notifier.py), or deciding
anything about data, releases or publishers. A condition of another part of the product raises its alert itself.

A submission's file and its sender are never named: they are counted.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shlex
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

from pipelines import at_work, settings
from pipelines.alerts.alert import Alert, hold_to
from pipelines.at_work import Failed
from pipelines.editions.awaited import all_awaited
from pipelines.errors import Fault, Faults
from pipelines.fetch.log import read_log
from pipelines.fetch.rounds import Round, can_be_asked, read_rounds
from pipelines.registry import load_sources
from pipelines.release import approval, promote, waiting
from pipelines.release.embargo import Entry, in_words, read_calendar
from pipelines.release.manifest import read_manifest
from pipelines.settings import Workspace
from pipelines.staging import StagedSource, already_staged
from pipelines.store.parquet import Staged
from pipelines.store.snapshots import Snapshot
from schemas.source import Source

TELL_BEFORE = dt.timedelta(days=5)
"""How long before a release's date its approval, or the release itself, is missed."""
LATE_AFTER = dt.timedelta(hours=1)
CALENDAR_ENDS = dt.timedelta(weeks=8)
REVIEW_ENDS = dt.timedelta(weeks=4)
FAILURES = 4
"""Rounds in a row without an answer: one whole working day, and the morning after."""
TOO_LONG = dt.timedelta(hours=3)
MOST_NAMED = 5


def look(workspace: Workspace) -> None:
    """Tells what needs a person and was not told; ends what is over. Raises nothing: a run never fails of it."""
    workspace, moment = workspace.of_today, settings.now()
    # Of the SYNTHETIC sample nothing is awaited and nothing is announced.
    conditions = (_runs,) if workspace.origin == "synthetic" else CONDITIONS
    found = [alert for condition in conditions for alert in _safely(condition, workspace, moment)]
    hold_to(workspace, found, KINDS)


def failed(workspace: Workspace, step: str, kind: str, text: str) -> Failed:
    """What is kept of a failure: the kind of its error and, of a fault, the line that says where it is."""
    is_fault = kind in (Fault.__name__, Faults.__name__, promote.Refused.__name__)
    where = text.strip().split("\n")[0] if is_fault else ""
    folder = max(workspace.refused.iterdir(), default=None) if kind == promote.Refused.__name__ else None
    moment = settings.now().isoformat(timespec="seconds")
    return Failed(step, f"{kind}: {where}" if where else kind, moment, folder and folder.name)


def _safely(condition: Callable, workspace: Workspace, moment: dt.datetime) -> list[Alert]:
    """What one condition finds; that it could not be looked at is itself a thing to know."""
    try:
        return list(condition(workspace, moment))
    except Exception as error:
        name = condition.__name__.strip("_")
        return [
            Alert(
                f"unwatched:{name}",
                f"nobody would be told of: {name}",
                f"{type(error).__name__} while looking",
                "run `impact status` and `impact release waiting`: one of them says what cannot be read",
                "pipelines/alerts/watch.py",
                "error",
            )
        ]


def _runs(workspace: Workspace, moment: dt.datetime) -> Iterator[Alert]:
    """Releases that were refused, runs that failed, one that was killed again and again, one that does not end."""
    for job, failure in at_work.failures(workspace).items():
        yield _refused(workspace, failure) if failure.folder else _run_failed(job, failure)
    run = at_work.begun(workspace)
    if run and run.attempts >= at_work.MOST_ATTEMPTS and at_work.killed(workspace):
        yield _killed(run.job, run.attempts)
    elif run and moment - run.since > TOO_LONG and not at_work.killed(workspace):
        yield _too_long(run.job, run.since)


def _refused(workspace: Workspace, failure: Failed) -> Alert:
    """The same reasons again are the same alert."""
    assert failure.folder
    folder = workspace.refused / failure.folder
    report = json.loads((folder / "gate.json").read_text(encoding="utf-8"))
    return Alert(
        f"refused:release:{_short((folder / 'reasons.txt').read_text(encoding='utf-8'))}",
        f"release {report['release_id']} was refused",
        "the gate found what must not go out",
        f"read {folder / promote.WHY}; mend what it says, or have it waived, and run the refresh again",
        "the gate of the release",
        "error",
    )


def _run_failed(job: str, failure: Failed) -> Alert:
    return Alert(
        f"run_failed:{failure.step}",
        f"a run of {job} failed",
        failure.what,
        "look at the run in Dagster, or run `impact refresh` by hand, which says it in full",
        f"step {failure.step}, on {failure.at}",
        "error",
    )


def _killed(job: str, attempts: int) -> Alert:
    return Alert(
        f"run_failed:killed:{job}",
        f"a run of {job} was stopped from outside, {attempts} times in a row",
        "its process ended before the run did",
        "see whether the machine has memory and disk left (`impact doctor`), then run `impact refresh`",
        "this machine",
        "error",
    )


def _too_long(job: str, since: dt.datetime) -> Alert:
    return Alert(
        f"lock:{since.isoformat()}",
        f"a run of {job} does not come to an end",
        f"at work since {in_words(since)}; no other run can begin",
        "look at the run in Dagster; stop it there if it hangs",
        "the lock of IMPACT_HOME",
        "error",
    )


def _files(workspace: Workspace, _: dt.datetime) -> Iterator[Alert]:
    """Files that were refused and that nothing has replaced, and files that wait for a decision."""
    for source in load_sources().values():
        staged = already_staged(source, workspace)
        wanting = [(item, note) for item, note in staged.notes.items() if _needs_somebody(item, note, staged)]
        if source.is_inbox and wanting:
            yield _submissions(source, [item for item, _ in wanting])
        elif not source.is_inbox:
            yield from (_file(source, item, note) for item, note in wanting)


def _needs_somebody(item: Snapshot, note: Staged, staged: StagedSource) -> bool:
    """Refused or held, and no later file of the same edition was taken in its place."""
    if note.outcome not in ("refused", "held"):
        return False
    order = list(staged.notes)
    later = order[order.index(item) + 1 :]
    return not any(
        other.edition_part == item.edition_part and staged.notes[other].outcome == "accepted" for other in later
    )


def _file(source: Source, item: Snapshot, note: Staged) -> Alert:
    which = f"{shlex.quote(source.source_id)} {shlex.quote(item.edition)} --vintage {item.vintage} --reason '...'"
    do = {
        "held": f"look at it; then `impact accept {which}` or `impact drop {which}`",
        "refused": "see `impact status`: mend the source's YAML if the publisher changed its layout, or ask the "
        f"publisher for the file again; or `impact drop {which}`",
    }
    words = {"held": "is held for a decision", "refused": "was refused"}
    where, found = _first_words(note.reason or "")
    return Alert(
        f"{note.outcome}:{source.source_id}:{item.edition}:{item.vintage}",
        f"a file of {source.source_id} {item.edition} {words[note.outcome]}",
        found,
        do[note.outcome],
        where or item.where,
    )


def _first_words(reason: str) -> tuple[str, str]:
    """Where, and what was found, of the first fault of a written reason."""
    lines = reason.strip().split("\n")
    found = next((line.strip() for line in lines if line.strip().startswith("found")), "found")
    return lines[0], found.removeprefix("found").strip() or "see `impact status`"


def _submissions(source: Source, items: list[Snapshot]) -> Alert:
    """One alert for all of them, and another one as soon as there are others."""
    return Alert(
        f"refused:{source.source_id}:{_short(','.join(sorted(item.sha256 for item in items)))}",
        f"{len(items)} of the submissions cannot be used",
        "files that were refused; their senders are not named here",
        "`impact status` says what is wrong with each; ask the senders for them again",
        f"the inbox, source {source.source_id}",
    )


def _lateness(workspace: Workspace, moment: dt.datetime) -> Iterator[Alert]:
    """Editions that are late beyond their grace, but those of which a refused file was told already.

    As of the day on which the publisher last answered: while nobody asks, as while this machine is off or before the
    first round, nothing is late.
    """
    rounds = read_rounds(workspace)
    known = [one for one in load_sources().values() if one.source_id in rounds or not can_be_asked(one)]
    for one in all_awaited(known, workspace):
        last = rounds.get(one.source_id, Round(moment))
        late = one.days_late(min(last.asked_at, moment).date())
        if late and not one.is_known and not last.failures:
            yield Alert(
                f"late:{one.source_id}:{one.edition}",
                f"{one.source_id} {one.edition} is late",
                f"{late} days since it was due on {one.due_on}; {one.grace_days} are usual",
                "look at the publisher's page; if the day moved, write it under `calendar:` in "
                f"sources/{one.source_id}.yml",
                f"source {one.source_id}",
                "error" if one.is_required else "warning",
            )


def _publishers(workspace: Workspace, _: dt.datetime) -> Iterator[Alert]:
    """Publishers that did not give what was looked for, several times in a row."""
    faults = read_log(workspace.fetched).faults
    for source_id, last in read_rounds(workspace).items():
        if last.failures >= FAILURES and last.failing_since:
            fault = next(iter(faults.get(source_id, ())), None)
            yield Alert(
                f"unreachable:{source_id}",
                f"{source_id} could not be fetched {last.failures} times in a row",
                f"since {in_words(last.failing_since)}" + (f": {fault.found}" if fault else ""),
                fault.todo if fault else "look at the publisher's page",
                fault.where if fault else f"source {source_id}",
                "warning",
            )


def _releases(workspace: Workspace, moment: dt.datetime) -> Iterator[Alert]:
    """Announced dates without a release or without an approval, waivers that run out, dates that have passed."""
    folders = {_planned(folder): folder for folder in waiting.listing(workspace)}
    for entry in read_calendar().entries:
        folder = folders.get(entry.date.isoformat())
        if dt.timedelta(0) < entry.ends_at - moment <= TELL_BEFORE:
            yield from _soon(workspace, entry, folder)
    yield from _overdue(workspace, moment)
    yield from (alert for folder in folders.values() for alert in _waivers(folder))


def _planned(folder: Path) -> str | None:
    entry = read_manifest(folder)["calendar"]
    return entry and entry["date"]


def _soon(workspace: Workspace, entry: Entry, folder: Path | None) -> Iterator[Alert]:
    if folder is None:
        yield Alert(
            f"waiting:{entry.date}:nothing",
            f"nothing waits for the release of {entry.date}",
            "no release was built for a date that is announced",
            "run `impact refresh` and see what it says; or move the date in pipelines/release/policy/calendar.yml, "
            "before it has come and with the reason",
            f"release calendar {entry.date}",
            "error",
        )
    elif not approval.holds(workspace, folder):
        yield Alert(
            f"waiting:{folder.name}:unapproved",
            f"release {folder.name} is not approved",
            f"it is to go out on {in_words(entry.ends_at)}",
            f'look at it, then `impact release approve {folder.name} --by NAME --statement "…"`',
            f"release {folder.name}",
            "error",
        )


def _overdue(workspace: Workspace, moment: dt.datetime) -> Iterator[Alert]:
    """The latest date that has passed, if what was announced for it is not out. Of earlier ones nothing is told."""
    past = [entry for entry in read_calendar().entries if entry.ends_at + LATE_AFTER < moment]
    if past and not _is_out(workspace, past[-1]) and _has_begun(workspace, past[-1]):
        yield Alert(
            f"overdue:{past[-1].date}",
            f"the release of {past[-1].date} is not out",
            f"it was announced for {in_words(past[-1].ends_at)}",
            "see `impact release waiting` for what it lacks; what lacks nothing goes out at 09:30 on a working day",
            f"release calendar {past[-1].date}",
            "error",
        )


def _is_out(workspace: Workspace, entry: Entry) -> bool:
    """Whether a release for this date or a later one is out, whatever became of it since."""
    folders = (folder for folder in workspace.releases.glob("[0-9]*") if (folder / "manifest.json").is_file())
    return any((_planned(folder) or "") >= entry.date.isoformat() for folder in folders)


def _has_begun(workspace: Workspace, entry: Entry) -> bool:
    """Whether this home already made releases when the date came."""
    built = [*waiting.listing(workspace), *workspace.releases.glob("[0-9]*")]
    return any(read_manifest(folder)["built_at"] < entry.ends_at.isoformat() for folder in built)


def _waivers(folder: Path) -> Iterator[Alert]:
    """Waivers that a waiting release needs and that run out before its date."""
    planned = _planned(folder)
    given = json.loads((folder / "gate.json").read_text(encoding="utf-8")).get("waivers", [])
    short = sorted(waiver["check_id"] for waiver in given if planned and waiver["until"] < planned)
    if short:
        yield Alert(
            f"waiver:{folder.name}:{_short(','.join(short))}",
            f"release {folder.name} rests on waivers that run out before its date",
            _named(short),
            "mend the cause, or have it waived for longer with `impact release waive`; then run the refresh again",
            f"release {folder.name}, for {planned}",
            "error",
        )


def _calendar(_: Workspace, moment: dt.datetime) -> Iterator[Alert]:
    entries = read_calendar().entries
    if not entries or entries[-1].ends_at - moment < CALENDAR_ENDS:
        last = entries[-1].date if entries else "none"
        yield Alert(
            f"calendar:{last}",
            "the release calendar runs out of dates",
            f"the last date is {last}",
            "add the dates of the next 12 months to pipelines/release/policy/calendar.yml, each at least four weeks "
            "ahead",
            "release calendar",
        )


def _reviews(_: Workspace, moment: dt.datetime) -> Iterator[Alert]:
    """Review dates that are near or past, one alert for all sources with the same date."""
    near: dict[dt.date, list[str]] = {}
    for source in load_sources().values():
        if source.review_date - moment.date() <= REVIEW_ENDS:
            near.setdefault(source.review_date, []).append(source.source_id)
    for day, names in near.items():
        yield Alert(
            f"review:{day}",
            f"{len(names)} sources are to be reviewed by {day}",
            _named(names),
            "review them, and write the next date as `review_date` in sources/*.yml; after it the gate refuses",
            "sources/*.yml",
        )


CONDITIONS = (_runs, _files, _lateness, _publishers, _releases, _calendar, _reviews)
KINDS = (
    *("refused", "run_failed", "lock", "held", "late", "unreachable", "waiting", "overdue", "waiver", "calendar"),
    *("review", "unwatched"),
)


def _named(names: Iterable[str]) -> str:
    names = list(names)
    more = len(names) - MOST_NAMED
    return ", ".join(names[:MOST_NAMED]) + (f" and {more} more" if more > 0 else "")


def _short(text: str) -> str:
    return hashlib.sha256(text.encode()).hexdigest()[:8]
