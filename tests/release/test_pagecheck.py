"""The checks of pages: a good page passes, and each rule finds the fault it is there for."""

from __future__ import annotations

import pytest

from pipelines.release.pagecheck import RULES, page_faults

GOOD = """<!DOCTYPE html>
<html lang="en-GB"><head><title>A page</title><link rel="stylesheet" href="assets/style.css">
<link rel="license" href="https://www.example.org/licence"></head>
<body><main><h1>A page, SYNTHETIC</h1><h2 id="part">Part</h2><h3>Detail</h3><h2>Part</h2>
<p><a href="other.html#there">Another page</a> <a href="https://www.example.org">Elsewhere</a> <a href="#part">Up</a>
<a href="../gate.json">The verdict</a></p>
<img src="charts/a.svg" alt="Figures rise.">
<table><caption>Figures</caption><tr><th scope="col">Year</th></tr><tr><td>2025</td></tr></table>
<label for="find">Find</label><input id="find"><label>Or <select name="s"></select></label>
</main></body></html>
"""
OTHER = '<html lang="en"><head><title>B</title></head><body><main><h1 id="there">SYNTHETIC</h1></main></body></html>'
BAD = [
    ('lang="en-GB"', "", "language"),
    ("<title>A page</title>", "<title> </title>", "title"),
    ("<h1>A page, SYNTHETIC</h1>", "<p>SYNTHETIC</p>", "main_heading"),
    ("<h2>Part</h2>\n", "<h1>Again</h1>", "main_heading"),
    ("<main>", "", "main_heading"),
    ("<h3>Detail</h3>", "<h4>Detail</h4>", "heading_order"),
    ('alt="Figures rise."', 'alt=""', "text_for_images"),
    ('alt="Figures rise."', "", "text_for_images"),
    ("<caption>Figures</caption>", "", "tables"),
    ("<caption>Figures</caption>", "<caption> </caption>", "tables"),
    ('<th scope="col">', "<th>", "tables"),
    (">Another page<", "><", "words_of_links"),
    ('<label for="find">Find</label>', "", "labels"),
    ('id="find"', 'id="part"', "unique_ids"),
    ("other.html#there", "missing.html", "links"),
    ("other.html#there", "other.html#nowhere", "links"),
    ("#part", "#nowhere", "links"),
    ("other.html#there", "../../outside.html", "links"),
    ("assets/style.css", "https://cdn.example.org/style.css", "outside_requests"),
    ("charts/a.svg", "//cdn.example.org/a.svg", "outside_requests"),
    ("<p>", '<p style="background: url(https://cdn.example.org/a.png)">', "outside_requests"),
    ("<main>", "<style>@import 'https://cdn.example.org/a.css';</style><main>", "outside_requests"),
    ("<main>", '<script src="https://cdn.example.org/a.js"></script><main>', "outside_requests"),
    ("<p>", '<p onclick="go()">', "scripts_in_page"),
    ("#part", "javascript:go()", "scripts_in_page"),
    ("SYNTHETIC", "invented", "synthetic_page"),
]
ASSETS = [
    ("site/assets/style.css", "@font-face { src: url('https://assets.example.org/a.woff') }"),
    ("site/assets/table.js", "fetch('https://api.example.org')"),
    ("site/charts/a.svg", '<svg><image href="https://cdn.example.org/a.png"/></svg>'),
    ("site/charts/a.svg", "<svg><script>go()</script></svg>"),
]


@pytest.fixture
def folder(tmp_path):
    for name, text in {
        "site/index.html": GOOD,
        "site/other.html": OTHER,
        "site/assets/style.css": "body { background: url(data:image/png;base64,AAAA) }",
        "site/assets/table.js": "const name = 'http://www.w3.org/2000/svg'".replace("http:", ""),
        "site/charts/a.svg": '<svg xmlns="http://www.w3.org/2000/svg"><path d="M0 0"/></svg>',
    }.items():
        path = tmp_path / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    return tmp_path


def rules(folder, is_synthetic: bool = True) -> set[str]:
    return {fault.rule for fault in page_faults(folder, is_synthetic, ["gate.json"])}


def test_good_pages_have_no_fault(folder):
    assert page_faults(folder, is_synthetic=True, later=["gate.json"]) == []


@pytest.mark.parametrize(("good", "bad", "rule"), BAD)
def test_each_fault_is_found(folder, good, bad, rule):
    assert good in GOOD
    (folder / "site" / "index.html").write_text(GOOD.replace(good, bad, 1))
    assert rule in rules(folder)


def test_no_rule_is_without_a_bad_page():
    assert {rule for *_, rule in BAD} == set(RULES)


@pytest.mark.parametrize(("name", "text"), ASSETS)
def test_styles_scripts_and_drawings_ask_for_nothing_from_elsewhere(folder, name, text):
    (folder / name).write_text(text)
    assert rules(folder) == {"outside_requests"}


def test_published_figures_are_not_called_invented(folder):
    assert rules(folder, is_synthetic=False) == {"synthetic_page"}


def test_a_dictionary_may_name_the_mark_on_a_page_of_published_figures(folder):
    page = GOOD.replace("SYNTHETIC", "published")
    told = '<dl class="app-dictionary"><dt>data_origin</dt><dd>SYNTHETIC or published</dd></dl></main>'
    (folder / "site" / "other.html").write_text(OTHER.replace("SYNTHETIC", "published"))
    (folder / "site" / "index.html").write_text(page.replace("</main>", told))
    assert rules(folder, is_synthetic=False) == set()
