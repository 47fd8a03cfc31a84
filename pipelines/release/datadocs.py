"""Great Expectations' Data Docs as pages that need nothing from elsewhere: the gate's evidence for people.

Belongs here: taking the pages that Great Expectations renders, without its scripts, styles, logo and times, and the
list of all checks. Does not belong here: the checks (rules.py) and running them (gate.py).

The renderer costs about 4 ms a page, so every examination has its page.
"""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from pipelines.release.gate import GateResult

FOLDER = "data_docs"
DROPPED = "//script | //link | //img | //input | //comment() | //thead[@hidden]"
UNWRAPPED = ("a", "i")
STYLE = (
    "body{font-family:Arial,sans-serif;line-height:1.5;margin:1rem auto;max-width:60rem;padding:0 1rem}"
    "table{border-collapse:collapse;width:100%}caption{text-align:left;font-weight:bold}"
    "td,th{border:1px solid #4c6272;padding:.3rem;text-align:left;vertical-align:top;overflow-wrap:anywhere}"
)
PAGE = """<!DOCTYPE html>
<html lang="en-GB">
<head><meta charset="utf-8"><meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title><style>{style}</style></head>
<body><main>
<h1>{title}</h1>
{mark}{body}
</main></body>
</html>
"""
MARK = "<p><strong>SYNTHETIC. Every figure in this release is invented.</strong></p>\n"


class DataDocs:
    """Writes the pages of one candidate's evidence. mark: what every page of it says first."""

    def __init__(self, evidence: Path, is_synthetic: bool) -> None:
        from great_expectations.render.renderer import ValidationResultsPageRenderer
        from great_expectations.render.view import DefaultJinjaPageView

        self._folder = evidence / FOLDER
        self._folder.mkdir(parents=True, exist_ok=True)
        self._renderer = ValidationResultsPageRenderer(run_info_at_end=True)
        self._view = DefaultJinjaPageView()
        self._mark = MARK if is_synthetic else ""

    def write(self, name: str, report: Any) -> None:
        """The page of one examination; report: Great Expectations' validation result."""
        page = self._view.render(self._renderer.render(report))
        back = '<p><a href="index.html">All checks</a></p>\n'
        self._write(name, f"Examination {name}", back + _cleaned(page))

    def write_index(self, result: GateResult) -> None:
        """The list of all checks, and the waivers that let something through."""
        said = "passed" if result.passed else "refused"
        parts = [f"<p>Release {escape(result.release_id)}: {said}, {len(result.checks)} checks.</p>\n"]
        if result.waivers:
            parts += ["<h2>Waivers</h2>\n", _waivers(result)]
        parts += ["<h2>Checks</h2>\n", _checks(result), _examinations(self._folder)]
        self._write("index", "What the gate checked", "".join(parts))

    def _write(self, name: str, title: str, body: str) -> None:
        page = PAGE.format(title=escape(title), style=STYLE, mark=self._mark, body=body)
        (self._folder / f"{name}.html").write_text(page, encoding="utf-8")


def _cleaned(page: str) -> str:
    """The sections of a page but the last, which tells of the run; with headings and tables that say what they are."""
    from lxml import html

    root = html.document_fromstring(page)
    for element in root.xpath(DROPPED):
        element.drop_tree()
    sections = root.xpath("//div[starts-with(@id, 'section-') and contains(@class, 'ge-section')]")[:-1]
    for section in sections:
        _put_right(section)
    return "".join(html.tostring(section, encoding="unicode", with_tail=False) for section in sections)


def _put_right(section: Any) -> None:
    """Without attributes: some ids are drawn by lot, and nothing refers to any."""
    for element in list(section.iter()):
        if element.tag == "i" and "fa-" in element.get("class", ""):
            element.text = "failed" if "danger" in element.get("class") else "passed"
        element.attrib.clear()
        element.tag = {"h5": "h2", "h6": "h3"}.get(element.tag, element.tag)
    for tag in UNWRAPPED:
        for element in list(section.iter(tag)):
            element.drop_tag()
    for table in section.iter("table"):
        _head(table)


def _head(table: Any) -> None:
    """A caption, and a scope for every heading; where there is no row of headings, each row begins with one."""
    from lxml import html

    headings = list(table.iter("th"))
    for heading in headings:
        heading.set("scope", "col")
    if not headings:
        for row in table.iter("tr"):
            row[0].tag = "th"
            row[0].set("scope", "row")
    caption = html.Element("caption")
    caption.text = "What was expected and found" if headings else "Numbers"
    table.insert(0, caption)


def _table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[str]]) -> str:
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in heads)
    body = "".join(f"<tr>{''.join(f'<td>{escape(cell)}</td>' for cell in row)}</tr>\n" for row in rows)
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{head}</tr></thead><tbody>\n{body}</tbody></table>\n"


def _waivers(result: GateResult) -> str:
    heads = ("check", "reason", "given on", "until")
    return _table("What was let through, and why", heads, [waiver.told().values() for waiver in result.waivers])


def _checks(result: GateResult) -> str:
    rows = [(check.check_id, check.outcome, check.description, check.found) for check in result.checks]
    return _table("Every check of this release", ("check", "outcome", "what must hold", "found"), rows)


def _examinations(folder: Path) -> str:
    names = sorted(path.stem for path in folder.glob("*.html") if path.stem != "index")
    links = "".join(f'<li><a href="{escape(name)}.html">{escape(name)}</a></li>\n' for name in names)
    return f"<h2>Examinations</h2>\n<ul>\n{links}</ul>\n"
