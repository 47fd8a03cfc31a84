"""Whether a copy of a release is that release: its signature, its hashes, and what is missing or extra.

Belongs here: the verdict on a copy, wherever it lies. Does not belong here: the hashes (manifest.py), or building a
release again (rebuilding.py).
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import Fault
from pipelines.release import signing
from pipelines.release.manifest import MANIFEST, read_manifest, verify_or_raise
from pipelines.release.promote import VERSION
from pipelines.release.signing import BUILD, Signer
from pipelines.settings import Workspace


@dataclass(frozen=True)
class Verified:
    """A copy on which nothing is wrong. files: how many the manifest lists."""

    release_id: str
    files: int
    is_synthetic: bool
    signer: Signer


def verify_copy(folder: Path, signers: Path | None) -> Verified:
    """Compares a copy with its manifest and checks the signature. signers: whose keys may build; None for no list.

    Raises Fault or Faults where anything differs. Whether somebody vouches for the key is for `require_vouched`.
    """
    verify_or_raise(folder)
    signer = signing.signer_of(folder / MANIFEST, BUILD, signers)
    manifest = read_manifest(folder)
    return Verified(manifest["release_id"], len(manifest["files"]), manifest["is_synthetic"], signer)


def require_vouched(verified: Verified) -> None:
    """Raises Fault where published data bear the signature of a key that no list names.

    Whoever alters a copy can sign it with a key of his own. SYNTHETIC data say so themselves and need nobody's word.
    """
    if verified.is_synthetic or verified.signer.principal:
        return
    raise Fault(
        f"release {verified.release_id}: nobody here vouches for its key",
        f"hashes and signature that hold, by key {verified.signer.key}",
        "a key that a list of signers names for impact-release",
        "no list was given, or the release is not from where it says",
        "get the publisher's list of signers by another way than this copy and give it with --signers FILE",
    )


def find_copy(workspace: Workspace, named: str) -> Path:
    """The folder that is meant: a release of this home, served or waiting, by its version; or any folder by its path.

    Raises Fault where there is none.
    """
    places = [workspace.releases / named, workspace.waiting / named] if VERSION.fullmatch(named) else []
    for folder in (*places, Path(named)):
        if folder.is_dir():
            return folder.absolute()
    raise Fault(
        f"impact verify {named}",
        "no such release and no such folder",
        "a release of `impact releases` or `impact release waiting`, or the path of a copy",
        "the version or the path was mistyped",
        "correct it",
    )
