"""Fetches what is new from the publishers, source by source; a source that fails stops no other.

Belongs here: the order of the steps, what is new and where it is kept, one fetcher for each kind of source.
Does not belong here: finding links (finding.py), downloading (downloading.py), the log's form (log.py).
"""

from __future__ import annotations

import datetime as dt
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from pipelines.errors import Fault
from pipelines.fetch import api, downloading, finding
from pipelines.fetch.downloading import Download
from pipelines.fetch.finding import Candidate, Found, Pages
from pipelines.fetch.http import Client, Policy, client
from pipelines.fetch.log import Entry, Log, read_log
from pipelines.progress import say
from pipelines.readers.container import take_members
from pipelines.settings import Workspace
from pipelines.store.snapshots import sha256_of
from schemas.source import Fetch, Source

NEW = "new"
NEWER = "newer edition"
REVISED = "revised under the same address"
SAME = "not changed"
MOVED = "not changed, under another address"
BACK = "again what it was before its last change"
UNSURE = "known; only its bytes can tell whether it changed"
NOTHING_YET = "no file that fits on this page yet"


@dataclass(frozen=True)
class Outcome:
    """What became, or in a dry run would become, of one file. bytes: None where the server does not tell."""

    source_id: str
    edition: str
    file_name: str
    url: str
    bytes: int | None
    what: str


@dataclass
class Run:
    """One round of asking. newest: how many editions, in place of what each source says.

    outcomes and faults: filled while the sources are gone through.
    """

    log: Log
    client: Client
    pages: Pages
    is_dry: bool = False
    newest: int | None = None
    outcomes: list[Outcome] = field(default_factory=list)
    faults: dict[str, list[Fault]] = field(default_factory=dict)

    @property
    def new(self) -> int:
        """How many files came that were not there before."""
        return sum(outcome.what in (NEW, NEWER, REVISED) for outcome in self.outcomes)

    def fail(self, source: Source, fault: Fault) -> None:
        """Notes a fault of this source."""
        self.faults.setdefault(source.source_id, []).append(fault)


def fetch_all(
    sources: Iterable[Source],
    workspace: Workspace,
    is_dry: bool = False,
    newest: int | None = None,
    policy: Policy | None = None,
) -> Run:
    """Asks for every source that says how it is fetched. What was fetched before stays, whatever happens.

    Faults are collected by source, and kept in the log until the source is asked for again.
    """
    web = client(policy)
    run = Run(read_log(workspace.fetched), web, Pages(web), is_dry, newest)
    for source in sources:
        if source.fetch:
            _fetch_one(source, source.fetch, run)
    return run


def choose(sources: Mapping[str, Source], wanted: Sequence[str]) -> list[Source]:
    """These sources, or all where none is wanted by name. Raises Fault for one that cannot be fetched."""
    can = {source_id: source for source_id, source in sources.items() if source.fetch}
    for source_id in wanted:
        if source_id not in can:
            raise Fault(
                f"source `{source_id}`",
                "no source of this name that says how it is fetched",
                f"one of {', '.join(can)}",
                "a slip of the keyboard, or a source whose files somebody brings",
                "correct the name, or write `fetch` in its YAML",
            )
    return [can[source_id] for source_id in wanted] or list(can.values())


def _fetch_one(source: Source, fetch: Fetch, run: Run) -> None:
    say(f"asking the publisher: {source.source_id}")
    try:
        _fetcher(source, fetch)(source, fetch, run)
    except Fault as fault:
        run.fail(source, fault)
    if run.is_dry:
        return
    run.log.faults.pop(source.source_id, None)
    if source.source_id in run.faults:
        run.log.faults[source.source_id] = run.faults[source.source_id]
    run.log.write()


def _from_pages(source: Source, fetch: Fetch, run: Run) -> None:
    """The newest files that the publisher's pages link."""
    for page in fetch.pages or (source.landing_page,):
        run.client.keep_apart(page, fetch.seconds_between_requests or 0)
    found = finding.find(source, fetch, run.pages, run.newest or fetch.newest)
    run.outcomes += [Outcome(source.source_id, "", "", page, None, NOTHING_YET) for page in found.empty_pages]
    _take_all(source, fetch, found, run)


def _from_addresses(source: Source, fetch: Fetch, run: Run) -> None:
    """Files under addresses that never change."""
    _take_all(source, fetch, finding.downloads(source, fetch, dt.datetime.now(dt.UTC).date()), run)


def _from_interface(source: Source, fetch: Fetch, run: Run) -> None:
    """All records of an interface in one file; without a key for it, the source is left out."""
    assert fetch.api
    today = dt.datetime.now(dt.UTC).date()
    url = fetch.api.base_url + fetch.api.list_path
    if not os.environ.get(fetch.api.key_from):
        run.outcomes.append(Outcome(source.source_id, "", "", url, None, f"left out: no key in {fetch.api.key_from}"))
        return
    if run.is_dry:
        run.outcomes.append(Outcome(source.source_id, today.isoformat(), "", url, None, UNSURE))
        return
    got = api.fetch_records(source, run.log.folder / source.source_id, today, run.client.policy)
    if got is None:
        run.outcomes.append(Outcome(source.source_id, today.isoformat(), "", url, None, SAME))
        return
    entry = _entry_of_records(source, url, got.path, run.log)
    run.log.add(entry)
    what = f"{NEW}; {len(got.gone):,} ids without a record" if got.gone else NEW
    run.outcomes.append(Outcome(source.source_id, entry.edition, entry.file_name, url, entry.bytes, what))


