"""Fetches all records of a publisher's interface, one request each, and goes on after a stop.

Belongs here: listing, asking for changes, fetching each record, keeping personal data out.
Does not belong here: waiting and retrying of requests (http.py), addresses and keys (sources/*.yml), the journal
(journal.py), what a record says (readers/bodies.py).
"""

from __future__ import annotations

import datetime as dt
import json
import os
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any
from urllib.parse import quote, urlencode

from requests import Response

from pipelines.errors import Fault
from pipelines.fetch import http
from pipelines.fetch.http import Client, Policy, require_http, whole_answer, wrong_status
from pipelines.fetch.journal import Journal, Run, run_of, write_records
from pipelines.progress import say
from schemas.source import Api, Source

JOURNAL = ".journal"
EVERY = 500
MAX_ANSWER_BYTES = 50_000_000


@dataclass(frozen=True)
class Records:
    """The file of all records, how many it holds, and which ids have none, with the reason."""

    path: Path
    count: int
    gone: dict[str, str]


def fetch_records(source: Source, folder: Path, today: dt.date, policy: Policy | None = None) -> Records | None:
    """Brings the records up to today: all of them at first, later those that changed since the file before.

    folder: where the files of this source lie, and the journal of a run that was stopped, which is taken up again.
    Returns None where today's file is there already. Raises Fault where the key is missing or refused, an answer
    stays away after all attempts, or the list is not whole; what was fetched until then is kept.
    """
    assert source.fetch and source.fetch.api
    api = source.fetch.api
    before = _newest(api, folder)
    if before and before.name == _file_name(api, today):
        return None
    speaker = _Speaker(api, source.source_id, policy)
    run = Run(today.isoformat(), _since(api, before) if before else None)
    path = folder / JOURNAL / f"{source.source_id}.jsonl"
    _drop_if_useless(path, api, before)
    with Journal(path, run) as journal:
        _fetch_all(speaker, journal)
        target = folder / _file_name(api, dt.date.fromisoformat(journal.run.day))
        count = write_records(journal, before if journal.run.since else None, api.id_key, target)
    # Which ids had no record, and why, stays on disk when the journal goes.
    path.with_name(f"{target.name}.gone.json").write_text(json.dumps(journal.gone, indent=1), encoding="utf-8")
    path.unlink()
    return Records(target, count, journal.gone)


def _drop_if_useless(path: Path, api: Api, before: Path | None) -> None:
    """A journal whose file was made before the run was stopped, or whose changes have no file to go into, is over."""
    run = run_of(path)
    if run is None:
        return
    is_made = (path.parent.parent / _file_name(api, dt.date.fromisoformat(run.day))).exists()
    if is_made or (run.since and before is None):
        path.unlink()


def _fetch_all(speaker: _Speaker, journal: Journal) -> None:
    ids = [asked for asked in speaker.ids(journal.run) if not journal.has(asked)]
    for number, asked in enumerate(ids, start=1):
        if journal.has(asked):
            continue
        found = speaker.record(asked)
        if isinstance(found, str):
            journal.add_gone(asked, found)
        else:
            journal.add(asked, str(found[speaker.api.id_key]), found)
        if number % EVERY == 0:
            say(f"{speaker.where}: {number:,} of {len(ids):,} records fetched")


def without(part: Any, names: frozenset[str]) -> Any:
    """A record without these keys, at any depth."""
    if isinstance(part, dict):
        return {key: without(value, names) for key, value in part.items() if key not in names}
    return [without(value, names) for value in part] if isinstance(part, list) else part


