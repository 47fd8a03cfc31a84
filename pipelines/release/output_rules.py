"""What the gate demands of the files of a candidate: no leak, pages and workbook that everybody can use, and the mark.

Belongs here: turning what the scan and the checks of pages and workbooks found into examinations. Does not belong here:
the scan (leaks.py), the checks (pagecheck.py, workbook_check.py), or running rules (gate.py).
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator
from importlib.util import find_spec
from pathlib import Path

from pipelines.release.leaks import KINDS, Leak
from pipelines.release.pagecheck import RULES, PageFault, page_faults
from pipelines.release.patterns import is_among
from pipelines.release.rules import Examination, Rule, values

EXAMPLES = 3


def leaks(found: Iterable[Leak]) -> Examination:
    """One row: kind of thing that must not get out, with where it was found."""
    places = _gathered((leak.kind, leak.place) for leak in found)
    words = "no output holds what was withheld, given in confidence, or is about a person or a machine"
    return _by_name("leak", "all outputs", words, {kind: places.get(kind, []) for kind in KINDS})


def pages(folder: Path, is_synthetic: bool, later: Iterable[str] = ()) -> Examination:
    """One row: rule for pages, with the pages that break it."""
    found = page_faults(folder, is_synthetic, later)
    places = _gathered((fault.rule, _place(fault)) for fault in found)
    words = "every page can be used by everybody, asks for nothing from elsewhere, and leads nowhere that is not there"
    return _by_name("page", "all pages", words, {name: places.get(name, []) for name in RULES})


def workbooks(folder: Path) -> Examination:
    """One row: workbook, with what is wrong with it for those who read it with a program."""
    faults = {path.relative_to(folder).as_posix(): _workbook_faults(path) for path in sorted(folder.rglob("*.xlsx"))}
    return _by_name("workbook", "all workbooks", "every workbook keeps the rules for releasing spreadsheets", faults)


def synthetic_marks(folder: Path, is_synthetic: bool, suffix: str, patterns: Iterable[str]) -> Examination:
    """One row: data file whose name must say whether its figures are invented, and does not."""
    marked = list(patterns)
    names = [path.relative_to(folder).as_posix() for path in sorted(folder.rglob("*")) if path.is_file()]
    data_files = [name for name in names if is_among(name, marked)]
    wrong = {name: ["named otherwise"] for name in data_files if Path(name).stem.endswith(suffix) != is_synthetic}
    words = f"the name of every data file ends with {suffix} if its figures are invented, and only then"
    return _by_name("synthetic_mark", "all files", words, wrong)


def _workbook_faults(path: Path) -> list[str]:
    """Nothing where this version makes no workbook."""
    if find_spec("pipelines.release.workbook_check") is None:
        return []
    from pipelines.release.workbook_check import workbook_faults

    return workbook_faults(path)


def _place(fault: PageFault) -> str:
    return f"{fault.page}: {fault.found}"


def _gathered(pairs: Iterable[tuple[str, str]]) -> dict[str, list[str]]:
    places: dict[str, list[str]] = defaultdict(list)
    for name, place in pairs:
        places[name].append(place)
    return places


def _by_name(kind: str, subject: str, words: str, places: dict[str, list[str]]) -> Examination:
    rows = [(name, len(found), _told(found)) for name, found in sorted(places.items())]
    sql = f"select * from ({values(rows or [('none', 0, '')])}) as o(name, times, where_found)"
    rule = Rule(kind, subject, words, "ExpectColumnValuesToBeInSet", {"column": "times", "value_set": [0]}, "name")
    return Examination(kind, sql, (rule,), ("name", "where_found"))


def _told(found: list[str]) -> str:
    return "; ".join(_some(found))


def _some(found: list[str]) -> Iterator[str]:
    yield from sorted(found)[:EXAMPLES]
    if len(found) > EXAMPLES:
        yield f"and {len(found) - EXAMPLES:,} more"
