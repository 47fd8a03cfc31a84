"""Writes the workbook that an organisation fills in, for any instrument of the reference data.

Belongs here: sheets, drop-downs, guidance, and what makes the workbook usable with a screen reader. Does not belong
here: questions, levels and meanings (seeds), the text of the guidance (guidance.yml), the names of labels and columns
(source YAML).

Each sheet holds one table that starts in A1, with a frozen header row; no cell is merged, and no colour means
anything. The same seeds give the same bytes.
"""

from __future__ import annotations

import io
import zipfile
from collections.abc import Iterable, Sequence
from datetime import date, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import yaml

from pipelines.submissions.reference import NOT_APPLICABLE, Instrument, inbox_source, words

if TYPE_CHECKING:
    from xlsxwriter import Workbook
    from xlsxwriter.worksheet import Worksheet

MADE_AT = datetime(2026, 4, 1)
EARLIEST = date(2020, 1, 1)
LINE_HEIGHT = 15.5  # points
LANGUAGE = "en-GB"
GUIDANCE = Path(__file__).with_name("guidance.yml")
CORE = "docProps/core.xml"
# Asked for so that somebody can be rung up; never read by the program.
CONTACT = {
    "Organisation name": "For the reader's convenience. Organisations are recognised by their code.",
    "Contact name": "Whom to ask about this submission. It stays with the national team's inbox.",
    "Contact e-mail": "It stays with the national team's inbox.",
}
HELP = {
    "org_code": "The organisation's ODS code, such as RXX.",
    "unit_code": "Leave empty for the whole organisation. For a part of it: the part's ODS code. "
    "What is about a part does not speak for the organisation.",
    "instrument_version": "Filled in. Please do not change it.",
    "assessment_date": "The day of the assessment, such as 01/06/2025.",
    "submission_status": "Choose from the list. The Guidance sheet says what each status means.",
    "sharing_scope": "Choose from the list. The Guidance sheet says what each scope means. Empty means private.",
}


def write(instrument: Instrument, path: Path) -> Path:
    """The blank workbook of an instrument version. Returns its path."""
    from xlsxwriter import Workbook

    stream = io.BytesIO()
    with Workbook(stream, {"in_memory": True}) as book:
        _describe(book, instrument)
        _guidance(book, instrument)
        _submission(book, instrument)
        _answers(book, instrument)
        _levels(book, instrument)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(_with_language(stream.getvalue()))
    return path


def label_of(column: str) -> str:
    """The label on the form that gives this column."""
    source = inbox_source()
    layout = source.layout_for("xlsx")
    labels = (*layout.form_labels, *layout.optional_labels)
    return next(name for name in source.columns[column].source if name in labels)


def _describe(book: Workbook, instrument: Instrument) -> None:
    book.set_properties(
        {
            "title": f"{instrument.name}: submission",
            "subject": f"Template for sharing an assessment, instrument version {instrument.version}",
            "author": inbox_source().owner,
            "comments": "Start with the sheet Guidance. Fill in the sheets Submission and Answers.",
            "keywords": f"NHS IMPACT, submission, {instrument.version}",
            "created": MADE_AT,
        }
    )


def _guidance(book: Workbook, instrument: Instrument) -> None:
    source = inbox_source()
    known = {
        "instrument": instrument.name,
        "not_applicable": NOT_APPLICABLE,
        "owner": source.owner,
        "landing_page": source.landing_page,
        "unconfirmed": ", the ".join(instrument.unconfirmed),
        "drivers": instrument.has_drivers,
    }
    entries = yaml.safe_load(GUIDANCE.read_text(encoding="utf-8"))
    shown = [entry for entry in entries if "needs" not in entry or known[entry["needs"]]]
    rows = [row for entry in shown for row in _guidance_rows(entry, known)]
    _sheet(book, "Guidance", ["Topic", "What to know"], rows, [32, 100])


def _guidance_rows(entry: dict[str, str], known: dict[str, object]) -> list[tuple[str, str]]:
    topic = entry["topic"]
    if "text" in entry:
        return [(topic, entry["text"].format(**known))]
    meanings = words(entry["meanings_of"]).values()
    return [(f"{topic}: {word.label}", f"{word.meaning[0].upper()}{word.meaning[1:]}.") for word in meanings]


