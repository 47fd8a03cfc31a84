"""Cuts the built style sheet of nhsuk-frontend down to what the pages use, without fonts or addresses of others.

Belongs here: which classes are kept. Does not belong here: any look of our own (style.css). Run by hand, when a
class is added or nhsuk-frontend is brought up to date:

    npm pack nhsuk-frontend@10.6.1 && tar xf nhsuk-frontend-10.6.1.tgz
    python cut.py package/dist/nhsuk/nhsuk-frontend.css > nhsuk.css
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterator
from pathlib import Path

LICENCE = """\
/*! nhsuk-frontend 10.6.1, https://github.com/nhsuk/nhsuk-frontend. The MIT License (MIT). Copyright (c) NHS England.
Cut to what these pages use by cut.py; fonts and images left out.
Permission is hereby granted, free of charge, to any person obtaining a copy of this software and associated
documentation files (the "Software"), to deal in the Software without restriction, including without limitation the
rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the Software, and to permit
persons to whom the Software is furnished to do so, subject to the following conditions: The above copyright notice and
this permission notice shall be included in all copies or substantial portions of the Software.
THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING BUT NOT LIMITED TO THE
WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR
COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM, DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR
OTHERWISE, ARISING FROM, OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE. */
"""
NAMES = """
width-container main-wrapper grid-row grid-column-full grid-column-one-half grid-column-one-third
grid-column-two-thirds grid-column-one-quarter grid-column-three-quarters skip-link
header header__container header__service header__service-name header__navigation header__navigation-container
header__navigation-list header__navigation-item header__navigation-link
breadcrumb breadcrumb__list breadcrumb__list-item breadcrumb__link
card card__content card__heading card__description card__link card--clickable card-group card-group__item
details details__summary details__summary-text details__text inset-text warning-callout warning-callout__label
contents-list contents-list__list contents-list__item contents-list__link contents-list__current
summary-list summary-list__row summary-list__key summary-list__value
table table__caption table__caption--m table__caption--s table__head table__header table__body table__row
table__cell table__header--numeric table__cell--numeric
tag tag--white tag--grey tag--blue tag--yellow tag--purple list list--bullet list--number
heading-xl heading-l heading-m heading-s heading-xs caption-xl caption-l caption-m lede-text body body-l body-s
link link--no-visited-state section-break section-break--visible section-break--m section-break--l
u-visually-hidden u-nowrap u-font-weight-bold u-secondary-text-colour u-text-break-word"""
CLASSES = set(NAMES.split()) | {f"u-margin-{side}-{step}" for side in ("top", "bottom") for step in range(10)}


def blocks(css: str) -> Iterator[tuple[str, str]]:
    """Head and body of every block at the top of a style sheet."""
    at = 0
    while (brace := css.find("{", at)) >= 0:
        depth, end = 1, brace + 1
        while depth:
            depth += {"{": 1, "}": -1}.get(css[end], 0)
            end += 1
        yield re.sub(r"@charset[^;]*;", "", css[at:brace]).strip(), css[brace + 1 : end - 1].strip()
        at = end


def cut(css: str) -> str:
    """The blocks that are wanted, each on a line."""
    return "\n".join(kept for head, body in blocks(css) if (kept := _kept(head, body)))


def _kept(head: str, body: str) -> str:
    if head.startswith("@font-face") or "\\0" in head or ("-ms-" in head and "forced-colors" not in head):
        return ""
    if head.startswith("@"):
        inner = cut(body)
        return f"{head}{{{inner}}}" if inner else ""
    selectors = [selector.strip() for selector in re.split(r",(?![^(]*\))", head)]
    selectors = [re.sub(r"\s+", " ", selector) for selector in selectors if _is_wanted(selector)]
    declarations = re.sub(r"\s*([:;,])\s*", r"\1", re.sub(r"\s+", " ", body)).rstrip(";")
    return f"{','.join(selectors)}{{{declarations}}}" if selectors and "url(" not in body else ""


def _is_wanted(selector: str) -> bool:
    return CLASSES.issuperset(re.findall(r"\.nhsuk-([\w-]+)", selector))


if __name__ == "__main__":
    source = re.sub(r"/\*.*?\*/", "", Path(sys.argv[1]).read_text(encoding="utf-8"), flags=re.DOTALL)
    print(LICENCE + cut(source).replace('"Frutiger W01",arial', "Arial").replace("Frutiger W01,arial", "Arial"))
