"""The leak scan: every planted secret is found, wherever it stands, and what is public is left alone."""

from __future__ import annotations

import datetime as dt
import json
import shutil
import struct
import zipfile
import zlib

import duckdb
import polars as pl
import pytest
import standin

from pipelines.release import contents
from pipelines.release.confidential import Confidential, digits, gather, telling
from pipelines.release.contents import Piece
from pipelines.release.examinations import read_gate_policy
from pipelines.release.leaks import CLOSE, COARSE, KINDS, PIECE, Leak, Scan, _cut, is_nhs_number
from pipelines.release.output_rules import leaks
from pipelines.settings import DUCKDB_FILE, Workspace

VERSION = "2026.2.0"
POLICY = read_gate_policy()["leaks"]
WEIGHT = 3.14159265358979
RHO = -0.271828182845904
SUBMITTER = "Ada Sample-Lovelace"
COMMENT = "we do not get on with our neighbours"
UNNAMED = "R1"
"""Shared in confidence in the stand-in; R0 may be named."""
NHS_NUMBER = "9434765919"
"""Much used as an example: 9·10+4·9+3·8+4·7+7·6+6·5+5·4+9·3+1·2 = 299 = 27·11 + 2, and 11 - 2 = 9."""


@pytest.fixture(scope="module")
def place(tmp_path_factory) -> Workspace:
    """A good candidate, and behind it a build file and a submission that hold what must stay there."""
    made = standin.workspace(tmp_path_factory.mktemp("home"))
    with duckdb.connect(str(made.warehouse)) as writer:
        writer.execute(f"create table intermediate.int_sharing__weighted as select {WEIGHT}::double as weight")
    standin.candidate(made, VERSION)
    folder = made.raw / "impact_self_assessment" / "e1__f2"
    folder.mkdir(parents=True)
    (folder / "received_as.txt").write_text("From Ada, final FINAL.csv\n")
    header = "ods_code,contact_name,contact_email,item,level,comment\r\n"
    (folder / "e1.csv").write_text(f"{header}R1,{SUBMITTER},ada@trust.example,i1,2,{COMMENT}\r\n")
    return made


@pytest.fixture(scope="module")
def secrets(place) -> Confidential:
    return gather(place, POLICY)


@pytest.fixture
def scan(place, secrets, tmp_path):
    """The leaks of a copy of the candidate after something was done to it, in the files that this changed."""

    def after(spoil) -> set[Leak]:
        folder = tmp_path / "home" / "candidate"
        shutil.copytree(place.candidate, folder)
        before = {path: path.lstat().st_mtime_ns for path in folder.rglob("*")}
        spoil(folder)
        changed = [path for path in folder.rglob("*") if before.get(path) != path.lstat().st_mtime_ns]
        return set(Scan(folder, secrets, POLICY, {"team@nhs.example"}).run(changed))

    return after


def writes(name: str, content: str | bytes):
    """Something that writes a file into the candidate."""

    def write(folder) -> None:
        path = folder / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(content if isinstance(content, bytes) else content.encode())

    return write


def runs(*statements: str):
    """Something that changes the candidate's DuckDB file."""

    def run(folder) -> None:
        with duckdb.connect(str(folder / DUCKDB_FILE)) as writer:
            for statement in statements:
                writer.execute(statement)

    return run


def zips(name: str, member: str, content: str):
    def write(folder) -> None:
        (folder / name).parent.mkdir(exist_ok=True)
        with zipfile.ZipFile(folder / name, "w", zipfile.ZIP_DEFLATED) as archive:
            archive.writestr(member, content)

    return write


def parquet(name: str, frame: pl.DataFrame, **metadata: str):
    def write(folder) -> None:
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        frame.write_parquet(folder / name, metadata=metadata)

    return write


def png(keyword: bytes, text: bytes) -> bytes:
    """An image of nothing with a compressed text in it."""
    body = keyword + b"\0\0" + zlib.compress(text)
    chunk = struct.pack(">I", len(body)) + b"zTXt" + body + struct.pack(">I", zlib.crc32(b"zTXt" + body))
    return b"\x89PNG\r\n\x1a\n" + chunk


