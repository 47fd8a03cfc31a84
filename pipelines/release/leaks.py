"""The leak scan: every byte of a candidate is looked at for what must not leave the house.

Belongs here: opening each kind of file down to its texts and figures, and finding leaks in them. Does not belong here:
what is confidential (confidential.py), and which kinds of file there are (policy/gate.yml).

What is scanned how:
- text files, members of archives, texts in images: whole, in pieces that overlap, without the escapes of HTML, JSON
  and web addresses; of pages, drawings and workbooks also without the marks inside a line;
- the copies of tables (csv/, parquet/): proven to hold what the DuckDB file holds, cell by cell; of parquet also the
  key-value metadata and the footer. Other parquet files: their texts, figures and metadata;
- DuckDB: every text and figure of every table, names and comments, and the raw bytes, because a file keeps what was
  deleted from it;
- the names of files.
What cannot be looked into is a finding: links, empty folders, texts that are not UTF-8, pictures and archives inside
an archive, files embedded in a text, and columns or objects of a database of kinds that no release has.

What it does not find: a figure that stands in a text with fewer than twelve digits, multiplied, or as a place in a
drawing (whatever is drawn stands in the csv beside it, but nobody compares the two); what was typed in with other
words; and organisations in files where both outcomes and self-assessments of organisations stand, such as the workbook.
The tables from which all these are made are looked at.
A finding says what kind of thing was found and where, and never repeats it.
"""

from __future__ import annotations

import re
import zipfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any

import polars as pl

from pipelines.release import contents
from pipelines.release.confidential import Confidential
from pipelines.release.contents import OVERLAP, Piece
from pipelines.release.patterns import is_among
from pipelines.release.reading import identifier, literal
from pipelines.settings import DUCKDB_FILE

BETWEEN = re.compile(r"[\s\",;<>]")
SHORTEST_NAME = 9
"""Of an organisation: shorter ones stand in other words."""
PIECE = 1 << 18
BATCH = 1 << 22
"""Characters that are looked through at once."""

EMAIL = r"[A-Za-z0-9._%+'-]{1,64}@[A-Za-z0-9-]+(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,}"
PHONE = r"(?:\+44[ -]?\(?0?\)?[1-9][0-9]{1,4}|0[1-9][0-9]{1,3})\)?[ -][0-9]{3,4}[ -]?[0-9]{3,4}|(?:\+44|0)7[0-9]{9}"
NHS_NUMBER = r"[0-9]{3}[ -]?[0-9]{3}[ -]?[0-9]{4}"
PATH = r"(?:/(?:home|root|tmp|work|Users|mnt|srv|opt|var)/[A-Za-z0-9._-]|[A-Z]:\\{1,2}[A-Za-z])"
SECRET = (
    r"-----BEGIN [A-Z ]{0,20}PRIVATE KEY|PuTTY-User-Key-File|ghp_[A-Za-z0-9]{30}|github_pat_[A-Za-z0-9_]{20}"
    r"|AKIA[0-9A-Z]{16}|xox[abprs]-[0-9A-Za-z-]{10}|eyJ[A-Za-z0-9_-]{10,}\.eyJ[A-Za-z0-9_-]{10,}|aws_secret_access_key"
)
CLOSE = {
    "email": re.compile(EMAIL),
    "phone": re.compile(rf"(?<![\w.+-])(?:{PHONE})(?!\w|\.[0-9])"),
    "nhs_number": re.compile(rf"(?<![\w.-]){NHS_NUMBER}(?![\w-]|\.[0-9])"),
    "machine_path": re.compile(rf"(?<![\w.%~-]){PATH}"),
    "secret": re.compile(SECRET),
}
IN_BYTES = {
    "email": re.compile(r"[A-Za-z0-9._%+-]{4,64}@[A-Za-z0-9-]{4,}(?:\.[A-Za-z0-9-]+)*\.[A-Za-z]{2,6}(?![A-Za-z0-9])"),
    "machine_path": re.compile(r"/(?:home|root|tmp|work|Users)/[A-Za-z0-9._-]{3,}/[A-Za-z0-9._-]{3,}"),
    "secret": CLOSE["secret"],
}
"""Of raw bytes only what is too long to come about by chance."""
AT = r"[A-Za-z0-9._%+'-]@[A-Za-z0-9-]"
COARSE = "|".join(
    [
        AT,
        rf"(?:^|[^\w.+-])(?:{PHONE})(?:[^\w.]|\.[^0-9]|\.?$)",
        rf"(?:^|[^\w.-]){NHS_NUMBER}(?:[^\w.-]|\.[^0-9]|\.?$)",
        rf"(?:^|[^\w.%~-]){PATH}",
        SECRET,
    ]
)
COARSE_IN_BYTES = "|".join([AT, PATH, SECRET])
"""What a piece must match before it is looked at closely: the same, for a fast engine that cannot look around."""
KINDS = (
    *CLOSE,
    "identifier",
    "not_the_table",
    "organisation",
    "person",
    "unknown_kind_of_file",
    "withheld_figure",
)
"""Everything that can be found."""
CODE = re.compile(r"(?<![A-Za-z0-9])[A-Z][A-Z0-9]{2,5}(?![A-Za-z0-9])")
MAIN = re.compile(r"<main\b.*?</main>", re.DOTALL)
MARKED = (".html", ".svg", ".xml")
"""Texts in which marks may stand between two letters of a word."""


