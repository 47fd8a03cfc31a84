"""Alerts are told once while their condition lasts, by every notifier, whatever becomes of another one."""

from __future__ import annotations

import datetime as dt

import pytest

from pipelines import settings
from pipelines.alerts import Alert, alert, clear, deliver, hold_to, notifier, open_alerts, raise_alert, raise_alerts
from tests.alerts.servers import mail_server, webhook

LATE = Alert("late:shmi:2026-09", "shmi 2026-09 is late", "20 days", "ask the publisher", "source shmi")
REFUSED = Alert("refused:2027.2.0", "release 2027.2.0 was refused", "a hole", "read why.md", "the gate", "error")
MORNING = dt.datetime(2027, 1, 7, 9, 45, tzinfo=dt.UTC)


@pytest.fixture(autouse=True)
def settings_of_this_test(monkeypatch):
    monkeypatch.setattr(settings, "now", lambda: MORNING)
    monkeypatch.delenv("IMPACT_NOTIFY", raising=False)
    monkeypatch.delenv("IMPACT_SMTP_URL", raising=False)


def messages(workspace) -> list[str]:
    place = alert.folder(workspace) / notifier.MESSAGES
    return [path.read_text() for path in sorted(place.glob("*.txt"))]


def events(workspace) -> list[str]:
    return [line["event"] for line in alert.journal(workspace)]


def test_an_alert_is_told_once_while_its_condition_lasts(workspace):
    raise_alert(workspace, LATE)
    raise_alert(workspace, LATE)
    assert len(messages(workspace)) == 1
    assert [held.alert for held in open_alerts(workspace)] == [LATE]
    clear(workspace, LATE.key)
    clear(workspace, LATE.key)
    assert open_alerts(workspace) == []
    raise_alert(workspace, LATE)
    assert len(messages(workspace)) == 2
    assert events(workspace) == ["raised", "sent", "cleared", "raised", "sent"]


def test_what_is_found_together_is_one_message_that_tells_what_to_do(workspace):
    raise_alerts(workspace, [LATE, REFUSED])
    (told,) = messages(workspace)
    assert told == (
        "NHS IMPACT Warehouse, published data: shmi 2026-09 is late and 1 more\n\n"
        "ERROR: release 2027.2.0 was refused\n"
        "  where     the gate\n"
        "  found     a hole\n"
        "  serving   nothing was out before, and nothing is\n"
        "  to do     read why.md\n\n"
        "WARNING: shmi 2026-09 is late\n"
        "  where     source shmi\n"
        "  found     20 days\n"
        "  serving   nothing was out before, and nothing is\n"
        "  to do     ask the publisher\n"
    )


def test_held_to_what_is_the_case_others_of_the_kind_end(workspace):
    hold_to(workspace, [LATE, REFUSED], ["late", "refused"])
    hold_to(workspace, [REFUSED], ["late"])
    assert [held.alert for held in open_alerts(workspace)] == [REFUSED]
    assert len(messages(workspace)) == 1


def test_by_mail(workspace, monkeypatch):
    with mail_server() as server:
        monkeypatch.setenv("IMPACT_NOTIFY", "mailto:analysts@example.invalid")
        monkeypatch.setenv("IMPACT_SMTP_URL", server.url)
        raise_alert(workspace, LATE)
    (mail,) = server.mails
    assert (mail["To"], mail["From"]) == ("analysts@example.invalid", "impact@example.invalid")
    assert mail["Subject"] == "NHS IMPACT Warehouse, published data: shmi 2026-09 is late"
    assert "to do     ask the publisher" in mail.get_content()


def test_a_mail_that_is_refused_is_sent_at_a_later_tick_and_once(workspace, monkeypatch):
    with mail_server() as server:
        monkeypatch.setenv("IMPACT_NOTIFY", "mailto:analysts@example.invalid")
        monkeypatch.setenv("IMPACT_SMTP_URL", server.url)
        server.refuses = True
        raise_alert(workspace, LATE)
        deliver(workspace)
        assert server.mails == [] and len(messages(workspace)) == 1
        server.refuses = False
        deliver(workspace)
        deliver(workspace)
    assert len(server.mails) == 1 and len(messages(workspace)) == 1
    # The same failure is on record once, not once a tick.
    assert events(workspace) == ["raised", "sent", "not_sent", "sent"]
    assert "550" not in alert.journal(workspace)[2]["notifier"]


