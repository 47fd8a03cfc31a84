"""One alert, the journal of all alerts, and which of them are open.

Belongs here: the record, that each is told once while its condition lasts, and what is still to be sent to whom. Does
not belong here: how a message travels (notifier.py), or which conditions need a person (watch.py).

Below `alerts/` of a data origin: `journal.jsonl`, to which lines are only ever added, and `open.json`, written whole.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

from pipelines import settings
from pipelines.alerts import notifier
from pipelines.settings import Workspace
from pipelines.store.snapshots import make_private
from pipelines.store.whole import replace_json, replace_text

JOURNAL, OPEN = "journal.jsonl", "open.json"


@dataclass(frozen=True)
class Alert:
    """Something that a person must know.

    key: what it is about, such as `late:shmi:2026-09`; while it is open, the same key is not told again. subject: what
    is wrong, in one line. where, found, todo: a plain sentence each, as in a fault; none repeats what stands in a
    submission. severity: error where readers are worse off until somebody acts.
    """

    key: str
    subject: str
    found: str
    todo: str
    where: str
    severity: Literal["warning", "error"] = "warning"

    @property
    def kind(self) -> str:
        """The first part of the key, such as `late`."""
        return self.key.partition(":")[0]


@dataclass(frozen=True)
class Open:
    """An alert whose condition lasts. raised_at: ISO, UTC. told: labels of the notifiers that have sent it."""

    alert: Alert
    raised_at: str
    told: tuple[str, ...] = ()


@dataclass
class State:
    """Open alerts by key, and what is wrong with each notifier that failed at its latest try."""

    alerts: dict[str, Open] = field(default_factory=dict)
    failing: dict[str, str] = field(default_factory=dict)


def raise_alert(workspace: Workspace, alert: Alert) -> None:
    """Tells one alert, unless it is open already. A notifier that fails is tried again later and stops nothing."""
    raise_alerts(workspace, [alert])


def raise_alerts(workspace: Workspace, alerts: Iterable[Alert]) -> None:
    """Tells those that are not open yet, all in one message."""
    with _changing(workspace) as state:
        _open(workspace, state, alerts)
        _send(workspace, state)


def clear(workspace: Workspace, key: str) -> None:
    """Ends an alert: its condition is over. Nothing happens where it is not open."""
    with _changing(workspace) as state:
        _close(workspace, state, [key])


def hold_to(workspace: Workspace, alerts: Iterable[Alert], kinds: Iterable[str]) -> None:
    """Makes these the open alerts of their kinds: others of the kinds end, new ones are told in one message."""
    alerts, kinds = list(alerts), set(kinds)
    keys = {alert.key for alert in alerts}
    with _changing(workspace) as state:
        over = [key for key, held in state.alerts.items() if held.alert.kind in kinds and key not in keys]
        _close(workspace, state, over)
        _open(workspace, state, alerts)
        _send(workspace, state)


def deliver(workspace: Workspace) -> None:
    """Sends what a notifier could not send before."""
    with _changing(workspace) as state:
        _send(workspace, state)


def open_alerts(workspace: Workspace) -> list[Open]:
    """All that is open, the oldest first."""
    return sorted(_read(workspace).alerts.values(), key=lambda held: (held.raised_at, held.alert.key))


def prune(workspace: Workspace, before: dt.datetime) -> None:
    """Takes lines of the journal and messages away that are older than this; what is open stays."""
    with _changing(workspace) as state:
        since = before.isoformat(timespec="seconds")
        lines = [line for line in journal(workspace) if line["at"] >= since or line.get("key") in state.alerts]
        text = "".join(json.dumps(line, ensure_ascii=False) + "\n" for line in lines)
        replace_text(folder(workspace) / JOURNAL, text, is_private=True)
        for path in (folder(workspace) / notifier.MESSAGES).glob("*.txt"):
            if path.stat().st_mtime < before.timestamp():
                path.unlink()


def folder(workspace: Workspace) -> Path:
    """Where the journal lies."""
    return workspace.kept / "alerts"


def journal(workspace: Workspace) -> list[dict[str, str]]:
    """Every line of the journal, oldest first; half a line that a stop left behind is left out."""
    path = folder(workspace) / JOURNAL
    lines = path.read_text(encoding="utf-8").split("\n")[:-1] if path.exists() else []
    return [json.loads(line) for line in lines]


def _open(workspace: Workspace, state: State, alerts: Iterable[Alert]) -> None:
    for alert in alerts:
        if alert.key not in state.alerts:
            state.alerts[alert.key] = Open(alert, _moment())
            _note(workspace, "raised", asdict(alert))


def _close(workspace: Workspace, state: State, keys: Iterable[str]) -> None:
    for key in keys:
        if state.alerts.pop(key, None):
            _note(workspace, "cleared", {"key": key})


def _send(workspace: Workspace, state: State) -> None:
    """One message to each notifier, with all that it has not sent yet."""
    for address in dict.fromkeys(("file", *settings.notify())):
        label = notifier.label(address)
        untold = [held for held in state.alerts.values() if label not in held.told]
        if untold:
            _send_to(workspace, state, address, [held.alert for held in untold])


def _send_to(workspace: Workspace, state: State, address: str, alerts: list[Alert]) -> None:
    label = notifier.label(address)
    try:
        notifier.send(address, notifier.message(workspace, alerts), folder(workspace))
    except notifier.NotSent as error:
        # Once for each reason: it is tried again at every tick.
        if state.failing.get(label) != str(error):
            _note(workspace, "not_sent", {"notifier": label, "reason": str(error)})
        state.failing[label] = str(error)
        return
    state.failing.pop(label, None)
    _note(workspace, "sent", {"notifier": label, "keys": [alert.key for alert in alerts]})
    for alert in alerts:
        held = state.alerts[alert.key]
        state.alerts[alert.key] = replace(held, told=(*held.told, label))


@contextmanager
def _changing(workspace: Workspace) -> Iterator[State]:
    """The state, written when the block ends; one process at a time, so that nothing is told twice."""
    from filelock import FileLock

    make_private(folder(workspace))
    with FileLock(folder(workspace) / ".lock"):
        state = _read(workspace)
        before = _as_json(state)
        yield state
        if _as_json(state) != before:
            replace_json(folder(workspace) / OPEN, _as_json(state), is_private=True)


def _read(workspace: Workspace) -> State:
    path = folder(workspace) / OPEN
    if not path.exists():
        return State()
    content = json.loads(path.read_text(encoding="utf-8"))
    held = [Open(Alert(**one["alert"]), one["raised_at"], tuple(one["told"])) for one in content["alerts"]]
    return State({one.alert.key: one for one in held}, content["failing"])


def _as_json(state: State) -> dict[str, Any]:
    return {"alerts": [asdict(held) for held in state.alerts.values()], "failing": dict(state.failing)}


def _note(workspace: Workspace, event: str, content: dict[str, Any]) -> None:
    """Adds a line, in place of the half one that a stop may have left behind."""
    path = folder(workspace) / JOURNAL
    line = json.dumps({"at": _moment(), "event": event, **content}, ensure_ascii=False)
    with path.open("a+b") as stream:
        stream.seek(0)
        stream.truncate(stream.read().rfind(b"\n") + 1)
        stream.write(f"{line}\n".encode())


def _moment() -> str:
    return settings.now().isoformat(timespec="seconds")