FRAME = pl.DataFrame({"value": [1.5], "note": ["none"]})
PLANTED = [
    pytest.param(
        writes("site/charts/m1.svg", f'<svg><path aria-label="rho: {-WEIGHT}"/></svg>'),
        Leak("withheld_figure", "site/charts/m1.svg"),
        id="withheld value in the drawing of a chart",
    ),
    pytest.param(
        parquet("api/v1/indicators/m1/data.parquet", FRAME.with_columns(value=pl.lit(WEIGHT))),
        Leak("withheld_figure", "api/v1/indicators/m1/data.parquet"),
        id="withheld value in a column of parquet",
    ),
    pytest.param(
        parquet("api/v1/x/data.parquet", pl.DataFrame({"note": [COMMENT]}, schema={"note": pl.Categorical})),
        Leak("person", "api/v1/x/data.parquet"),
        id="comment of a submitter in parquet, as a category",
    ),
    pytest.param(
        parquet("api/v1/x/data.parquet", pl.DataFrame({"n": [int(NHS_NUMBER)]})),
        Leak("nhs_number", "api/v1/x/data.parquet"),
        id="NHS number in parquet, as a number",
    ),
    pytest.param(
        runs(f"update pub_measure_values set value = {WEIGHT} where measure_id = 'm1' and org_code = 'R0'"),
        Leak("withheld_figure", f"{DUCKDB_FILE}: pub_measure_values"),
        id="withheld value in a table",
    ),
    pytest.param(
        parquet("api/v1/x/data.parquet", FRAME, remark=f"without {UNNAMED}A"),
        None,
        id="no code in the metadata of parquet",
    ),
    pytest.param(
        parquet("api/v1/x/data.parquet", FRAME, remark="without R15 it would be higher"),
        Leak("organisation", "api/v1/x/data.parquet (metadata)"),
        id="code in the metadata of parquet",
    ),
    pytest.param(
        parquet("api/v1/x/data.parquet", pl.DataFrame({"ask jo.bloggs@trust.org": [1.5]})),
        Leak("email", "api/v1/x/data.parquet (footer)"),
        id="address in the name of a column of parquet",
    ),
    pytest.param(
        zips("workbook/x_SYNTHETIC.xlsx", "xl/sharedStrings.xml", "<t>[note 1] ask jo.bloggs@trust.example</t>"),
        Leak("email", "workbook/x_SYNTHETIC.xlsx: xl/sharedStrings.xml"),
        id="address in a note of a workbook",
    ),
    pytest.param(
        writes("site/methods.html", "<p>Ask jo&#64;trust.example or team@nhs.example.</p>"),
        Leak("email", "site/methods.html"),
        id="address in a note of a page, as an entity",
    ),
    pytest.param(
        writes("site/charts/x.csv", "note\r\nask jo@trust.example\r\n"),
        Leak("email", "site/charts/x.csv"),
        id="address in a note of a csv",
    ),
    pytest.param(
        writes("site/index.html", "<!-- made in /home/jo/impact --><p>SYNTHETIC</p>"),
        Leak("machine_path", "site/index.html"),
        id="path in a comment of a page",
    ),
    pytest.param(
        writes("api/v1/x.json", json.dumps({"note": f"patient {NHS_NUMBER}"})),
        Leak("nhs_number", "api/v1/x.json"),
        id="NHS number in JSON",
    ),
    pytest.param(
        writes("api/v1/x.json", json.dumps({"note": "patient 943 476 5919"})),
        Leak("nhs_number", "api/v1/x.json"),
        id="NHS number in groups",
    ),
    pytest.param(
        runs(f"comment on column pub_measure_values.value is 'as {SUBMITTER.upper()} told us'"),
        Leak("person", f"{DUCKDB_FILE}: pub_measure_values.value (comment)"),
        id="name of a submitter in a comment of the DuckDB file",
    ),
    pytest.param(
        runs(f"create table extra as select '{COMMENT}' as note", "checkpoint", "drop table extra", "checkpoint"),
        Leak("person", f"{DUCKDB_FILE} (bytes)"),
        id="comment of a submitter in a table that was dropped",
    ),
    pytest.param(
        writes("site/charts/maturity_R15.svg", "<svg></svg>"),
        Leak("organisation", "site/charts/maturity_R15.svg (name)"),
        id="code in the name of a file",
    ),
    pytest.param(
        writes("site/charts/maturity_d1.csv", "organisation,level\r\nR15,2\r\n"),
        Leak("organisation", "site/charts/maturity_d1.csv"),
        id="code beside a level in the data of a chart",
    ),
    pytest.param(
        writes("site/indicators/maturity_d1.html", "<main><p>Trust 115 rates itself lower.</p></main>"),
        Leak("organisation", "site/indicators/maturity_d1.html"),
        id="name of an organisation on a page of maturity",
    ),
    pytest.param(
        runs("update pub_maturity_responses set org_code = 'R15' where item_id = 'i1'"),
        Leak("organisation", f"{DUCKDB_FILE}: pub_maturity_responses"),
        id="code in a table of self-assessments",
    ),
    pytest.param(
        writes("evidence/x.json", '{"row": "00d1f0c0ffee0001"}'),
        Leak("identifier", "evidence/x.json"),
        id="number of a submission in the gate's own evidence",
    ),
    pytest.param(
        writes("site/x.txt", "received from ada, final final.csv"),
        Leak("person", "site/x.txt"),
        id="name of the file that came in",
    ),
    pytest.param(
        writes("site/cite.html", "<p>Ring 0113 496 0123.</p>"), Leak("phone", "site/cite.html"), id="telephone number"
    ),
    pytest.param(
        writes("site/assets/x.js", "const key = '-----BEGIN OPENSSH PRIVATE KEY-----'"),
        Leak("secret", "site/assets/x.js"),
        id="private key",
    ),
    pytest.param(
        writes("site/charts/x.png", png(b"Author", b"jo.bloggs@trust.example")),
        Leak("email", "site/charts/x.png (text)"),
        id="address in a picture",
    ),
    pytest.param(
        writes("csv/dim_driver_SYNTHETIC.csv", "driver_id\r\nd1\r\n"),
        Leak("not_the_table", "csv/dim_driver_SYNTHETIC.csv"),
        id="csv that is no copy of its table",
    ),
    pytest.param(
        parquet("parquet/dim_driver_SYNTHETIC.parquet", FRAME),
        Leak("not_the_table", "parquet/dim_driver_SYNTHETIC.parquet"),
        id="parquet that is no copy of its table",
    ),
    pytest.param(
        writes("site/x.bin", b"\0\1"), Leak("unknown_kind_of_file", "site/x.bin"), id="file that nobody can look into"
    ),
]


