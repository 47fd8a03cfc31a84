"""Checks of what somebody must set: keys, contact, calendar, notifiers.

Belongs here: variables and files that people maintain. Does not belong here: whether servers answer (reached.py).
"""

from __future__ import annotations

import os
import re
import subprocess
import tempfile
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path
from urllib.parse import urlsplit

from pipelines import settings
from pipelines.operations.finding import Finding, ok, problem, warning
from pipelines.registry import load_sources
from pipelines.release import signing
from pipelines.release.embargo import in_words, read_calendar
from pipelines.settings import Workspace

REACHABLE = re.compile(r"[^@\s]+@[^@\s]+\.[^@\s]+|https?://\S+")
SOON = timedelta(days=60)
WAYS = ("file", "mailto", "https", "http")


def signing_key(workspace: Workspace) -> Iterator[Finding]:
    """The builder's key signs without anybody there, and the list of signers names it."""
    key = settings.signing_key()
    if workspace.origin == "synthetic":
        yield ok("signing key", "the SYNTHETIC sample needs nobody's")
    elif key is None:
        yield problem("signing key", "IMPACT_SIGNING_KEY is not set: builds stay unsigned", "`impact release keys`")
    elif not key.is_file():
        yield problem("signing key", f"no file {key}", "correct IMPACT_SIGNING_KEY")
    elif key.stat().st_mode & 0o077:
        yield problem("signing key", f"others may read {key}", f"chmod 600 {key}; make a new key if others could")
    elif not _has_no_passphrase(key):
        yield warning("signing key", "it has a passphrase", "a schedule needs a key without one: `impact release keys`")
    else:
        yield _listed(workspace, key)


def contact(_: Workspace) -> Iterator[Finding]:
    """Publishers can write to somebody about our requests."""
    if REACHABLE.fullmatch(settings.contact()):
        yield ok("contact", "IMPACT_CONTACT is set")
    else:
        found = "IMPACT_CONTACT is no e-mail address or page" if settings.contact() else "IMPACT_CONTACT is not set"
        yield warning("contact", found, "set it: some publishers refuse programs that do not say who they are")


def keys_of_publishers(_: Workspace) -> Iterator[Finding]:
    """Each interface that wants a key has one."""
    asked = {
        source.fetch.api.key_from
        for source in load_sources().values()
        if source.fetch and source.fetch.api and source.fetch.api.key_from
    }
    for variable in sorted(asked):
        if os.environ.get(variable):
            yield ok("keys of publishers", f"{variable} is set")
        else:
            yield warning("keys of publishers", f"{variable} is not set", "get one (README); its sources are left out")


def calendar(_: Workspace) -> Iterator[Finding]:
    """There are dates on which releases can go out."""
    entries, now = read_calendar().entries, settings.now()
    left = [entry.ends_at for entry in entries if entry.ends_at > now]
    said = f"{len(left)} dates left" + (f", the next {in_words(left[0])}" if left else "")
    todo = "announce more in pipelines/release/policy/calendar.yml, four weeks before"
    if not left:
        yield problem("release calendar", said, todo)
    elif left[-1] - now < SOON:
        yield warning("release calendar", said, todo)
    else:
        yield ok("release calendar", said)


def notifiers(_: Workspace) -> Iterator[Finding]:
    """Alerts go to somebody who is not looking at this machine."""
    schemes = [urlsplit(address).scheme or address for address in settings.notify()]
    unknown = [scheme for scheme in schemes if scheme not in WAYS]
    if unknown:
        yield problem("notifiers", f"IMPACT_NOTIFY has {len(unknown)} that are none", "use mailto:… or https://…")
    if "mailto" in schemes and not settings.smtp_url():
        yield problem("notifiers", "mailto: in IMPACT_NOTIFY, and no IMPACT_SMTP_URL", "set IMPACT_SMTP_URL")
    elif not set(schemes) - {"file"}:
        yield warning("notifiers", "alerts go to a file only", "set IMPACT_NOTIFY to mailto:… or https://…")
    elif not unknown:
        yield ok("notifiers", ", ".join(sorted(set(schemes))))


def _has_no_passphrase(key: Path) -> bool:
    done = subprocess.run(["ssh-keygen", "-y", "-P", "", "-f", str(key)], capture_output=True, check=False)
    return done.returncode == 0


def _listed(workspace: Workspace, key: Path) -> Finding:
    """Signs something, because only that shows that it can."""
    if not workspace.signers.is_file():
        return problem("signing key", "keys/allowed_signers is not there", "the head of profession lists who may sign")
    with tempfile.TemporaryDirectory() as folder:
        trial = Path(folder) / "trial"
        trial.write_text("trial", encoding="utf-8")
        signing.sign(trial, key, signing.BUILD)
        principal = signing.signer_of(trial, signing.BUILD, workspace.signers).principal
    if principal is None:
        return problem("signing key", "keys/allowed_signers does not let it build", "add its line there")
    return ok("signing key", f"signs for {principal}")
