"""From the file that dbt built to the release that readers see.

In this order, with nothing left out:

    version = version_to_build(workspace, today)
    candidate = build_candidate(workspace, manifest_path, version, code_version)
    write_outputs(candidate)
    result = run_gate(workspace)
    if not result.passed:
        refuse(candidate, result, workspace)      # raises Refused
    write_manifest(candidate, workspace, fingerprint, calendar_entry)
    sign_manifest(candidate, key)

SYNTHETIC data are served at once:

    publish(candidate, workspace, version)

Published data wait until somebody other than the builder has approved them, and for their date:

    waiting.put(workspace, access.note_builder)
    approval.approve(workspace, folder, by, statement)
    publication.publish_waiting(workspace, version)

Whatever of this is stopped half way is finished, or begun again, by the next run: `resume(workspace)`.
"""

from importlib import import_module
from typing import Any

HOMES = {
    "Check": "gate",
    "GateResult": "gate",
    "Refused": "promote",
    "Release": "promote",
    "build_candidate": "candidate",
    "carried_by": "correcting",
    "connect": "reading",
    "current_release": "promote",
    "last_built": "after",
    "list_releases": "promote",
    "next_version": "promote",
    "note_withdrawals": "withdrawals",
    "publish": "publication",
    "read_manifest": "manifest",
    "refuse": "promote",
    "resume": "resuming",
    "run_gate": "gate",
    "serve": "promote",
    "settle": "after",
    "sign_manifest": "manifest",
    "verify": "manifest",
    "version_to_build": "correcting",
    "write_manifest": "manifest",
    "write_outputs": "outputs",
}
"""The module of each name that is offered here."""


def __getattr__(name: str) -> Any:
    """Imports what is asked for when it is asked for: commands that need little of it do not pay for all."""
    if name not in HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{HOMES[name]}"), name)
