"""Sorting and searching of tables in Chromium, and the same tables without it."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

PAGE = "indicators/ae_within_4_hours_type_1.html"
FIGURES = ".app-table--sortable tbody tr td:nth-child(5)"


@pytest.fixture
def page(browser, site: Path) -> Iterator[object]:
    opened = browser.new_page()
    opened.goto((site / PAGE).resolve().as_uri())
    yield opened
    opened.close()


def _figures(page) -> list[str]:
    return page.locator(FIGURES).all_inner_texts()


def test_figures_sort_as_numbers_with_codes_last(page) -> None:
    before = _figures(page)
    codes = [text for text in before if text.startswith("[")]
    numbers = sorted(float(text.split("%")[0]) for text in before if not text.startswith("["))
    assert codes and numbers[0] < 100 and len(numbers) > 100
    button = page.get_by_role("button", name="Figure")
    for expected, direction in ((numbers, "ascending"), (numbers[::-1], "descending")):
        button.click()
        shown = _figures(page)
        assert [float(text.split("%")[0]) for text in shown[: len(numbers)]] == expected
        assert shown[len(numbers) :] == codes
        assert page.get_by_role("columnheader", name="Figure").get_attribute("aria-sort") == direction
    assert page.locator("[aria-sort=ascending], [aria-sort=descending]").count() == 1


def test_thousands_are_no_text(page) -> None:
    page.get_by_role("button", name="Denominator").click()
    shown = page.locator(".app-table--sortable tbody tr td:nth-child(8)").all_inner_texts()
    counts = [int(text.replace(",", "")) for text in shown if not text.startswith("[")]
    assert len(str(counts[0])) < len(str(counts[-1])) and counts == sorted(counts)


def test_the_keyboard_sorts_and_the_order_is_told(page) -> None:
    page.get_by_role("button", name="Region").focus()
    page.keyboard.press("Enter")
    regions = page.locator(".app-table--sortable tbody tr td:nth-child(4)").all_inner_texts()
    assert regions == sorted(regions)
    assert page.get_by_role("status").inner_text() == "Sorted by Region, ascending"


def test_search_leaves_what_has_every_word_and_counts_it(page) -> None:
    everything = len(_figures(page))
    field = page.get_by_label("Search this table")
    field.fill("ZX002")
    assert page.locator(".app-table--sortable tbody tr:visible").count() == 1
    assert page.get_by_role("status").inner_text() == f"1 of {everything} rows"
    field.fill("nobody at all")
    assert page.get_by_role("status").inner_text() == f"0 of {everything} rows"
    field.fill("")
    assert page.locator(".app-table--sortable tbody tr:visible").count() == everything


def test_without_javascript_the_table_is_whole(browser, site: Path, page) -> None:
    context = browser.new_context(java_script_enabled=False)
    plain = context.new_page()
    plain.goto((site / PAGE).resolve().as_uri())
    assert plain.locator(".app-search, .app-sort").count() == 0
    assert _figures(plain) == _figures(page)
    headings = ".app-table--sortable thead th"
    assert plain.locator(headings).all_inner_texts() == page.locator(headings).all_inner_texts()
    context.close()
