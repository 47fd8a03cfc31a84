"""A release as an entry of a data catalogue: DCAT 3 with schema.org's Dataset beside it, in JSON-LD.

Belongs here: the two vocabularies. Does not belong here: what is described (resources.py).
"""

from __future__ import annotations

from pathlib import Path
from typing import Any

from pipelines.release.api import API
from pipelines.release.documents import utc
from pipelines.release.reading import connect, table_names
from pipelines.release.record import Record
from pipelines.release.resources import MEDIA_TYPES, Resource, sha256
from pipelines.settings import DUCKDB_FILE

CONTEXT = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dcatap": "http://data.europa.eu/r5r/",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "schema": "https://schema.org/",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
FREQUENCY = "http://publications.europa.eu/resource/authority/frequency/"
AVAILABILITY = "http://publications.europa.eu/resource/authority/planned-availability/STABLE"
CHANGES = "pub_release_changes"
MEDIA_REGISTER = "https://www.iana.org/assignments/media-types/"


def catalogue_entry(candidate: Path, record: Record, resources: list[Resource]) -> dict[str, Any]:
    """The JSON-LD document. Addresses are relative to the release's own, which the policy's base address gives."""
    base = f"{record.policy['base_url']}/releases/{record.release_id}/"
    distributions = [_distribution(resource, record) for resource in resources]
    return {
        "@context": {**CONTEXT, "@base": base},
        "@graph": [
            _dataset(record, distributions) | _previous(candidate),
            _service(record),
            *distributions,
            _duckdb(candidate, record),
        ],
    }


def _dataset(record: Record, distributions: list[dict[str, Any]]) -> dict[str, Any]:
    """Terms of both vocabularies on one node, so that they cannot say different things."""
    policy = record.policy
    title = ("SYNTHETIC. " if record.is_synthetic else "") + policy["title"]
    files = [{"@id": file["@id"]} for file in distributions] + [{"@id": DUCKDB_FILE}]
    created = {"@type": "xsd:dateTime", "@value": utc(record.built_at)}
    publisher = {"@type": ["foaf:Organization", "schema:Organization"], "foaf:name": policy["publisher"]}
    return {
        "@id": "",
        "@type": ["dcat:Dataset", "schema:Dataset"],
        "dct:title": {"@value": title, "@language": "en"},
        "schema:name": title,
        "dct:description": {"@value": _description(record), "@language": "en"},
        "schema:description": _description(record),
        "dct:identifier": record.release_id,
        "dcat:version": record.release_id,
        "schema:version": record.release_id,
        "dct:issued": created,
        "schema:dateCreated": created,
        "dct:publisher": publisher,
        "schema:publisher": publisher | {"schema:name": policy["publisher"]},
        "dct:language": policy["language"],
        "schema:inLanguage": policy["language"],
        "dct:accrualPeriodicity": {"@id": f"{FREQUENCY}{policy['frequency']}"},
        "dcatap:availability": {"@id": AVAILABILITY},
        "dcat:keyword": policy["keywords"],
        "schema:keywords": policy["keywords"],
        **_licence(record),
        "dcat:distribution": files,
        "schema:distribution": files,
    }


def _previous(candidate: Path) -> dict[str, Any]:
    """The release that this one was compared with, if there was one."""
    with connect(candidate / DUCKDB_FILE) as connection:
        if CHANGES not in table_names(connection):
            return {}
        found = connection.execute(f"select max(release_from) from {CHANGES}").fetchone()
    return {"dcat:previousVersion": {"@id": f"../{found[0]}/"}} if found and found[0] else {}


def _description(record: Record) -> str:
    policy = record.policy
    mark = "SYNTHETIC. Every figure is invented. " if record.is_synthetic else ""
    return f"{mark}{policy['subtitle']}. {policy['notice']} {policy['status_words']}"


def _licence(record: Record) -> dict[str, Any]:
    """Invented figures are under no publisher's licence."""
    if record.is_synthetic:
        return {"dct:rights": "Invented figures, free to use.", "schema:isAccessibleForFree": True}
    licence = {"@id": record.policy["licence"]["url"]}
    return {"dct:license": licence, "schema:license": licence, "schema:isAccessibleForFree": True}


def _service(record: Record) -> dict[str, Any]:
    return {
        "@id": f"{API.as_posix()}/index.json",
        "@type": "dcat:DataService",
        "dct:title": {"@value": f"Static interface to {record.policy['title']}", "@language": "en"},
        "dcat:endpointURL": {"@id": f"{API.as_posix()}/"},
        "dcat:endpointDescription": {"@id": f"{API.as_posix()}/openapi.json"},
        "dcat:servesDataset": {"@id": ""},
    }


def _distribution(resource: Resource, record: Record) -> dict[str, Any]:
    return _file(resource.path, resource.title, resource.bytes, resource.sha256, record)


def _duckdb(candidate: Path, record: Record) -> dict[str, Any]:
    path = candidate / DUCKDB_FILE
    return _file(DUCKDB_FILE, "All tables", path.stat().st_size, sha256(path), record)


def _file(path: str, title: str, size: int, digest: str, record: Record) -> dict[str, Any]:
    media_type = MEDIA_TYPES[path.rsplit(".", 1)[-1]]
    return {
        "@id": path,
        "@type": ["dcat:Distribution", "schema:DataDownload"],
        "dct:title": {"@value": title, "@language": "en"},
        "dcat:downloadURL": {"@id": path},
        "schema:contentUrl": {"@id": path},
        "dcat:mediaType": {"@id": MEDIA_REGISTER + media_type},
        "schema:encodingFormat": media_type,
        "dcat:byteSize": {"@type": "xsd:nonNegativeInteger", "@value": str(size)},
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": {"@id": "spdx:checksumAlgorithm_sha256"},
            "spdx:checksumValue": digest,
        },
        **_licence(record),
    }
