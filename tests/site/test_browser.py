"""The pages in Chromium: axe-core, narrow windows, no JavaScript, forced colours, the keyboard, and a strict server."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

import pytest

from tests.site.browser import WIDTHS, look

KINDS = {
    "index.html": WIDTHS,
    "drivers/shared_purpose.html": WIDTHS,
    "map.html": (320,),
    "quality.html": (320,),
    "downloads.html": (320,),
    "accessibility.html": (1280,),
}
"""A page of each kind with the widths it is looked at; tests/site/crawl.py looks at all at both."""
ACTIVE = "document.activeElement"


@pytest.mark.parametrize("path", KINDS)
def test_pages_have_no_fault_that_a_check_can_find(browser, site: Path, path: str) -> None:
    context = browser.new_context()
    for width in KINDS[path]:
        page = context.new_page()
        seen = look(page, (site / path).resolve().as_uri(), width)
        page.close()
        assert (seen.violations, seen.overflow, seen.outside, seen.broken_images) == ([], 0, [], 0), width
    context.close()


@pytest.mark.parametrize(
    ("markup", "rule"),
    [
        ('<img src="assets/icon.svg">', "image-alt"),
        ('<p style="color:#bbb">pale</p>', "color-contrast"),
        ('<div style="width:4000px">wide</div>', None),
    ],
)
def test_faults_are_found(browser, site: Path, tmp_path: Path, markup: str, rule: str | None) -> None:
    bad = tmp_path / "bad.html"
    good = (site / "releases.html").resolve()
    text = good.read_text().replace("<head>", f'<head><base href="{good.as_uri()}">')
    bad.write_text(text.replace("<h1>", f"{markup}<h1>", 1))
    page = browser.new_page()
    seen = look(page, bad.as_uri(), 1280)
    page.close()
    assert (rule is None and seen.overflow > 2000) or any(found.startswith(f"{rule}:") for found in seen.violations)


def test_pages_work_without_javascript(browser, site: Path) -> None:
    context = browser.new_context(java_script_enabled=False)
    page = context.new_page()
    page.goto((site / "index.html").resolve().as_uri())
    page.get_by_role("navigation", name="Main").get_by_role("link", name="Drivers").click()
    page.get_by_role("link", name="Building a shared purpose and vision").click()
    assert page.get_by_role("heading", level=1).inner_text() == "Building a shared purpose and vision"
    summary = page.locator("#shared_purpose_associations summary")
    table = page.locator("#shared_purpose_associations table")
    assert not table.is_visible()
    summary.focus()
    page.keyboard.press("Enter")
    assert table.is_visible() and table.locator("tbody tr").count() > 10
    context.close()


def test_pages_can_be_read_in_forced_colours(browser, site: Path) -> None:
    context = browser.new_context(forced_colors="active")
    page = context.new_page()
    seen = look(page, (site / "drivers/shared_purpose.html").resolve().as_uri(), 1280)
    assert not seen.violations
    white = page.evaluate("getComputedStyle(document.querySelector('.app-figure img')).backgroundColor")
    edge = page.evaluate("getComputedStyle(document.querySelector('.app-figure')).borderTopStyle")
    assert white == "rgb(255, 255, 255)" and edge == "solid"
    context.close()


def test_everything_is_reached_by_keyboard(browser, site: Path) -> None:
    page = browser.new_page(viewport={"width": 320, "height": 640})
    page.goto((site / "drivers/shared_purpose.html").resolve().as_uri())
    page.keyboard.press("Tab")
    assert page.evaluate(f"{ACTIVE}.textContent") == "Skip to main content"
    assert page.evaluate(f"{ACTIVE}.getBoundingClientRect().height") > 20
    reached = _tabbed_through(page)
    order = [position for position, _ in reached]
    assert order == sorted(order)
    wanted = page.evaluate("document.querySelectorAll('main [role=region], main summary, main a[href]').length")
    hidden = page.evaluate("document.querySelectorAll('details:not([open]) .app-scroll').length")
    assert sum(inside for _, inside in reached) == wanted - hidden
    page.keyboard.press("Home")
    page.close()


def _tabbed_through(page) -> list[tuple[int, bool]]:
    """Where each element that the tabulator reaches stands in the document, and whether it is in the main part."""
    reached = []
    position = f"[...document.querySelectorAll('*')].indexOf({ACTIVE})"
    for _ in range(200):
        page.keyboard.press("Tab")
        here = page.evaluate(f"[{position}, !!{ACTIVE}.closest('main'), {ACTIVE} === document.body]")
        if here[2]:
            break
        reached.append((here[0], here[1]))
    return reached


def test_the_skip_link_leads_past_the_navigation(browser, site: Path) -> None:
    page = browser.new_page()
    page.goto((site / "map.html").resolve().as_uri())
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    assert page.evaluate(f"{ACTIVE}.closest('main') !== null")
    page.close()


class _Strict(SimpleHTTPRequestHandler):
    def end_headers(self) -> None:
        self.send_header("Content-Security-Policy", "default-src 'self'")
        super().end_headers()

    def log_message(self, *words: object) -> None:
        pass


@pytest.fixture
def strict_server(release: Path) -> Iterator[str]:
    """The release over HTTP, by a server that allows nothing but its own files."""
    with ThreadingHTTPServer(("127.0.0.1", 0), partial(_Strict, directory=str(release))) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{server.server_address[1]}/site"
        server.shutdown()


def test_pages_work_over_http_under_a_strict_policy(browser, strict_server: str) -> None:
    page = browser.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("requestfailed", lambda request: said.append(request.url))
    page.goto(f"{strict_server}/drivers/shared_purpose.html", wait_until="load")
    header = page.evaluate("getComputedStyle(document.querySelector('header')).backgroundColor")
    drawn = page.evaluate("[...document.images].every(image => image.naturalWidth > 100)")
    page.close()
    assert not said and header == "rgb(0, 94, 184)" and drawn