TOGETHER = {
    "withheld_figure": {
        "site/charts/unrounded.svg": f'<svg><path aria-label="rho: {WEIGHT}"/></svg>',
        "site/charts/rounded.svg": f'<svg><path aria-label="rho: {WEIGHT:.12g}"/></svg>',
        "site/charts/unrounded.csv": f"value\r\n{WEIGHT}\r\n",
    },
    "organisation": {
        "site/drivers/d1.html": "<main><p>R15 is at level 2.</p></main>",
        "site/drivers/d2.html": '<main><img src="x" alt="trust 115 is at level 2"></main>',
        "site/charts/d1_distribution_SYNTHETIC.csv": "organisation,level\r\nR15,2\r\n",
        "site/charts/d1_by_level.svg": '<svg><path aria-label="R15: 2"/></svg>',
    },
    "email": {
        "site/json.json": r'{"note": "jo\u0040trust.example"}',
        "site/named.html": "<p>jo&commat;trust.example</p>",
        "site/percent.html": '<a href="mailto:jo%40trust.example">ask</a>',
        "site/broken.html": "<p>jo<wbr>@trust<b>.example</b></p>",
    },
    "person": {
        "site/lines.html": "<p>Ada\n   Sample-Lovelace</p>",
        "site/space.html": "<p>Ada&nbsp;Sample-Lovelace</p>",
        "site/marks.html": "<p>Ada <b>Sample</b>-Lovelace</p>",
    },
    "machine_path": {"site/quoted.json": r'"C:\\Users\\jo"', "site/file.html": "<p>file:///home/jo/x</p>"},
    "secret": {"site/key.txt": "PuTTY-User-Key-File-3: ssh-ed25519"},
    "unknown_kind_of_file": {
        "site/utf16.txt": "jo@trust.example".encode("utf-16"),
        "site/zeros.txt": "jo@trust.example".encode("utf-16-le"),
        "site/embedded.svg": '<svg><image href="data:image/png;base64,iVBORw0KGgo="/></svg>',
        "site/no_ending": "x",
    },
}
"""By kind of leak: files that a reader of the text alone would overlook, each with such a leak."""


