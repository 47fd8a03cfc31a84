"""Approval of a release by somebody who did not build it, bound to the hash of its manifest.

Belongs here: taking an approval down, and judging one. Does not belong here: what else must hold before a release goes
out (publication.py), or whose key may approve (keys/allowed_signers, written by the head of profession).

Who is who is told by keys: a team shares one server, where the name of an account proves little.
"""

from __future__ import annotations

import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path

from pipelines import settings
from pipelines.errors import Fault
from pipelines.release import access, signing
from pipelines.release.manifest import MANIFEST, read_manifest, verify_or_raise
from pipelines.release.signing import APPROVAL, BUILD, Signer
from pipelines.release.waiting import beside, build_of
from pipelines.settings import Workspace
from pipelines.store.snapshots import sha256_of


@dataclass(frozen=True)
class Approval:
    """What somebody signed. approved_at: ISO, UTC. embargo: end of it, ISO, UTC; None for a correction."""

    release_id: str
    manifest_sha256: str
    approver: str
    approved_at: str
    statement: str
    embargo: str | None


def path_of(folder: Path) -> Path:
    """Where the approval of a release lies; its signature lies beside it."""
    return beside(folder, "approval.json")


def approve(workspace: Workspace, folder: Path, by: str, statement: str) -> Approval:
    """Signs and keeps the approval of a waiting release. by: the approver as listed among the signers, or any name.

    Raises Fault or Faults, with nothing kept, where the release is not as it was sealed, or where the one who signs may
    not approve it.
    """
    version = folder.name
    key = settings.signing_key()
    if key is None:
        raise _no_key(version)
    _require_words(version, by, statement)
    verify_or_raise(folder)
    builder = signed_by_builder(workspace, folder)
    _require_other_name(version, by, build_of(folder).builder)
    path, partial = path_of(folder), folder.with_name(f".{folder.name}.approval.json")
    made = _approval(folder, by, statement)
    try:
        _write(partial, made)
        signing.sign(partial, key, APPROVAL)
        _require_approver(version, signing.signer_of(partial, APPROVAL, workspace.signers), builder)
        os.replace(signing.signature_of(partial), signing.signature_of(path))
        os.replace(partial, path)
        access.note(folder, made.approver, "approver", "approved the release", made.approver)
    finally:
        partial.unlink(missing_ok=True)
        signing.signature_of(partial).unlink(missing_ok=True)
    return made


def require(workspace: Workspace, folder: Path) -> Approval:
    """The approval of a waiting release, if it holds. Raises Fault where there is none or it does not."""
    version, path = folder.name, path_of(folder)
    builder = signed_by_builder(workspace, folder)
    if not path.is_file():
        raise _not_approved(version)
    approver = signing.signer_of(path, APPROVAL, workspace.signers)
    _require_approver(version, approver, builder)
    found = Approval(**json.loads(path.read_text(encoding="utf-8")))
    if (found.release_id, found.manifest_sha256, found.embargo) != _bound_to(folder):
        raise _stale(version, found)
    return found


def holds(workspace: Workspace, folder: Path) -> bool:
    """Whether there is an approval of a waiting release, and it holds."""
    try:
        return path_of(folder).is_file() and bool(require(workspace, folder))
    except Fault:
        return False


def signed_by_builder(workspace: Workspace, folder: Path) -> Signer:
    """Who signed the manifest. Raises Fault where nobody did, or nobody who may build."""
    version = folder.name
    if not signing.signature_of(folder / MANIFEST).is_file():
        raise _unsigned(version)
    signer = signing.signer_of(folder / MANIFEST, BUILD, workspace.signers)
    if signer.principal is None:
        raise _not_listed(version, "built", signer, BUILD)
    return signer


def _approval(folder: Path, by: str, statement: str) -> Approval:
    version, sha256, embargo = _bound_to(folder)
    moment = settings.now().isoformat(timespec="seconds")
    return Approval(version, sha256, by.strip(), moment, statement.strip(), embargo)


def _bound_to(folder: Path) -> tuple[str, str, str | None]:
    """What an approval is bound to: the version, the bytes of the manifest, and the end of the embargo."""
    manifest = read_manifest(folder)
    ends_at = manifest["calendar"] and manifest["calendar"]["ends_at"]
    return manifest["release_id"], sha256_of(folder / MANIFEST), ends_at


def _write(path: Path, content: Approval) -> None:
    path.unlink(missing_ok=True)
    path.touch(mode=0o600)
    path.write_text(json.dumps(asdict(content), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _require_words(version: str, by: str, statement: str) -> None:
    if by.strip() and statement.strip():
        return
    raise Fault(
        f"approval of release {version}",
        f"by: {by.strip() or 'nobody'}; statement: {statement.strip() or 'none'}",
        "a name and a sentence on what was looked at",
        "an empty --by or --statement",
        "give both",
    )


def _require_other_name(version: str, by: str, builder: str) -> None:
    if by.strip().casefold() == builder.strip().casefold():
        raise _same_person(version, f"{builder} built it and would approve it")


def _require_approver(version: str, approver: Signer, builder: Signer) -> None:
    if approver.key == builder.key:
        raise _same_person(version, f"key {approver.key} signed both the release and the approval")
    if approver.principal is None:
        raise _not_listed(version, "approved", approver, APPROVAL)
    if approver.may_be(builder):
        raise _same_person(version, f"{approver.principal} signed both, with two keys")


def _same_person(version: str, found: str) -> Fault:
    return Fault(
        f"approval of release {version}: by its own builder",
        found,
        "somebody other than the builder",
        "IMPACT_SIGNING_KEY names the builder's key, or nobody else was at hand",
        "ask a colleague who is listed for impact-approval to look at the release and to approve it",
    )


def _not_listed(version: str, did: str, signer: Signer, namespace: str) -> Fault:
    return Fault(
        f"release {version}: {did} with a key that may not do so",
        f"key {signer.key}",
        f"a key that keys/allowed_signers lists for {namespace}",
        "the key was never listed, was taken off the list, or is listed for another role",
        "ask the head of profession to list the key; `impact release keys` shows the line",
    )


def _no_key(version: str) -> Fault:
    return Fault(
        f"approval of release {version}",
        "no key to sign with",
        "IMPACT_SIGNING_KEY with the approver's private key",
        "the variable is not set for this account",
        "set IMPACT_SIGNING_KEY; `impact release keys` makes a key and says what to do",
    )


def _unsigned(version: str) -> Fault:
    return Fault(
        f"release {version}: not signed by its builder",
        "no manifest.json.sig",
        "a release that its builder sealed with a key",
        "IMPACT_SIGNING_KEY was not set when it was built",
        "make a key with `impact release keys`, have it listed, set IMPACT_SIGNING_KEY and run the refresh again",
    )


def _not_approved(version: str) -> Fault:
    return Fault(
        f"release {version}: not approved",
        "no approval",
        "an approval by somebody other than the builder",
        "nobody has looked at it yet, or a newer build took the place of what was approved",
        f'`impact release approve {version} --by NAME --statement "…"`, with the approver\'s key',
    )


def _stale(version: str, found: Approval) -> Fault:
    return Fault(
        f"release {version}: the approval is of something else",
        f"an approval of {found.release_id}, manifest {found.manifest_sha256[:12]}…, embargo {found.embargo}",
        "an approval of exactly what waits, for the date that it waits for",
        "the release was built again after it was approved",
        f"look at what waits now and approve it: `impact release approve {version}`",
    )
