"""Reads `sources/*.yml` and the corrections ledger into frozen objects and reports every fault of every file at once.

Belongs here: loading, suggesting the nearest key, rules across files.
Does not belong here: what a YAML may say (schemas/source.py, schemas/corrections.py).
"""

from __future__ import annotations

from collections import Counter
from difflib import get_close_matches
from functools import cache
from pathlib import Path
from typing import Any, TypeVar

import yaml
from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from pipelines.errors import Fault, Faults
from pipelines.settings import CORRECTIONS_DIR, PROJECT_ROOT, sources_dir
from schemas import corrections as corrections_model
from schemas import source as source_model
from schemas.corrections import Correction
from schemas.fields import FIELDS
from schemas.ingest.shapes import SHAPES
from schemas.source import NoSource, OutOfScope, Source

OUT_OF_SCOPE = "out_of_scope.yml"
Entry = TypeVar("Entry", bound=BaseModel)


class _Loader(yaml.SafeLoader):
    """Safe YAML that refuses a key given twice, where plain YAML keeps the last without a word."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        keys = Counter(self.construct_object(key, deep=True) for key, _ in node.value)
        twice = [str(key) for key, count in keys.items() if count > 1]
        if twice:
            raise yaml.MarkedYAMLError(problem=f"key given twice: {', '.join(twice)}")
        return super().construct_mapping(node, deep)


def load_sources(folder: Path | None = None) -> dict[str, Source]:
    """All sources by id, in the order in which they must be staged; from the folder of the settings by default.

    Raises Faults with one entry for each thing that is wrong in any file.
    """
    return _load(folder or sources_dir())


def forget_sources() -> None:
    """So that sources which were written meanwhile are loaded."""
    _load.cache_clear()


@cache
def _load(folder: Path) -> dict[str, Source]:
    faults: list[Fault] = []
    sources: dict[str, Source] = {}
    for path in sorted(path for path in folder.rglob("*.yml") if _is_source(path)):
        found = _load_one(path, Source, faults)
        if found:
            faults += _in_vocabulary(path, found)
            sources[found.source_id] = found
    faults += _across(sources)
    if faults:
        raise Faults(faults)
    return dict(sorted(sources.items(), key=lambda item: (bool(item[1].known_organisations_from), item[0])))


def _is_source(path: Path) -> bool:
    return path.name != OUT_OF_SCOPE and path.parent.name != CORRECTIONS_DIR.name


def load_out_of_scope(folder: Path | None = None) -> tuple[NoSource, ...]:
    """Files of the publishers' folders that are known to be no source. Raises Faults."""
    path, faults = (folder or sources_dir()) / OUT_OF_SCOPE, []
    found = _load_one(path, OutOfScope, faults) if path.exists() else None
    if faults:
        raise Faults(faults)
    return found.files if found else ()


@cache
def load_corrections(folder: Path = CORRECTIONS_DIR) -> tuple[Correction, ...]:
    """All entries of the corrections ledger, by id. Raises Faults with one entry for each thing that is wrong."""
    faults: list[Fault] = []
    found = {path: _load_one(path, Correction, faults) for path in sorted(folder.glob("*.yml"))}
    entries = {path: entry for path, entry in found.items() if entry}
    faults += [fault for path, entry in entries.items() for fault in _of_known_source(path, entry)]
    if faults:
        raise Faults(faults)
    return tuple(entries.values())


def _of_known_source(path: Path, entry: Correction) -> list[Fault]:
    known = {name for name, one in load_sources().items() if SHAPES[one.shape].is_corrected}
    faults = []
    if path.stem != entry.correction_id:
        faults.append(_fault(path, f"correction_id `{entry.correction_id}`", f"`{path.stem}`", "a renamed file"))
    if entry.source_id not in known:
        expected = f"a source whose models apply the ledger: {', '.join(sorted(known))}"
        faults.append(_fault(path, f"source_id `{entry.source_id}`", expected, "a misspelt or removed source"))
    return faults