def test_what_is_written_in_another_way_is_found_as_well(scan):
    def write(folder) -> None:
        for name, content in (item for files in TOGETHER.values() for item in files.items()):
            writes(name, content)(folder)

    found = scan(write)
    assert {leak for leak in found if leak.place in (name for files in TOGETHER.values() for name in files)} == {
        Leak(kind, name) for kind, files in TOGETHER.items() for name in files
    }


def test_what_cannot_be_looked_into_is_found(scan, tmp_path):
    def spoil(folder) -> None:
        (folder / "site/empty").mkdir(parents=True)
        (folder / "site/link.html").symlink_to(tmp_path / "elsewhere.html")
        (folder / "site/linked").symlink_to(tmp_path)
        zips("workbook/x_SYNTHETIC.xlsx", "xl/media/image1.png", "x")(folder)
        parquet("api/v1/x/data.parquet", pl.DataFrame({"notes": [["jo@trust.example"]]}))(folder)
        runs(
            "create schema hidden",
            "create table hidden.t as select 1 as one",
            "create macro told() as 'jo@trust.example'",
            "create type told_too as enum ('jo@trust.example')",
            "create table listed as select ['jo@trust.example'] as notes",
        )(folder)

    database = ("hidden.t", "told", "told_too", "listed")
    places = ("site/link.html", "site/linked", "site/empty", "workbook/x_SYNTHETIC.xlsx: xl/media/image1.png")
    assert {leak.place for leak in scan(spoil) if leak.kind == "unknown_kind_of_file"} == {
        *places,
        "api/v1/x/data.parquet",
        *(f"{DUCKDB_FILE}: {name}" for name in database),
    }


@pytest.mark.parametrize(
    "drawn", [f"{WEIGHT:.6g}", f"{WEIGHT:.4g}", f"{WEIGHT:.3g}", f"{WEIGHT * 100}", f"M {WEIGHT * 37.5 + 10} 3"]
)
def test_a_figure_that_is_shortened_or_drawn_is_not_found_by_the_scan(scan, drawn):
    """The limit that the scan's description and the page on methods admit to."""
    assert scan(writes("site/charts/m1.svg", f'<svg><path aria-label="{drawn}"/></svg>')) == set()


@pytest.mark.parametrize(("spoil", "expected"), PLANTED)
def test_what_is_planted_is_found(scan, spoil, expected):
    found = scan(spoil)
    assert expected in found if expected else found == set()


def test_every_kind_of_leak_was_planted():
    assert {one.values[1].kind for one in PLANTED if one.values[1]} == set(KINDS)


def test_a_good_candidate_has_no_leak(place, secrets):
    assert Scan(place.candidate, secrets, POLICY, {"team@nhs.example"}).run() == []


def test_what_is_public_is_left_alone(scan):
    """Addresses of the policy, web addresses that look like paths, long figures, and codes where they may stand."""
    texts = (
        "team@nhs.example https://www.example.org/home/statistics/ 0.1234567890123 9434765918 1234567890.5",
        "<svg><path d='M 100 200 L 0.0123 456'/></svg>",
        "<main><p>Trust 0 (R0) rates itself higher.</p></main><footer>R15</footer>",
    )
    names = ("site/a.html", "site/charts/b.svg", "site/indicators/maturity_d1.html")

    def write(folder) -> None:
        for name, text in zip(names, texts, strict=True):
            writes(name, text)(folder)
        writes("site/organisations/R15.html", "<p>R15, Trust 15</p>")(folder)

    assert scan(write) == set()


