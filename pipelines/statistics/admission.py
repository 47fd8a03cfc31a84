"""Which submissions a release counts: one that came late waits until enough others have come with it.

Belongs here: a pure function on submissions and on what earlier releases counted. Does not belong here: which
submissions are shared at all (dbt's `int_maturity__candidates`), and whether a figure may be shown (differencing.py).

Without it one late return would change every figure that it enters by one organisation, and so hold all of them back.
"""

from __future__ import annotations

from collections import Counter

import polars as pl

COUNTED = "int_maturity__admitted"
ROUND = ("instrument_family", "round_key")
PLACES = ("organisation_type", "region_code")


def admit(candidates: pl.DataFrame, shown: pl.DataFrame, minimum: int) -> list[str]:
    """The member_key of each submission that this release counts: at most one of an organisation and round.

    candidates: what is shared nationally: instrument_family, round_key, org_code, organisation_type and region_code
    (null where the organisation is in no figure), member_key, is_unnamed, and choice, 1 for the one that speaks for the
    organisation. A row without member_key stands for an organisation that shares nothing. shown: what earlier releases
    showed and counted, as for differencing.judge.

    What would be counted under a name does not wait, unless it takes the place of what was counted without one. What
    was counted stays while it is shared, also where its successor waits. A new one is counted once at least `minimum`
    have come in its type, and as many in its region. Of a round of which nothing has
    been shown yet everything is counted, if enough share.
    """
    before = _counted(shown)
    rounds = candidates.partition_by(ROUND, as_dict=True)
    return sorted(key for name, rows in rounds.items() for key in _of_round(rows, before.get("|".join(name)), minimum))


def _counted(shown: pl.DataFrame) -> dict[str, set[str]]:
    """By round of which some release showed a figure: the unnamed members that the last release counted."""
    counted = shown.filter(pl.col("table_name") == COUNTED)
    in_figures = shown.filter("is_shown").select("member_key").unique()
    last = counted.filter((pl.col("release_rank") == 1) & pl.col("is_unnamed"))
    return {
        name: set(last.filter(pl.col("group_key") == name)["member_key"])
        for name in counted.join(in_figures, on="member_key", how="semi")["group_key"].unique()
    }


def _of_round(rows: pl.DataFrame, before: set[str] | None, minimum: int) -> set[str]:
    offered = rows.drop_nulls("member_key")
    chosen = {row["org_code"]: row for row in offered.filter(pl.col("choice") == 1).iter_rows(named=True)}
    if before is None:
        return _first(chosen, minimum)
    kept = {key.partition("|")[0]: key for key in set(offered["member_key"]) & before}
    gone = {key.partition("|")[0] for key in before} - set(kept)
    new = {code for code, row in chosen.items() if row["member_key"] not in before}
    waiting = {code for code in new if code in kept or _may_wait(chosen[code])}
    places = {row["org_code"]: tuple(row[name] for name in PLACES) for row in rows.iter_rows(named=True)}
    ripe = (new - waiting) | _ripe(waiting, waiting & kept.keys(), gone, places, minimum)
    return {chosen[code]["member_key"] for code in ripe} | {key for code, key in kept.items() if code not in ripe}


def _first(chosen: dict[str, dict], minimum: int) -> set[str]:
    """Before any figure of a round is out there is nothing to subtract from; but that a few have shared is told by
    the round's being there at all."""
    few = {code for code, row in chosen.items() if _may_wait(row)}
    return {row["member_key"] for code, row in chosen.items() if code not in few or len(few) >= minimum}


def _may_wait(row: dict) -> bool:
    return row["is_unnamed"] and row["organisation_type"] is not None


def _ripe(
    waiting: set[str], leaving: set[str], gone: set[str], places: dict[str, tuple[str, str]], minimum: int
) -> set[str]:
    """Those in whose type and region enough wait; whoever must go on waiting does not count for others.

    leaving: those of them that would take the place of what was counted, so that as many must leave it.
    """
    while True:
        come, left = (_sizes(codes & places.keys(), places) for codes in (waiting, (waiting & leaving) | gone))
        stay = {code for code in waiting if _enough(places[code], come, minimum)}
        stay -= {code for code in stay & leaving if not _enough(places[code], left, minimum)}
        if stay == waiting:
            return stay
        waiting = stay


def _sizes(codes: set[str], places: dict[str, tuple[str, str]]) -> Counter[tuple[int, str]]:
    return Counter(cell for code in codes for cell in enumerate(places[code]))


def _enough(place: tuple[str, str], sizes: Counter[tuple[int, str]], minimum: int) -> bool:
    return all(sizes[cell] >= minimum for cell in enumerate(place))
