"""Taking down a decision on one file: which file is meant, and whether it can be decided on.

Belongs here: finding the vintage, and the words where none or several could be meant. Does not belong here: the
record (store/decisions.py), or what follows (editions/settle.py).
"""

from __future__ import annotations

from collections.abc import Iterable
from difflib import get_close_matches
from typing import Literal

from pipelines.errors import Fault
from pipelines.registry import load_sources
from pipelines.settings import Workspace
from pipelines.staging import already_staged
from pipelines.store import decisions
from pipelines.store.decisions import Decision
from pipelines.store.parquet import Staged
from pipelines.store.snapshots import Snapshot

OPEN_TO = {"accept": ("held", "dropped"), "drop": ("accepted", "held", "refused")}
# What to say of a file that is not open to a decision: why, and what to do.
NOT_OPEN = {
    ("accept", "refused"): ("refused files cannot be accepted", "fetch a good one, or drop it"),
    ("accept", "accepted"): ("it is in use already", "nothing; or drop it, if it is wrong"),
    ("drop", "dropped"): ("it was dropped before", "nothing; or accept it, if it is right after all"),
}


def decide(
    workspaces: Iterable[Workspace],
    decision: Literal["accept", "drop"],
    source_id: str,
    edition: str,
    vintage: str | None,
    reason: str,
    by: str,
) -> Decision:
    """Records the decision in the first workspace that has such a file. Raises Fault where it is not clear which."""
    where = f"impact {decision} {source_id} {edition}"
    _require_words(where, reason)
    _require_source(where, source_id)
    files = [(place, *file) for place in workspaces for file in _files(place, source_id, edition)]
    open_to = [file for file in files if file[2].outcome in OPEN_TO[decision]]
    chosen = [file for file in open_to if vintage in (None, file[1].vintage)]
    if not chosen:
        _refuse_not_open(where, decision, [file for file in files if vintage in (None, file[1].vintage)])
    if len(chosen) != 1:
        raise _unclear(where, decision, files, len(chosen))
    workspace, snapshot, _ = chosen[0]
    return decisions.record(workspace, source_id, edition, snapshot.vintage, decision, reason, by)


def _files(workspace: Workspace, source_id: str, edition: str) -> list[tuple[Snapshot, Staged]]:
    notes = already_staged(load_sources()[source_id], workspace).notes
    return [(snapshot, note) for snapshot, note in notes.items() if snapshot.edition == edition]


def _require_words(where: str, reason: str) -> None:
    if reason.strip():
        return
    raise Fault(where, "no reason", "a sentence that readers of the data understand", "an empty --reason", "give one")


def _require_source(where: str, source_id: str) -> None:
    if source_id in load_sources():
        return
    near = get_close_matches(source_id, load_sources(), n=1, cutoff=0.0)[0]
    raise Fault(
        where,
        f"no source `{source_id}`",
        f"a source of `impact status`; the nearest is `{near}`",
        "a misspelt source",
        "correct the name",
    )


def _refuse_not_open(where: str, decision: str, meant: list[tuple[Workspace, Snapshot, Staged]]) -> None:
    """Raises Fault where all that could be meant has an outcome that this decision is not for."""
    outcomes = {note.outcome for _, _, note in meant}
    if len(outcomes) != 1:
        return
    (outcome,) = outcomes
    why, todo = NOT_OPEN[decision, outcome]
    vintages = ", ".join(snapshot.vintage for _, snapshot, _ in meant)
    raise Fault(where, f"vintage {vintages}: {outcome}", f"a file that is {_open_to(decision)}", why, todo)


def _open_to(decision: str) -> str:
    return " or ".join(OPEN_TO[decision])


def _unclear(where: str, decision: str, files: list[tuple[Workspace, Snapshot, Staged]], chosen: int) -> Fault:
    listed = "; ".join(f"vintage {snapshot.vintage}: {note.outcome}" for _, snapshot, note in files)
    return Fault(
        where,
        f"{chosen} files that this could mean; of this edition there are: {listed or 'none'}",
        f"one file that is {_open_to(decision)}",
        "a misspelt source, edition or vintage; or several vintages and no --vintage",
        "look at `impact status`, and name the vintage with --vintage",
    )