@pytest.mark.parametrize("before", [262_130, 262_144, 262_150])
def test_what_stands_where_two_pieces_meet_is_found(scan, before):
    text = "x" * before + " jo@trust.example " + "y" * 300_000
    assert scan(writes("site/x.txt", text)) == {Leak("email", "site/x.txt")}


@pytest.mark.parametrize("size", [600, 1000])
def test_what_stands_where_two_parts_of_a_file_meet_is_found(scan, monkeypatch, size):
    """Wherever the parts of a text, of the texts of a table and of the bytes of the DuckDB file begin and end."""
    monkeypatch.setattr(contents, "PART", size)
    shift = ["é" * length + "\r\n" for length in range(size)]
    cells = [f"'{'x' * length}'" for length in range(1, size, 7)]

    def spoil(folder) -> None:
        for place in range(0, size, 40):
            writes(f"site/{place}.txt", "".join(shift[:place]) + "ask jo@trust.example\r\n" + shift[place])(folder)
        runs(
            f"create table told as select unnest([{', '.join(cells)}, '{COMMENT}', 'zz']) as note",
            f"create table gone as select '{SUBMITTER}' as note",
            *("checkpoint", "drop table gone", "checkpoint"),
        )(folder)

    found = scan(spoil)
    assert {Leak("email", f"site/{place}.txt") for place in range(0, size, 40)} <= found
    assert {Leak("person", f"{DUCKDB_FILE}: told"), Leak("person", f"{DUCKDB_FILE} (bytes)")} <= found


@pytest.mark.parametrize("secret", ["/home/somebody/impact", "somebody@trust.org", SUBMITTER + " of Trust 15" * 9])
def test_bytes_are_cut_anywhere_and_every_part_of_them_is_whole_somewhere(monkeypatch, tmp_path, secret):
    monkeypatch.setattr(contents, "PART", 400)
    path = tmp_path / "file"
    for before in range(400 - len(secret), 401):
        path.write_bytes(b"\xff" * before + secret.encode() + b"\xff" * 500)
        assert any(secret in piece.text for part in contents.raw(path) for piece in _cut(Piece("", part)))


def test_a_long_text_of_a_submitter_is_looked_for_by_its_first_letters(place, tmp_path):
    home = Workspace(tmp_path / "home", place.origin)
    folder = home.raw / "impact_self_assessment" / "a__b"
    folder.mkdir(parents=True)
    long = " ".join(f"word{number}" for number in range(1000))
    (folder / "a.csv").write_text(f"ods_code,comment\r\nR1,{long}\r\n")
    shutil.copytree(place.warehouse.parent, home.warehouse.parent)
    shutil.copytree(place.candidate, home.candidate)
    (needle,) = (text for text, kind in gather(home, POLICY).texts.items() if kind == "person")
    assert len(needle) > 1000 and long.startswith(needle)


@pytest.mark.parametrize("letter", ["a", "😀"])
@pytest.mark.parametrize("meet", [contents.PART, PIECE])
def test_the_longest_text_that_is_looked_for_is_found_wherever_parts_meet(tmp_path, letter, meet):
    needle, path = letter * contents.LONGEST, tmp_path / "file"
    bytes_of_it = needle.encode()
    for before in range(meet - len(bytes_of_it) - 9, meet + 10, 97):
        path.write_bytes(b"\xff" * before + bytes_of_it + b"\xff " * PIECE)
        parts = [piece.text for part in contents.raw(path) for piece in _cut(Piece("", part))]
        assert any(bytes_of_it.decode("latin-1") in text for text in parts)


