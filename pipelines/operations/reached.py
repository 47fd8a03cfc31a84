"""Checks that ask other machines: Dagster's storage, PostgreSQL, the server of e-mails, the publishers.

Belongs here: whether they answer, in short time. Does not belong here: what is read from them (fetch/, serving/).
No password stands in a finding.
"""

from __future__ import annotations

import os
import socket
import sqlite3
from collections import defaultdict
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from datetime import datetime
from email.utils import parsedate_to_datetime
from urllib.parse import urlsplit

from pipelines import settings
from pipelines.fetch import http
from pipelines.operations.finding import Finding, not_checked, ok, problem, warning
from pipelines.registry import load_sources
from pipelines.settings import Workspace

TIMEOUT = 5.0
"""Seconds that a server may take to answer."""
AT_ONCE = 4
"""Hosts that are asked at a time; pages of one host are asked for one after the other."""
SKEW = 120.0
"""Seconds by which clocks of servers may differ from ours."""
ROLES = ("impact_reader", "impact_restricted")
DRIVER = "run `uv sync --extra postgres`"
PORTS = {"smtps": 465, "smtp": 587}


def dagster_storage(workspace: Workspace) -> Iterator[Finding]:
    """The history of runs can be read: a database of SQLite in the home, or a PostgreSQL server."""
    url = settings.dagster_postgres_url()
    if url:
        yield from _answers("Dagster storage", url, "IMPACT_DAGSTER_POSTGRES_URL")
        return
    files = sorted((workspace.root / "dagster").rglob("*.db"))
    broken = [path.name for path in files if not _is_sound(path)]
    if broken:
        todo = "move IMPACT_HOME/dagster away: the history of runs is lost, no release is"
        yield problem("Dagster storage", f"damaged: {', '.join(broken)}", todo)
    else:
        yield ok("Dagster storage", f"SQLite, {len(files)} files")


def postgres(_: Workspace) -> Iterator[Finding]:
    """The serving database answers, and the account may load releases and hand out the roles."""
    url = settings.postgres_url()
    if not url:
        yield not_checked("PostgreSQL", "IMPACT_POSTGRES_URL is not set: the DuckDB file alone is served")
        return
    yield from _answers("PostgreSQL", url, "IMPACT_POSTGRES_URL", has_roles=True)


def mail_server(_: Workspace) -> Iterator[Finding]:
    """The server of e-mails takes connections; nothing is sent."""
    url = settings.smtp_url()
    if not url:
        yield not_checked("e-mail server", "IMPACT_SMTP_URL is not set")
        return
    server = urlsplit(url)
    try:
        with socket.create_connection((server.hostname or "", server.port or PORTS.get(server.scheme, 25)), TIMEOUT):
            yield ok("e-mail server", f"{server.hostname} answers")
    except OSError as error:
        yield problem(
            "e-mail server", f"{server.hostname}: {type(error).__name__}", "correct IMPACT_SMTP_URL, or the network"
        )


def publishers(_: Workspace) -> Iterator[Finding]:
    """Each publisher's page answers; and by their clocks, ours is right."""
    pages: dict[str, list[str]] = defaultdict(list)
    for url in sorted({source.landing_page for source in load_sources().values()}):
        pages[urlsplit(url).netloc].append(url)
    with ThreadPoolExecutor(AT_ONCE) as pool:
        answers = [answer for found in pool.map(_ask, pages.values()) for answer in found]
    yield from _silent([(url, said) for url, said, _ in answers if said], len(answers))
    yield _clock([seconds for _, _, seconds in answers if seconds is not None])


def _silent(silent: list[tuple[str, str]], asked: int) -> Iterator[Finding]:
    if len(silent) == asked:
        found = f"none of {asked} pages: {silent[0][1]}"
        yield warning("publishers", found, "connect this machine to the internet; IMPACT_PROXY where it needs a proxy")
        return
    yield ok("publishers", f"{asked - len(silent)} of {asked} pages answer")
    for url, said in silent:
        yield warning("publishers", f"{url}: {said}", "open it in a browser; correct `landing_page` in the source YAML")


def _ask(urls: list[str]) -> list[tuple[str, str, float | None]]:
    """For each page of one host: its address, what is wrong, and by how many seconds its clock is ahead of ours."""
    import requests

    policy = http.Policy(attempts=1, connect_timeout=TIMEOUT, read_timeout=TIMEOUT)
    answers: list[tuple[str, str, float | None]] = []
    with http.client(policy) as client:
        for url in urls:
            try:
                with client.get(url, stream=True) as answer:
                    said = "" if answer.ok else f"status {answer.status_code}"
                    answers.append((url, said, _ahead(answer.headers.get("Date"))))
            except requests.RequestException as error:
                answers.append((url, f"no answer ({type(error).__name__})", None))
    return answers


def _ahead(date: str | None) -> float | None:
    try:
        told: datetime | None = parsedate_to_datetime(date) if date else None
    except ValueError:
        told = None
    return (told - settings.now()).total_seconds() if told and told.tzinfo else None


def _clock(ahead: list[float]) -> Finding:
    if not ahead:
        return not_checked("clock of servers", "no server told its time")
    middle = sorted(ahead)[len(ahead) // 2]
    if abs(middle) > SKEW:
        found = f"servers are {middle:,.0f} seconds ahead of this machine"
        return problem("clock of servers", found, "set the clock (NTP): embargoes end by it")
    return ok("clock of servers", f"within {SKEW:.0f} seconds of this machine's")


def _is_sound(path: os.PathLike[str]) -> bool:
    try:
        with closing(sqlite3.connect(path, timeout=TIMEOUT)) as connection:
            return connection.execute("pragma quick_check").fetchone() == ("ok",)
    except sqlite3.Error:
        return False


def _answers(what: str, url: str, variable: str, has_roles: bool = False) -> Iterator[Finding]:
    try:
        import psycopg
    except ImportError:
        yield problem(what, "no driver for PostgreSQL", DRIVER)
        return
    host = urlsplit(url).hostname or "this machine"
    try:
        with psycopg.connect(url, connect_timeout=int(TIMEOUT)) as connection:
            may = connection.execute("select has_database_privilege(current_database(), 'create')").fetchone()
            known = connection.execute("select rolname from pg_roles where rolname = any(%s)", [list(ROLES)]).fetchall()
    except psycopg.Error as error:
        found = f"{host}: {type(error).__name__}"
        yield problem(what, found, f"correct {variable}, start the server, or look at its own log")
        return
    if may != (True,):
        yield problem(what, f"{host}: the account may not create schemas", "grant create on database … to this account")
    missing = sorted(set(ROLES) - {name for (name,) in known})
    if has_roles and missing:
        yield warning(
            what, f"{host}: no role {', '.join(missing)}", "run `impact serving sync`, or let its owner make them"
        )
    if may == (True,) and not (has_roles and missing):
        yield ok(what, f"{host} answers, and the account may create schemas")