@dataclass(frozen=True, order=True)
class Leak:
    """What kind of thing stands where. The thing itself is never repeated."""

    kind: str
    place: str


class Scan:
    """One scan of one candidate folder. allowed: e-mail addresses that are public on purpose."""

    def __init__(
        self, folder: Path, confidential: Confidential, policy: dict[str, Any], allowed: Iterable[str] = ()
    ) -> None:
        self._folder = folder
        self._confidential = confidential
        self._policy = policy
        self._allowed = {address.lower() for address in allowed}
        self._kinds = {needle.lower(): kind for needle, kind in confidential.needles().items()}
        self._needles = sorted(self._kinds)
        self._figures = pl.Series(sorted(confidential.figures), dtype=pl.Float64).implode()
        self._leaks: set[Leak] = set()

    def run(self, files: Iterable[Path] | None = None) -> list[Leak]:
        """All leaks of the folder, or of some of its files, sorted."""
        paths = sorted(self._folder.rglob("*") if files is None else files)
        with contents.open_candidate(self._folder) as self._connection:
            self._look_through(piece for path in paths for piece in self._pieces(path))
        return sorted(self._leaks)

    def _pieces(self, path: Path) -> Iterator[Piece]:
        place = path.relative_to(self._folder).as_posix()
        self._look_at_name(place)
        yield Piece(f"{place} (name)", place)
        suffix = path.suffix.lower()
        if path.is_symlink() or not path.is_file():
            if path.is_symlink() or not path.is_dir() or not any(path.iterdir()):
                self._found("unknown_kind_of_file", place)
        elif place == DUCKDB_FILE:
            yield from self._of_database(path, place)
        elif Path(place).parent.name in ("csv", "parquet") and len(Path(place).parts) == 2:
            yield from self._of_copy(path, place)
        elif suffix in self._policy["tables"]:
            yield from self._of_parquet(path, place)
        elif suffix in self._policy["text"]:
            with path.open("rb") as file:
                yield from self._of_text(place, file)
        elif suffix in self._policy["archives"]:
            yield from self._of_archive(path, place)
        elif suffix in self._policy["images"]:
            yield from contents.of_image(place, path.read_bytes())
        else:
            self._found("unknown_kind_of_file", place)

    def _found(self, kind: str, place: str) -> None:
        self._leaks.add(Leak(kind, place))

    def _look_at_name(self, place: str) -> None:
        """A file may be named after an organisation only where the policy says so."""
        if not is_among(place, self._policy["organisations_in_names"]):
            self._look_for_codes(f"{place} (name)", re.sub(r"[_/.-]", " ", place), names_too=False)

    def _of_text(self, place: str, file: IO[bytes]) -> Iterator[Piece]:
        has_marks = place.endswith(MARKED)
        for text in contents.plain(file, is_whole=has_marks):
            if text is None or contents.EMBEDDED.search(text):
                self._found("unknown_kind_of_file", place)
                return
            if is_among(place, self._policy["self_assessment_files"]):
                main = MAIN.search(text) if place.endswith(".html") else None
                self._look_for_codes(place, main.group() if main else text)
            yield Piece(place, text)
            if has_marks:
                yield Piece(place, contents.in_one_line(text))

    def _of_archive(self, path: Path, place: str) -> Iterator[Piece]:
        """A workbook holds nothing but texts."""
        with zipfile.ZipFile(path) as archive:
            yield Piece(f"{place} (comment)", archive.comment.decode("latin-1"))
            for member in archive.infolist():
                inside = f"{place}: {member.filename}"
                yield Piece(inside, f"{member.filename} {member.comment.decode('latin-1')}")
                if member.filename.lower().endswith(tuple(self._policy["members"])):
                    with archive.open(member) as file:
                        yield from self._of_text(inside, file)
                else:
                    self._found("unknown_kind_of_file", inside)

    def _of_copy(self, path: Path, place: str) -> Iterator[Piece]:
        """A copy of a table is proven to be one: the table itself is looked at in the DuckDB file."""
        if not contents.is_copy(self._connection, path):
            self._found("not_the_table", place)
        if path.suffix in self._policy["tables"]:
            yield from self._of_footer(path, place)
        else:
            yield Piece(f"{place} (heading)", contents.first_line(path))

    def _of_parquet(self, path: Path, place: str) -> Iterator[Piece]:
        yield from self._of_footer(path, place)
        if contents.has_strange_columns(self._connection, f"read_parquet({literal(path)})"):
            self._found("unknown_kind_of_file", place)
        frame = pl.read_parquet(path)
        self._look_for_figures(frame.select(pl.col(pl.Float64)), place)
        yield from (Piece(place, words) for words in contents.texts_of(frame))

    def _of_footer(self, path: Path, place: str) -> Iterator[Piece]:
        """The footer holds the names of columns, the lowest and highest text of each, and free metadata."""
        free = contents.key_values(self._connection, path)
        self._look_for_codes(f"{place} (metadata)", free, names_too=False)
        yield Piece(f"{place} (metadata)", free)
        yield Piece(f"{place} (footer)", contents.footer(path), is_raw=True)

    def _of_database(self, path: Path, place: str) -> Iterator[Piece]:
        for name in contents.strange_objects(self._connection):
            self._found("unknown_kind_of_file", f"{place}: {name}")
        for table in contents.tables(self._connection):
            yield from self._of_table(table, f"{place}: {table}")
        for described, words in self._connection.execute(contents.COMMENTS).fetchall():
            self._look_for_codes(f"{place}: {described} (comment)", words, names_too=False)
            yield Piece(f"{place}: {described} (comment)", words)
        yield from (Piece(f"{place} (bytes)", part, is_raw=True) for part in contents.raw(path))

    def _of_table(self, name: str, place: str) -> Iterator[Piece]:
        table, is_secret = identifier(name), is_among(name, self._policy["self_assessment_tables"])
        if contents.has_strange_columns(self._connection, table):
            self._found("unknown_kind_of_file", place)
        doubles = contents.columns(self._connection, table, "DOUBLE")
        if doubles and self._confidential.figures:
            columns = ", ".join(map(identifier, doubles))
            self._look_for_figures(self._connection.execute(f"select {columns} from {table}").pl(), place)
        for words in contents.texts(self._connection, table):
            if is_secret:
                self._look_for_codes(place, words)
            yield Piece(place, words)

    def _look_for_figures(self, shown: pl.DataFrame, place: str) -> None:
        if shown.width and shown.select(pl.any_horizontal(pl.all().is_in(self._figures).any())).item():
            self._found("withheld_figure", place)

    def _look_for_codes(self, place: str, text: str, names_too: bool = True) -> None:
        """Codes and names of organisations that may not be named beside a self-assessment."""
        unnamed = self._confidential.unnamed
        if any(token in unnamed for token in CODE.findall(text)):
            self._found("organisation", place)
        if names_too and _has_any(text, [name for name in unnamed.values() if len(name) >= SHORTEST_NAME]):
            self._found("organisation", place)

    def _look_through(self, pieces: Iterable[Piece]) -> None:
        batch: list[Piece] = []
        size = 0
        for piece in (part for whole in pieces for part in _cut(whole)):
            batch.append(piece)
            size += len(piece.text)
            if size > BATCH:
                self._look_at_batch(batch)
                batch, size = [], 0
        self._look_at_batch(batch)

    def _look_at_batch(self, batch: list[Piece]) -> None:
        self._look_at([piece for piece in batch if not piece.is_raw], COARSE)
        self._look_at([piece for piece in batch if piece.is_raw], COARSE_IN_BYTES)

    def _look_at(self, pieces: list[Piece], coarse: str) -> None:
        """First the fast look at all pieces, then the close one at those that showed something."""
        texts = pl.Series("text", [piece.text for piece in pieces], dtype=pl.String)
        for piece in _where(pieces, texts.str.contains(coarse)):
            self._look_closely(piece)
        if self._needles:
            marked = texts.str.contains_any(self._needles, ascii_case_insensitive=True)
            for piece in _where(pieces, marked):
                found = pl.Series([piece.text]).str.extract_many(self._needles, ascii_case_insensitive=True)
                for needle in found.explode():
                    self._found(self._kinds[needle.lower()], piece.place)

    def _look_closely(self, piece: Piece) -> None:
        for kind, pattern in (IN_BYTES if piece.is_raw else CLOSE).items():
            if any(self._counts(kind, match.group()) for match in pattern.finditer(piece.text)):
                self._found(kind, piece.place)

    def _counts(self, kind: str, text: str) -> bool:
        if kind == "email":
            return text.lower() not in self._allowed
        return kind != "nhs_number" or is_nhs_number(text)