def test_a_password_never_travels_in_the_open(workspace, monkeypatch):
    with mail_server() as server:
        monkeypatch.setenv("IMPACT_NOTIFY", "mailto:analysts@example.invalid")
        monkeypatch.setenv("IMPACT_SMTP_URL", server.url.replace("smtp://", "smtp://me:hush-hush@"))
        raise_alert(workspace, LATE)
    assert server.mails == []
    assert "SMTPNotSupportedError" in alert.journal(workspace)[-1]["reason"]
    assert "hush-hush" not in (alert.folder(workspace) / alert.JOURNAL).read_text()


def test_to_a_webhook(workspace, monkeypatch):
    with webhook() as hook:
        monkeypatch.setenv("IMPACT_NOTIFY", hook.url)
        raise_alerts(workspace, [LATE, REFUSED])
    (body,) = hook.bodies
    assert [one["key"] for one in body["alerts"]] == [LATE.key, REFUSED.key]
    assert "ask the publisher" in body["text"] and body["served"] is None


@pytest.mark.parametrize(("status", "seconds", "reason"), [(500, 0, "answered 500"), (200, 0.5, "ReadTimeout")])
def test_a_webhook_that_fails_or_is_slow_stops_nobody_and_is_tried_again(
    workspace, monkeypatch, status, seconds, reason
):
    monkeypatch.setattr(notifier, "TIMEOUT", 0.1)
    with webhook() as hook:
        monkeypatch.setenv("IMPACT_NOTIFY", f"{hook.url}, carrier-pigeon:me")
        hook.status, hook.seconds = status, seconds
        raise_alert(workspace, LATE)
        hook.status, hook.seconds, hook.bodies = 200, 0.0, []
        monkeypatch.setattr(notifier, "TIMEOUT", 5)
        deliver(workspace)
    failed = [line for line in alert.journal(workspace) if line["event"] == "not_sent"]
    assert reason in failed[0]["reason"] and "neither" in failed[1]["reason"]
    assert [body["alerts"][0]["key"] for body in hook.bodies] == [LATE.key]
    assert len(messages(workspace)) == 1
    # The address of a webhook is a secret in itself.
    kept = [path.read_text() for path in alert.folder(workspace).rglob("*") if path.is_file()]
    assert not any("secret-token" in text for text in kept)


def test_a_webhook_that_nobody_answers_for(workspace, monkeypatch):
    monkeypatch.setenv("IMPACT_NOTIFY", "http://127.0.0.1:9/secret-token")
    raise_alert(workspace, LATE)
    assert alert.journal(workspace)[-1]["reason"] == "the webhook: ConnectionError"


def test_what_was_over_before_it_could_be_sent_is_not_sent(workspace, monkeypatch):
    monkeypatch.setenv("IMPACT_NOTIFY", "mailto:analysts@example.invalid")
    raise_alert(workspace, LATE)
    clear(workspace, LATE.key)
    with mail_server() as server:
        monkeypatch.setenv("IMPACT_SMTP_URL", server.url)
        deliver(workspace)
    assert server.mails == []


def test_the_journal_survives_a_stop_in_the_middle_of_a_line(workspace):
    raise_alert(workspace, LATE)
    path = alert.folder(workspace) / alert.JOURNAL
    path.write_bytes(path.read_bytes()[:-5])
    clear(workspace, LATE.key)
    assert path.read_text().splitlines()[-1].endswith('"key": "late:shmi:2026-09"}')
    assert alert.journal(workspace)[-1]["event"] == "cleared"


def test_nobody_else_may_look_into_the_alerts(workspace):
    raise_alert(workspace, LATE)
    assert alert.folder(workspace).stat().st_mode & 0o077 == 0