def _entry_of_records(source: Source, url: str, path: Path, log: Log) -> Entry:
    now = _now()
    return Entry(
        source_id=source.source_id,
        url=url,
        page=None,
        file_name=path.name,
        edition=now[: len("2026-01-31")],
        sha256=sha256_of(path),
        bytes=path.stat().st_size,
        etag=None,
        last_modified=None,
        stored=(path.relative_to(log.folder).as_posix(),),
        fetched_at=now,
        checked_at=now,
    )


FETCHERS: dict[str, Callable[[Source, Fetch, Run], None]] = {
    "pages": _from_pages,
    "download": _from_addresses,
    "api": _from_interface,
}


def _fetcher(source: Source, fetch: Fetch) -> Callable[[Source, Fetch, Run], None]:
    if fetch.kind in FETCHERS:
        return FETCHERS[fetch.kind]
    raise Fault(
        f"sources/{source.source_id}.yml: fetch.kind",
        f"`{fetch.kind}`",
        f"one of {', '.join(FETCHERS)}",
        "a kind that was announced and is not built yet",
        "correct it, or download by hand and use `--from`",
    )


def _take_all(source: Source, fetch: Fetch, found: Found, run: Run) -> None:
    """Every file that was found; one that fails stops no other."""
    newest_before = run.log.newest_edition(source.source_id)
    for candidate in found.candidates:
        run.client.keep_apart(candidate.url, fetch.seconds_between_requests or 0)
        try:
            step = _would_take if run.is_dry else _take
            run.outcomes.append(step(candidate, fetch, run, newest_before))
        except Fault as fault:
            run.fail(source, fault)


def _would_take(candidate: Candidate, _: Fetch, run: Run, newest_before: str) -> Outcome:
    """What `_take` would do, as far as the server tells without sending the file."""
    known = run.log.under(candidate.source_id, candidate.url)
    head = downloading.look(run.client, candidate, known)
    novelty = _novelty(candidate, known, newest_before)
    what = {True: novelty, False: SAME, None: UNSURE}[head.is_changed] if known else novelty
    return _outcome(candidate, head.bytes, what)


def _take(candidate: Candidate, fetch: Fetch, run: Run, newest_before: str) -> Outcome:
    """Fetches one file if it changed, and notes it in the log."""
    known = run.log.under(candidate.source_id, candidate.url)
    got = downloading.download(run.client, candidate, known, run.log.folder / candidate.source_id, fetch.max_bytes)
    if got is None:
        run.log.checked(known, _now(), known.etag, known.last_modified)
        return _outcome(candidate, known.bytes, SAME)
    try:
        return _keep(candidate, fetch, got, _novelty(candidate, known, newest_before), run.log)
    finally:
        got.path.unlink(missing_ok=True)


def _keep(candidate: Candidate, fetch: Fetch, got: Download, novelty: str, log: Log) -> Outcome:
    """Keeps new bytes beside what was fetched before; of bytes that are there, notes only where they are now."""
    known = log.under(candidate.source_id, candidate.url)
    if known and known.sha256 == got.sha256:
        log.checked(known, _now(), got.etag, got.last_modified)
        return _outcome(candidate, got.bytes, SAME)
    held = log.with_content(candidate.source_id, got.sha256)
    stored = held.stored if held else _store(candidate, fetch, got, log.folder)
    log.add(_entry(candidate, got, stored))
    if held:
        novelty = BACK if held.url == candidate.url else MOVED
    return _outcome(candidate, got.bytes, novelty)


def _novelty(candidate: Candidate, known: Entry | None, newest_before: str) -> str:
    if known and known.edition == candidate.edition:
        return REVISED
    return NEWER if newest_before and candidate.edition > newest_before else NEW


def _store(candidate: Candidate, fetch: Fetch, got: Download, folder: Path) -> tuple[str, ...]:
    """Puts the file, or the members of a bundle, into a folder of its own; their paths below `folder`.

    The folder's name is the time: in the order of names, what became known later comes later. It appears when all
    that belongs in it is there.
    """
    taken = take_members(got.path, downloading.where_of(candidate), fetch.members) if fetch.members else {}
    target = folder / candidate.source_id / f"{dt.datetime.now(dt.UTC):%Y%m%dT%H%M%S%fZ}"
    making = target.with_name(f".{target.name}.partial")
    making.mkdir()
    for name, content in taken.items():
        (making / name).write_bytes(content)
    if not taken:
        os.replace(got.path, making / candidate.file_name)
    os.replace(making, target)
    return tuple(sorted(path.relative_to(folder).as_posix() for path in target.iterdir()))


def _entry(candidate: Candidate, got: Download, stored: tuple[str, ...]) -> Entry:
    now = _now()
    return Entry(
        source_id=candidate.source_id,
        url=candidate.url,
        page=candidate.page,
        file_name=candidate.file_name,
        edition=candidate.edition,
        sha256=got.sha256,
        bytes=got.bytes,
        etag=got.etag,
        last_modified=got.last_modified,
        stored=stored,
        fetched_at=now,
        checked_at=now,
    )


def _outcome(candidate: Candidate, size: int | None, what: str) -> Outcome:
    return Outcome(candidate.source_id, candidate.edition, candidate.file_name, candidate.url, size, what)


def _now() -> str:
    return dt.datetime.now(dt.UTC).isoformat(timespec="seconds")