class _Speaker:
    """Asks one interface for lists and records."""

    def __init__(self, api: Api, where: str, policy: Policy | None) -> None:
        self.api = api
        self.where = where
        self.base = (os.environ.get(api.base_url_from) or api.base_url).rstrip("/")
        policy = policy or Policy()
        # The interface allows more than the distance of requests that web pages get.
        self.policy = replace(
            policy, between=60 / api.requests_per_minute if policy.between is None else policy.between
        )
        self._drop = frozenset(api.drop)
        require_http(self.base, where)
        self.client: Client = http.client(self.policy)
        self.client.headers[api.key_header] = _key(api, where)

    def ids(self, run: Run) -> list[str]:
        """Ids of all records, or of those that changed since a day, each once. Raises Fault for a list with gaps."""
        api, per_page = self.api, {self.api.per_page_key: str(self.api.per_page)}
        if run.since is None:
            rows, total = self._pages(api.list_path, per_page, api.list_key)
            ids = list(dict.fromkeys(row[api.id_key] for row in rows))
            # A record that moves to another page while we read is listed twice, and another one not at all.
            self._refuse_gaps(len(ids), total, api.list_path)
            return ids
        days = {api.start_key: f"{run.since}T00:00:00Z", api.end_key: f"{run.day}T00:00:00Z"}
        rows, total = self._pages(api.changes_path, {"page": "1", **per_page, **days}, api.changes_key)
        self._refuse_gaps(len(rows), total, api.changes_path)
        return list(dict.fromkeys(rows))

    def record(self, asked: str) -> dict[str, Any] | str:
        """The record without what is to be dropped, or the reason why there is none."""
        answer, content = self._get(self._address(asked))
        if answer.status_code == 400 and asked != asked.upper():
            # Some ids are listed in lower case, in which the interface does not know them.
            answer, content = self._get(self._address(asked.upper()))
        if answer.status_code == 404:
            return f"listed, but status 404 on {dt.date.today().isoformat()}"
        body = self._checked(answer, content, self.api.id_key)
        if str(body[self.api.id_key]).upper() != asked.upper():
            raise self._odd(answer.url, f"the record {body[self.api.id_key]}", f"the record {asked}")
        return without(body, self._drop)

    def _address(self, asked: str) -> str:
        return self.base + self.api.record_path.replace("{id}", quote(asked, safe=""))

    def _pages(self, path: str, query: dict[str, str], key: str) -> tuple[list[Any], int]:
        """The entries of all pages of a list, and how many there are by its own account."""
        uri: str | None = f"{path}?{urlencode(query)}"
        entries: list[Any] = []
        asked: set[str] = set()
        total = 0
        while uri:
            answer, content = self._get(self._next_address(uri, asked))
            page = self._checked(answer, content, key)
            total = int(page.get(self.api.total_key) or 0)
            entries += page[key]
            uri = page.get(self.api.next_key)
        return entries, total

    def _refuse_gaps(self, count: int, total: int, path: str) -> None:
        if count < total:
            raise self._odd(self.base + path, f"{count:,} different entries", f"{total:,}, as the list itself says")

    def _next_address(self, uri: str, asked: set[str]) -> str:
        address = uri if uri.startswith(f"{self.base}/") else self.base + uri
        if address in asked or not uri.removeprefix(self.base).startswith("/"):
            raise self._odd(self.base, f"{uri} for the next page", "a page of the same list that was not read yet")
        asked.add(address)
        return address

    def _get(self, address: str) -> tuple[Response, bytes]:
        """The answer, whatever its status. Redirects are not followed: they would carry the key elsewhere."""

        def ask() -> tuple[Response, bytes]:
            with self.client.get(address, allow_redirects=False, stream=True) as answer:
                return answer, b"".join(http.body(self.client, answer, self.where, MAX_ANSWER_BYTES))

        return whole_answer(self.client, self.where, address, ask)

    def _checked(self, answer: Response, content: bytes, key: str) -> dict[str, Any]:
        """What the answer says. Raises Fault where that is an error, or lacks the key."""
        if answer.status_code == 401:
            raise _refused_key(self.api, self.where, f"status 401 from {answer.url}")
        if answer.status_code != 200:
            raise wrong_status(self.where, answer)
        try:
            found = json.loads(content)
        except ValueError:
            found = None
        if not isinstance(found, dict) or key not in found:
            raise self._odd(answer.url, content[:100].decode("utf-8", "replace"), f"JSON with `{key}`")
        return found

    def _odd(self, url: str, found: str, expected: str) -> Fault:
        return Fault(
            f"{self.where}, {url}",
            found,
            expected,
            "the publisher's interface is in trouble or has changed",
            "try again later: what was fetched is kept; if it stays so, correct `fetch.api` in the source YAML",
        )


def _key(api: Api, where: str) -> str:
    key = os.environ.get(api.key_from)
    if not key:
        raise _refused_key(api, where, f"no variable {api.key_from}")
    return key


def _refused_key(api: Api, where: str, found: str) -> Fault:
    return Fault(
        where,
        found,
        f"a valid key of this interface in the variable {api.key_from}",
        "the key was never set, has expired, or was mistyped",
        f"get a key from the publisher (landing page in the source YAML), set {api.key_from}, and run again",
    )


def _file_name(api: Api, day: dt.date) -> str:
    return api.raw_name.format(year=f"{day:%Y}", month=f"{day:%m}", day=f"{day:%d}")


def _newest(api: Api, folder: Path) -> Path | None:
    """The newest file of all records; names end in the day and sort by it."""
    files = sorted(folder.glob(api.raw_name.format(year="[0-9]" * 4, month="[0-9]" * 2, day="[0-9]" * 2)))
    return files[-1] if files else None


def _since(api: Api, before: Path) -> str:
    start = api.raw_name.index("{")
    day = dt.date.fromisoformat(before.name[start : start + len("2026-01-31")])
    return (day - dt.timedelta(days=api.days_back)).isoformat()
