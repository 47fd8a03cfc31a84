"""The commands `impact release …`: options and wording of what they print.

Belongs here: what a person types and sees. Does not belong here: any rule about releases (their own modules).
"""

from __future__ import annotations

import typer

app = typer.Typer(
    help="From a candidate that passed to a release that is out, and what may follow.", no_args_is_help=True
)
