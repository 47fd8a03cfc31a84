"""Signatures by ssh-keygen: who sealed a release, and who approved it.

Belongs here: making keys, signing a file, and saying whose signature it is. Does not belong here: whose signature is
needed (approval.py, publication.py).

Nothing is installed for it: OpenSSH is on every server. A role is a namespace of the signature; which key may sign in
which namespace stands in `keys/allowed_signers` of the home, a file that only the head of profession should be able to
write.
"""

from __future__ import annotations

import fnmatch
import os
import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

from pipelines.errors import Fault
from pipelines.settings import Workspace
from pipelines.store.whole import partial_of

BUILD = "impact-release"
APPROVAL = "impact-approval"
SUFFIX = ".sig"
SYNTHETIC = "SYNTHETIC"
GOOD = re.compile(r"with \S+ key (SHA256:\S+)")


@dataclass(frozen=True)
class Signer:
    """Who signed. key: fingerprint of the key. principal: the names under which it is listed, None where it is not."""

    key: str
    principal: str | None

    def may_be(self, other: Signer) -> bool:
        """Whether two keys are listed for one person: by a name in common, or by a pattern that fits both."""
        return any(
            fnmatch.fnmatchcase(one, another) or fnmatch.fnmatchcase(another, one)
            for one in self._names()
            for another in other._names()
        )

    def _names(self) -> list[str]:
        return [name.strip().casefold() for name in (self.principal or "").split(",")]


def sign(path: Path, key: Path, namespace: str) -> Path:
    """Writes the signature of a file beside it. Raises Fault where the key cannot sign."""
    done = _ssh_keygen("-Y", "sign", "-f", str(key), "-n", namespace, read=path)
    if done.returncode:
        raise Fault(
            f"signing {path.name} with {key}",
            _last_line(done) or "no signature",
            "a private key that this account may read",
            "IMPACT_SIGNING_KEY names another file, or the passphrase was wrong",
            "check IMPACT_SIGNING_KEY; `impact release keys` makes a key",
        )
    target = signature_of(path)
    partial = partial_of(target)
    partial.write_bytes(done.stdout)
    os.replace(partial, target)
    return target


def signature_of(path: Path) -> Path:
    """Where the signature of a file lies."""
    return path.with_name(path.name + SUFFIX)


def signer_of(path: Path, namespace: str, signers: Path | None) -> Signer:
    """Whose signature a file bears. Raises Fault where it has none, or not one of this file as it is now.

    signers: who may sign in this namespace; a key that is not listed there for it has no principal.
    """
    signature = signature_of(path)
    if not signature.is_file():
        raise _invalid(path, "no signature", "it was never signed, or the signature was left out of the copy")
    done = _ssh_keygen("-Y", "check-novalidate", "-n", namespace, "-s", str(signature), read=path)
    good = GOOD.search(done.stdout.decode(errors="replace"))
    if done.returncode or not good:
        raise _invalid(path, _last_line(done), "the file, its signature or both were changed after signing")
    return Signer(good[1], _principal(path, namespace, signers))


def make_key(path: Path, comment: str, has_passphrase: bool) -> str:
    """Makes an ed25519 key and returns its public line. ssh-keygen itself asks for the passphrase.

    Raises Fault where there is a key already.
    """
    if path.exists():
        raise Fault(
            f"key {path}",
            "a key that exists already",
            "a new file: keys are not overwritten",
            "the key was made before",
            f"use it, or name another file with IMPACT_SIGNING_KEY; its public part is {path}.pub",
        )
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    words = [] if has_passphrase else ["-N", ""]
    partial, public = partial_of(path), path.with_name(f"{path.name}.pub")
    done = _ssh_keygen("-q", "-t", "ed25519", "-C", comment, "-f", str(partial), *words)
    if done.returncode:
        raise Fault(
            f"key {path}",
            _last_line(done) or "no key",
            "a folder that this account may write to",
            "ssh-keygen was stopped, or may not write there",
            "name another file with IMPACT_SIGNING_KEY and run the command again",
        )
    # The private key last: where it is, the pair is whole.
    os.replace(f"{partial}.pub", public)
    os.replace(partial, path)
    return public.read_text(encoding="utf-8").strip()


def synthetic_key(workspace: Workspace) -> Path:
    """The throwaway key of this home, made at first use. It vouches for nothing: SYNTHETIC data need nobody's word."""
    path = workspace.signers.with_name("synthetic_ed25519")
    if not path.exists():
        make_key(path, SYNTHETIC, has_passphrase=False)
    return path


def _principal(path: Path, namespace: str, signers: Path | None) -> str | None:
    """find-principals heeds no namespace, so that verify has the last word."""
    if signers is None or not signers.is_file():
        return None
    place = ["-s", str(signature_of(path)), "-f", str(signers)]
    found = _ssh_keygen("-Y", "find-principals", *place, read=path).stdout.decode(errors="replace").splitlines()
    listed = [name for name in dict.fromkeys(found) if _may_sign(path, name, namespace, place)]
    return ",".join(listed) or None


def _may_sign(path: Path, name: str, namespace: str, place: list[str]) -> bool:
    """A name of a list of names is asked for by itself; a pattern stands for whoever it fits."""
    one = name.partition(",")[0]
    return _ssh_keygen("-Y", "verify", "-I", one, "-n", namespace, *place, read=path).returncode == 0


def _ssh_keygen(*words: str, read: Path | None = None) -> subprocess.CompletedProcess[bytes]:
    """read: the file that is signed, on standard input. Raises Fault where OpenSSH is not installed."""
    stdin = read.open("rb") if read else None
    try:
        command = ["ssh-keygen", *words]
        return subprocess.run(command, stdin=stdin, capture_output=bool(read), check=False)
    except FileNotFoundError as error:
        raise Fault(
            "signatures",
            "no command ssh-keygen",
            "OpenSSH 8.2 or later on this machine",
            "a bare image without the OpenSSH client",
            "install the package openssh-client",
        ) from error
    finally:
        if stdin:
            stdin.close()


def _last_line(done: subprocess.CompletedProcess[bytes]) -> str:
    lines = ((done.stderr or b"") + (done.stdout or b"")).decode(errors="replace").strip().splitlines()
    return lines[-1] if lines else ""


def _invalid(path: Path, found: str, likely: str) -> Fault:
    return Fault(
        f"{path.parent.name}/{path.name}: its signature does not hold",
        found or "a signature that does not fit",
        f"a signature of exactly these bytes in {path.name}{SUFFIX}",
        likely,
        "do not use this copy; take it from where it was published, or build and approve it again",
    )
