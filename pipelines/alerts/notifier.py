"""How a message goes out: into a file, by e-mail through SMTP, or as JSON to a webhook.

Belongs here: the wording around alerts and the three ways. Does not belong here: what is told, and to whom it was told
already (alert.py).

An address of a webhook may be a secret in itself, and so may the answer of a server: neither stands in any record.
"""

from __future__ import annotations

import hashlib
import smtplib
import ssl
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from email.message import EmailMessage
from pathlib import Path
from typing import TYPE_CHECKING
from urllib.parse import parse_qs, unquote, urlsplit

from pipelines import settings
from pipelines.settings import Workspace

if TYPE_CHECKING:
    from pipelines.alerts.alert import Alert

TIMEOUT = 10.0
"""Seconds that a server of e-mails or a webhook may take to answer."""
MESSAGES = "messages"


class NotSent(Exception):
    """A message did not go out; the text says why, without any address or password."""


@dataclass(frozen=True)
class Message:
    """What is sent. served: the release that readers get, or None."""

    data: str
    served: str | None
    sent_at: str
    alerts: tuple[Alert, ...]

    @property
    def subject(self) -> str:
        """One line."""
        first = self.alerts[0].subject
        more = f" and {len(self.alerts) - 1} more" if len(self.alerts) > 1 else ""
        return f"NHS IMPACT Warehouse, {self.data}: {first}{more}"

    @property
    def text(self) -> str:
        """All alerts for a person to read, errors first."""
        order = sorted(self.alerts, key=lambda alert: alert.severity != "error")
        return "\n".join(_told(alert, self.served) for alert in order)


def message(workspace: Workspace, alerts: Sequence[Alert]) -> Message:
    """The message about these alerts, as of now."""
    from pipelines.release.promote import current_release

    served = current_release(workspace)
    data = "SYNTHETIC sample" if workspace.origin == "synthetic" else "published data"
    return Message(data, served and served.name, settings.now().isoformat(timespec="seconds"), tuple(alerts))


def label(address: str) -> str:
    """How records name a notifier: a webhook by its host and a hash."""
    if _scheme(address) not in ("http", "https"):
        return address
    return f"{urlsplit(address).hostname} {hashlib.sha256(address.encode()).hexdigest()[:8]}"


def send(address: str, what: Message, folder: Path) -> None:
    """Sends one message. folder: of the alerts. Raises NotSent."""
    way = WAYS.get(_scheme(address))
    if way is None:
        raise NotSent("IMPACT_NOTIFY names what is neither `file`, `mailto:…` nor `https://…`")
    way(address, what, folder)


def _told(alert: Alert, served: str | None) -> str:
    lines = {
        "where": alert.where,
        "found": alert.found,
        "serving": f"release {served} is still being served" if served else "nothing was out before, and nothing is",
        "to do": alert.todo,
    }
    told = "\n".join(f"  {name:<9} {text}" for name, text in lines.items())
    return f"{alert.severity.upper()}: {alert.subject}\n{told}\n"


def _to_file(_: str, what: Message, folder: Path) -> None:
    """One file for each message, named after the moment."""
    place = folder / MESSAGES
    try:
        place.mkdir(parents=True, exist_ok=True)
        name = "".join(sign for sign in what.sent_at[: len("2027-01-07T09:30:00")] if sign not in "-:")
        number = sum(1 for _ in place.glob(f"{name}*"))
        path = place / f"{name}Z-{number + 1}.txt"
        path.write_text(f"{what.subject}\n\n{what.text}", encoding="utf-8")
    except OSError as error:
        raise NotSent(f"the file cannot be written: {type(error).__name__}") from error


def _by_mail(address: str, what: Message, _: Path) -> None:
    url = settings.smtp_url()
    if not url:
        raise NotSent("IMPACT_SMTP_URL is not set, so that no e-mail can be sent")
    recipient = unquote(urlsplit(address).path)
    server = urlsplit(url)
    mail = EmailMessage()
    mail["To"], mail["Subject"] = recipient, what.subject
    mail["From"] = parse_qs(server.query).get("from", [recipient])[0]
    mail.set_content(what.text)
    try:
        with _connected(url) as connection:
            connection.send_message(mail)
    except (smtplib.SMTPException, OSError, ValueError) as error:
        raise NotSent(f"the server of IMPACT_SMTP_URL: {_reason(error)}") from error


def _connected(url: str) -> smtplib.SMTP:
    """A session with the server of e-mails. A password travels only when the line is encrypted."""
    server = urlsplit(url)
    is_encrypted = server.scheme == "smtps"
    if is_encrypted:
        connection = smtplib.SMTP_SSL(server.hostname or "", server.port or 465, timeout=TIMEOUT, context=_tls())
    else:
        connection = smtplib.SMTP(server.hostname or "", server.port or 587, timeout=TIMEOUT)
    connection.ehlo_or_helo_if_needed()
    if not is_encrypted and connection.has_extn("starttls"):
        connection.starttls(context=_tls())
        is_encrypted = True
    if server.username:
        if not is_encrypted:
            raise smtplib.SMTPNotSupportedError
        connection.login(unquote(server.username), unquote(server.password or ""))
    return connection


def _tls() -> ssl.SSLContext:
    return ssl.create_default_context()


def _reason(error: Exception) -> str:
    """The kind of an error and its code; its text may repeat what was sent."""
    code = getattr(error, "smtp_code", None)
    return f"{type(error).__name__}{f' {code}' if code else ''}"


def _to_webhook(address: str, what: Message, _: Path) -> None:
    """JSON; `text` alone is what chat programs show."""
    import requests

    body = {"text": f"{what.subject}\n\n{what.text}", **asdict(what)}
    try:
        answer = requests.post(address, json=body, timeout=TIMEOUT, allow_redirects=False)
    except requests.RequestException as error:
        raise NotSent(f"the webhook: {type(error).__name__}") from None
    if not 200 <= answer.status_code < 300:
        raise NotSent(f"the webhook answered {answer.status_code}")


def _scheme(address: str) -> str:
    return address if address == "file" else urlsplit(address).scheme


WAYS: dict[str, Callable[[str, Message, Path], None]] = {
    "file": _to_file,
    "mailto": _by_mail,
    "https": _to_webhook,
    "http": _to_webhook,
}
