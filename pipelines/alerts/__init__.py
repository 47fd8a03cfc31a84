"""Telling a person what that person must know, once, and no more.

alert       one alert, the journal of all of them, and which are open
notifier    how a message goes out: into a file, by e-mail, to a webhook
watch       which conditions need a person
"""

from pipelines.alerts.alert import Alert, Open, clear, deliver, hold_to, open_alerts, raise_alert, raise_alerts

__all__ = ["Alert", "Open", "clear", "deliver", "hold_to", "open_alerts", "raise_alert", "raise_alerts"]