def test_no_piece_begins_or_ends_within_a_figure():
    """The decimals of a figure that is cut could be taken for the number of a person."""
    figure = "0.0009434765919"
    text = f"{figure}," * (3 * PIECE // len(figure))
    pieces = list(_cut(Piece("data.csv", text)))
    assert len(pieces) > 2
    assert {part for piece in pieces for part in piece.text.split(",")} == {"", figure}
    assert sum(len(piece.text) for piece in pieces) > len(text)


@pytest.mark.parametrize(
    "leak",
    ["jo-@trust.example", "0113 496 0123", NHS_NUMBER, "943-476-5919", "/home/jo", "C:\\jo", "ghp_" + 30 * "a"],
)
def test_the_fast_look_lets_nothing_pass_that_the_close_one_finds(leak):
    """Whatever stands before and after it."""
    edges = ["", " ", ".", ".1", "1.", "-", "+", "_", "é", "%", "~", "\n", ",", "a", "0", ".a", "a.", '"']
    texts = pl.Series([before + leak + after for before in edges for after in edges])
    found = [any(pattern.search(text) for pattern in CLOSE.values()) for text in texts]
    assert any(found)
    assert not texts.filter(pl.Series(found) & ~texts.str.contains(COARSE)).to_list()


def test_a_finding_does_not_repeat_what_was_found(scan):
    found = scan(writes("site/x.txt", f"{SUBMITTER} ada@trust.example {NHS_NUMBER} {WEIGHT}"))
    told = leaks(found).sql
    assert "site/x.txt" in told
    assert not any(secret in told for secret in (SUBMITTER, "ada@trust", NHS_NUMBER, str(WEIGHT)))


def test_what_is_shown_in_the_build_file_only_is_withheld(place):
    """As if disclosure control had taken one figure out on the way, and left another like it."""
    with duckdb.connect(str(place.warehouse)) as writer:
        writer.execute(
            f"update published.pub_measure_values set value = {-RHO} where measure_id = 'm2' and org_code = 'R3'"
        )
    assert -RHO in gather(place, POLICY).figures


@pytest.mark.parametrize(
    ("value", "expected"),
    [(3.14159265358979, "3.14159265358"), (-0.000271828182845904, "0.000271828182845"), (1.5, "1.5")],
)
def test_a_figure_is_known_by_twelve_digits(value, expected):
    assert digits(value) == expected


def test_short_figures_and_ratios_of_small_numbers_tell_nothing():
    assert telling({1.5, 1 / 3, 200 / 7, 1 / 997, WEIGHT}) == {WEIGHT}


@pytest.mark.parametrize(
    ("number", "expected"),
    [
        ("9434765919", True),
        ("943 476 5919", True),
        ("9434765918", False),
        # 4·10+0·9+1·8+0·7+2·6+3·5+2·4+1·3+3·2 = 92 = 8·11 + 4, and 11 - 4 = 7.
        ("4010232137", True),
        ("0000000000", False),
    ],
)
def test_the_tenth_digit_of_an_nhs_number_checks_the_others(number, expected):
    assert is_nhs_number(number) is expected


def test_words_of_a_workbook_that_came_in(place, tmp_path):
    from xlsxwriter import Workbook

    home = Workspace(tmp_path / "home", place.origin)
    folder = home.raw / "impact_self_assessment" / "a__b"
    folder.mkdir(parents=True)
    with Workbook(str(folder / "a.xlsx")) as book:
        form, answers = book.add_worksheet("Submission"), book.add_worksheet("Answers")
        form.write_column(0, 0, ["ODS code", "Contact name", "Contact e-mail", "Assessment date"])
        form.write_column(0, 1, ["R1", "Grace Sample-Hopper", "grace@trust.example"])
        form.write_datetime(3, 1, dt.datetime(2026, 1, 13))
        answers.write_row(0, 0, ["Item", "Question", "Level", "Comment"])
        answers.write_row(1, 0, ["i1", "Does the board set the purpose?", 3, "not since the merger"])
    shutil.copytree(place.warehouse.parent, home.warehouse.parent)
    shutil.copytree(place.candidate, home.candidate)
    people = {text for text, kind in gather(home, POLICY).texts.items() if kind == "person"}
    assert people == {"Grace Sample-Hopper", "grace@trust.example", "not since the merger"}