def _submission(book: Workbook, instrument: Instrument) -> None:
    default = next(iter(words("sharing_scope").values())).label
    given = {"instrument_version": instrument.version, "sharing_scope": default}
    rows = [(label_of(column), given.get(column), text) for column, text in HELP.items()]
    rows += [(label, None, text) for label, text in CONTACT.items()]
    sheet = _sheet(book, "Submission", ["Label", "Your answer", "Help"], rows, [28, 40, 80])
    places = {column: row for row, column in enumerate(HELP, start=1)}
    dated = book.add_format({"num_format": "dd/mm/yyyy", "text_wrap": True, "valign": "top", "align": "left"})
    sheet.write_blank(places["assessment_date"], 1, None, dated)
    sheet.data_validation(places["assessment_date"], 1, places["assessment_date"], 1, _date_rule())
    for column in ("submission_status", "sharing_scope"):
        known = [word.label for word in words(column).values()]
        sheet.data_validation(places[column], 1, places[column], 1, _list_rule(label_of(column), known))
    for column, row in places.items():
        book.define_name(f"submission_{column}", f"=Submission!$B${row + 1}")


def _date_rule() -> dict[str, object]:
    return {
        "validate": "date",
        "criteria": ">=",
        "value": EARLIEST,
        "input_title": "Assessment date",
        "input_message": "The day of the assessment, such as 01/06/2025.",
        "error_title": "Not a date",
        "error_message": "Write the day of the assessment as day/month/year, such as 01/06/2025.",
    }


def _list_rule(title: str, choices: Sequence[str] | str) -> dict[str, object]:
    return {
        "validate": "list",
        "source": choices,
        "input_title": title,
        "input_message": "Choose one from the list.",
        "error_title": "Not in the list",
        "error_message": "Choose one of the entries of the list. With the keyboard: Alt and arrow down.",
    }


def _answers(book: Workbook, instrument: Instrument) -> None:
    has_drivers = instrument.has_drivers
    header = ["Item", *(["Driver"] if has_drivers else []), "Question", "Level", "Comment"]
    rows = [
        (item.item_id, *([item.driver] if has_drivers else []), item.title, None, None) for item in instrument.items
    ]
    widths = [30 if len(max(instrument.titles, key=len)) > 8 else 10, *([44] if has_drivers else []), 52, 30, 60]
    sheet = _sheet(book, "Answers", header, rows, widths)
    column = header.index("Level")
    sheet.data_validation(1, column, len(rows), column, _list_rule("Level", "=level_choices"))


def _levels(book: Workbook, instrument: Instrument) -> None:
    rows = [(level.choice, level.description) for level in instrument.levels]
    rows.append((NOT_APPLICABLE, "The question does not apply to the organisation. It is not counted as an answer."))
    _sheet(book, "Levels", ["Level", "What it means"], rows, [34, 90])
    book.define_name("level_choices", f"=Levels!$A$2:$A${len(rows) + 1}")


def _sheet(
    book: Workbook, name: str, header: Sequence[str], rows: Iterable[Sequence[object]], widths: Sequence[int]
) -> Worksheet:
    """A sheet with one table from A1 on."""
    sheet, rows = book.add_worksheet(name), list(rows)
    wrapped = book.add_format({"text_wrap": True, "valign": "top", "align": "left"})
    bold = book.add_format({"text_wrap": True, "valign": "top", "align": "left", "bold": True})
    sheet.add_table(
        0,
        0,
        len(rows),
        len(header) - 1,
        {
            "name": f"{name}_table",
            "autofilter": False,
            "banded_rows": False,
            "style": "Table Style Light 15",
            "data": rows,
            "columns": [{"header": title, "format": wrapped, "header_format": bold} for title in header],
            "description": f"{name}: {', '.join(header)}",
        },
    )
    for column, width in enumerate(widths):
        sheet.set_column(column, column, width, wrapped)
    for number, row in enumerate(rows, start=1):
        sheet.set_row(number, LINE_HEIGHT * _lines(row, widths))
    _lay_out_page(sheet)
    return sheet


def _lines(row: Sequence[object], widths: Sequence[int]) -> int:
    """How many lines the fullest cell takes: not every program makes room for wrapped text by itself."""
    return max(-(-len(str(cell or "")) // (width - 4)) or 1 for cell, width in zip(row, widths, strict=False))


def _lay_out_page(sheet: Worksheet) -> None:
    sheet.freeze_panes(1, 0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0)


def _with_language(content: bytes) -> bytes:
    """The workbook with the language among its properties, which xlsxwriter cannot write."""
    stream = io.BytesIO()
    with zipfile.ZipFile(io.BytesIO(content)) as old, zipfile.ZipFile(stream, "w", zipfile.ZIP_DEFLATED) as new:
        for member in old.infolist():
            data = old.read(member)
            if member.filename == CORE:
                end = b"</cp:coreProperties>"
                data = data.replace(end, f"<dc:language>{LANGUAGE}</dc:language>".encode() + end)
            new.writestr(member, data)
    return stream.getvalue()