def _load_one(path: Path, kind: type[Entry], faults: list[Fault]) -> Entry | None:
    try:
        return kind.model_validate(_content(path))
    except OSError as error:
        faults.append(
            _fault(path, f"`based_on`: {error}", "the id of another source", "a misspelt id or a removed file")
        )
    except yaml.YAMLError as error:
        faults.append(_fault(path, str(error), "valid YAML", "a slip of the keyboard or of indentation"))
    except ValidationError as error:
        faults += [_from_pydantic(path, detail) for detail in error.errors()]
    return None


def _content(path: Path) -> Any:
    """What the file says; with `based_on: ID`, what it leaves out is said by the file of that source."""
    content = yaml.load(path.read_text(encoding="utf-8"), Loader=_Loader)
    base = content.pop("based_on", None) if isinstance(content, dict) else None
    return {**_content(path.with_name(f"{base}.yml")), **content} if base else content


def _fault(path: Path, found: str, expected: str, likely: str) -> Fault:
    name = path.relative_to(PROJECT_ROOT) if path.is_relative_to(PROJECT_ROOT) else path.name
    return Fault(str(name), found, expected, likely, "correct the file and run the command again")


def _from_pydantic(path: Path, detail: ErrorDetails) -> Fault:
    place = ".".join(str(part) for part in detail["loc"])
    if detail["type"] == "extra_forbidden":
        key = str(detail["loc"][-1])
        near = get_close_matches(key, _known_keys(), n=1, cutoff=0.0)[0]
        return _fault(path, f"unknown key `{place}`", f"a known key; the nearest is `{near}`", "a misspelt key")
    if detail["type"] == "missing":
        return _fault(path, f"no `{place}`", "a value for it", "a key that was forgotten or misspelt")
    return _fault(path, f"`{place}` is {detail['input']!r}", detail["msg"], "a value of the wrong kind")


def _known_keys() -> list[str]:
    items = [*vars(source_model).values(), *vars(corrections_model).values()]
    models = [item for item in items if isinstance(item, type) and issubclass(item, BaseModel)]
    return sorted({key for item in models for key in item.model_fields})


def _in_vocabulary(path: Path, source: Source) -> list[Fault]:
    shape = SHAPES.get(source.shape)
    if shape is None:
        near = get_close_matches(source.shape, SHAPES, n=1, cutoff=0.0)[0]
        expected = f"one of {', '.join(sorted(SHAPES))}; the nearest is `{near}`"
        return [_fault(path, f"shape `{source.shape}`", expected, "a misspelt shape")]
    given = set(source.columns)
    needed = set(shape.columns) - set(shape.hashed) - {"value_status"}
    faults = [
        _fault(path, f"column `{name}`", f"a column of the shape {source.shape}", "a misspelt column")
        for name in sorted(given - set(FIELDS))
    ]
    faults += [
        _fault(path, f"no rule for `{name}`", f"every column of {source.shape}", "a forgotten column")
        for name in sorted(needed - given)
    ]
    if path.stem != source.source_id:
        faults.append(_fault(path, f"source_id `{source.source_id}`", f"`{path.stem}`", "a renamed file"))
    return faults


def _across(sources: dict[str, Source]) -> list[Fault]:
    owners = Counter(measure.measure_id for source in sources.values() for measure in source.measures)
    faults = [
        Fault(
            f"sources/: measure `{measure_id}`",
            f"{count} definitions",
            "one definition",
            "a copied block",
            "delete or rename the others",
        )
        for measure_id, count in owners.items()
        if count > 1
    ]
    for measure in (measure for source in sources.values() for measure in source.measures):
        unknown = set((measure.shares_data_with or measure.measure_id).split("|")) - set(owners)
        faults += [
            Fault(
                f"sources/: measure `{measure.measure_id}`, shares_data_with",
                f"`{name}`",
                f"one of {', '.join(sorted(owners))}",
                "a misspelt or removed measure",
                "correct the name",
            )
            for name in sorted(unknown)
        ]
    for source in sources.values():
        unknown = set(source.known_organisations_from) - set(sources)
        faults += [
            Fault(
                f"sources/{source.source_id}.yml: known_organisations_from",
                f"`{name}`",
                f"one of {', '.join(sources)}",
                "a misspelt or removed source",
                "correct the name",
            )
            for name in sorted(unknown)
        ]
    return faults