def is_nhs_number(text: str) -> bool:
    """Whether the tenth digit is the check digit of the first nine, modulo 11 (NHS Data Dictionary, NHS NUMBER)."""
    figures = [int(letter) for letter in text if letter.isdigit()]
    total = sum(weight * figure for weight, figure in zip(range(10, 1, -1), figures[:9], strict=True))
    return (11 - total % 11) % 11 == figures[9] and len(set(figures)) > 1


def _has_any(text: str, words: list[str]) -> bool:
    return bool(words) and bool(pl.Series([text]).str.contains_any(words, ascii_case_insensitive=True).item())


def _where(batch: list[Piece], mask: pl.Series) -> list[Piece]:
    return [batch[place] for place in mask.arg_true()]


def _cut(piece: Piece) -> Iterator[Piece]:
    """Pieces that overlap, so that nothing is missed where they meet; none begins or ends within a figure.

    The decimals of a figure that is cut could be taken for the number of a person.
    """
    text = piece.text
    if len(text) <= PIECE:
        yield piece
        return
    for start in range(0, len(text), PIECE):
        begin, end = _edge(text, start) if start else 0, _edge(text, start + PIECE + OVERLAP)
        yield Piece(piece.place, text[begin:end], piece.is_raw)


def _edge(text: str, place: int) -> int:
    """The first place from here on that lies between words, if one is near: overlapping pieces still overlap."""
    between = BETWEEN.search(text, place, place + OVERLAP // 2)
    return between.start() if between else place
