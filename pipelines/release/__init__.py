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

from pipelines.release.after import last_built, settle
from pipelines.release.candidate import build_candidate
from pipelines.release.correcting import carried_by, version_to_build
from pipelines.release.export import export
from pipelines.release.gate import Check, GateResult, run_gate
from pipelines.release.manifest import read_manifest, sign_manifest, verify, write_manifest
from pipelines.release.outputs import write_outputs
from pipelines.release.promote import (
    Refused,
    Release,
    current_release,
    list_releases,
    next_version,
    refuse,
    serve,
)
from pipelines.release.publication import publish
from pipelines.release.reading import connect
from pipelines.release.resuming import resume
from pipelines.release.withdrawals import note_withdrawals

__all__ = [
    "Check",
    "GateResult",
    "Refused",
    "Release",
    "build_candidate",
    "carried_by",
    "connect",
    "current_release",
    "export",
    "last_built",
    "list_releases",
    "next_version",
    "note_withdrawals",
    "publish",
    "read_manifest",
    "refuse",
    "resume",
    "run_gate",
    "serve",
    "settle",
    "sign_manifest",
    "verify",
    "version_to_build",
    "write_manifest",
    "write_outputs",
]
