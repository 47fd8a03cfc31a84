"""Runs axe-core over every page of a release at 1280 and 320 pixels. By hand: python tests/site/crawl.py RELEASE

It says what is wrong and how many pages were seen, and ends with 1 if anything is wrong. The tests look at one page of
each kind; this looks at all.
"""

from __future__ import annotations

import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parents[2]))

from tests.site.browser import WIDTHS, Seen, chromium, look, pages_of


def crawl(site: Path) -> int:
    """Look at every page and return how many have a fault."""
    faulty, undecided = 0, 0
    pages = pages_of(site)
    with chromium() as browser:
        context = browser.new_context(bypass_csp=True)
        for path in pages:
            for width in WIDTHS:
                page = context.new_page()
                seen = look(page, path.resolve().as_uri(), width)
                page.close()
                undecided += seen.undecided
                faulty += _report(f"{path.relative_to(site)} at {width}", seen)
    print(f"{len(pages)} pages at {len(WIDTHS)} widths: {faulty} with faults; {undecided} nodes that axe cannot decide")
    return faulty


def _report(name: str, seen: Seen) -> bool:
    faults = [*seen.violations, *seen.outside]
    faults += [f"wider than the window by {seen.overflow}"] * (seen.overflow > 0)
    faults += [f"{seen.broken_images} images do not load"] * (seen.broken_images > 0)
    for fault in faults:
        print(f"{name}: {fault}")
    return bool(faults)


if __name__ == "__main__":
    sys.exit(1 if crawl(Path(sys.argv[1]) / "site") else 0)
