"""What is said of the data: Table Schema, Data Package, DCAT-AP (JSON-LD and Turtle), schema.org/Dataset.

All are made from one description, with addresses relative to the edition's folder. DCAT-AP is that of
the European Union's data portals, version 3; checksums are SPDX's.
"""

from __future__ import annotations

from typing import Any, Final

import msgspec

from thuocdo.core.issuers import issuer_on
from thuocdo.web.opendata.model import (
    LICENCE,
    LICENCE_NAME,
    MANIFEST,
    Dataset,
    Edition,
    File,
    datasets,
)

_PREFIXES: Final = {
    "dcat": "http://www.w3.org/ns/dcat#",
    "dct": "http://purl.org/dc/terms/",
    "foaf": "http://xmlns.com/foaf/0.1/",
    "spdx": "http://spdx.org/rdf/terms#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
}
_AUTHORITY: Final = "http://publications.europa.eu/resource/authority/"
_TYPES: Final = {"csv": f"{_AUTHORITY}file-type/CSV", "parquet": f"{_AUTHORITY}file-type/PARQUET"}
_IANA: Final = "http://www.iana.org/assignments/media-types/"
_KEYWORDS: Final = {
    "vi": ("chính phủ số", "dịch vụ công trực tuyến", "thủ tục hành chính"),
    "en": ("digital government", "online public services", "administrative procedures"),
}


def documents(edition: Edition) -> dict[str, bytes]:
    """The descriptions of an edition by the names of their files."""
    graph = _graph(edition)
    found = {
        MANIFEST: _json(_package(edition)),
        "dcat.jsonld": _json({"@context": _PREFIXES, "@graph": graph}),
        "dcat.ttl": turtle(graph).encode(),
        "dataset.jsonld": _json(schema_org(edition, "")),
    }
    for name, dataset in datasets().items():
        found[f"{name}.schema.json"] = _json(table_schema(dataset))
    return found


def table_schema(dataset: Dataset) -> dict[str, Any]:
    """Frictionless Table Schema; titles are Vietnamese, descriptions both."""
    return {
        "$schema": "https://datapackage.org/profiles/2.0/tableschema.json",
        "fields": [
            {
                "name": field.name,
                "type": field.type,
                "title": field.vi,
                "description": f"{field.vi} / {field.en}",
                "constraints": {"required": True} if field.name in dataset.unique[:1] else {},
            }
            for field in dataset.fields
        ],
        "missingValues": [""],
        "uniqueKeys": [dataset.unique],
    }


def schema_org(edition: Edition, base: str) -> dict[str, Any]:
    """schema.org/Dataset for search engines; `base` is where the edition's folder is, or empty."""
    issuer = issuer_on(edition.day).organisation
    return {
        "@context": "https://schema.org/",
        "@type": "Dataset",
        "name": "Thước Đo: chỉ số cung cấp và sử dụng dịch vụ Chính phủ số",
        "alternateName": "Thước Đo: indicators of supply and use of digital government services",
        "description": f"{edition.remark} {datasets()['figures'].description.vi}".strip(),
        "inLanguage": ["vi", "en"],
        "license": LICENCE,
        "isAccessibleForFree": True,
        "creator": {"@type": "GovernmentOrganization", "name": issuer},
        "datePublished": edition.day.isoformat(),
        "temporalCoverage": f"{edition.first}/{edition.last}",
        "spatialCoverage": "Việt Nam",
        "keywords": list(_KEYWORDS["vi"]) + list(_KEYWORDS["en"]),
        "distribution": [
            {
                "@type": "DataDownload",
                "name": file.name,
                "encodingFormat": file.media,
                "contentUrl": base + file.name,
                "contentSize": f"{file.bytes} B",
                "sha256": file.sha256,
            }
            for file in edition.files
            if file.name.endswith((".csv", ".parquet"))
        ],
    }


def turtle(graph: list[dict[str, Any]]) -> str:
    """A graph of JSON-LD nodes as Turtle."""
    head = "".join(f"@prefix {name}: <{iri}> .\n" for name, iri in _PREFIXES.items())
    return head + "".join(f"\n{_iri(node['@id'])}{_predicates(node, 1)} .\n" for node in graph)


def _package(edition: Edition) -> dict[str, Any]:
    """Frictionless Data Package 2."""
    resources = []
    for name, dataset in datasets().items():
        file = next(each for each in edition.files if each.name == f"{name}.csv")
        resources.append(
            {
                "name": name,
                "path": file.name,
                "title": dataset.title.vi,
                "description": f"{dataset.description.vi}\n\n{dataset.description.en}",
                "format": "csv",
                "mediatype": file.media,
                "encoding": "utf-8",
                "bytes": file.bytes,
                "hash": f"sha256:{file.sha256}",
                "schema": f"{name}.schema.json",
            }
        )
    return {
        "$schema": "https://datapackage.org/profiles/2.0/datapackage.json",
        "name": "thuocdo",
        "description": edition.remark,
        "version": edition.day.isoformat(),
        "created": edition.day.isoformat(),
        "licenses": [{"name": "CC-BY-4.0", "path": LICENCE, "title": LICENCE_NAME}],
        "facts_version": edition.facts_version,
        "log_size": edition.log_size,
        "log_root": edition.log_root,
        "resources": resources,
    }


def _graph(edition: Edition) -> list[dict[str, Any]]:
    issuer = {
        "@id": "#publisher",
        "@type": "foaf:Agent",
        "foaf:name": _vi(issuer_on(edition.day).organisation),
    }
    catalogue: dict[str, Any] = {
        "@id": "#catalogue",
        "@type": "dcat:Catalog",
        "dct:title": [_vi("Dữ liệu mở Thước Đo"), _en("Open data of Thước Đo")],
        "dct:description": [
            _vi("Chỉ số cung cấp và sử dụng dịch vụ Chính phủ số, công bố hằng ngày."),
            _en("Indicators of supply and use of digital government services, published daily."),
            *([_vi(edition.remark)] if edition.remark else []),
        ],
        "dct:publisher": _link("#publisher"),
        "dct:license": _link(LICENCE),
        "dct:issued": _day(edition.day.isoformat()),
        "dct:language": [
            _link(f"{_AUTHORITY}language/VIE"),
            _link(f"{_AUTHORITY}language/ENG"),
        ],
        "dcat:dataset": [_link(f"#{name}") for name in datasets()],
    }
    nodes: list[dict[str, Any]] = [catalogue, issuer]
    for name, dataset in datasets().items():
        files = [file for file in edition.files if file.name in (f"{name}.csv", f"{name}.parquet")]
        nodes.append(_dataset(edition, name, dataset, files))
        nodes += [_distribution(name, file) for file in files]
    return nodes


def _dataset(edition: Edition, name: str, dataset: Dataset, files: list[File]) -> dict[str, Any]:
    return {
        "@id": f"#{name}",
        "@type": "dcat:Dataset",
        "dct:identifier": f"thuocdo-{name}",
        "dct:title": [_vi(dataset.title.vi), _en(dataset.title.en)],
        "dct:description": [_vi(dataset.description.vi), _en(dataset.description.en)],
        "dct:publisher": _link("#publisher"),
        "dct:issued": _day(edition.day.isoformat()),
        "dct:modified": _day(edition.day.isoformat()),
        "dct:accrualPeriodicity": _link(f"{_AUTHORITY}frequency/DAILY"),
        "dct:spatial": _link(f"{_AUTHORITY}country/VNM"),
        "dct:temporal": {
            "@type": "dct:PeriodOfTime",
            "dcat:startDate": _day(edition.first.isoformat()),
            "dcat:endDate": _day(edition.last.isoformat()),
        },
        "dcat:theme": _link(f"{_AUTHORITY}data-theme/GOVE"),
        "dcat:keyword": [_vi(word) for word in _KEYWORDS["vi"]]
        + [_en(word) for word in _KEYWORDS["en"]],
        "dcat:distribution": [_link(f"#{_anchor(file)}") for file in files],
    }


def _distribution(name: str, file: File) -> dict[str, Any]:
    kind = file.name.rpartition(".")[2]
    return {
        "@id": f"#{_anchor(file)}",
        "@type": "dcat:Distribution",
        "dct:title": _en(file.name),
        "dcat:accessURL": _link(file.name),
        "dcat:downloadURL": _link(file.name),
        "dcat:mediaType": _link(_IANA + file.media),
        "dct:format": _link(_TYPES[kind]),
        "dcat:byteSize": {"@value": str(file.bytes), "@type": "xsd:nonNegativeInteger"},
        "dct:license": _link(LICENCE),
        "dct:conformsTo": _link(f"{name}.schema.json"),
        "spdx:checksum": {
            "@type": "spdx:Checksum",
            "spdx:algorithm": _link("http://spdx.org/rdf/terms#checksumAlgorithm_sha256"),
            "spdx:checksumValue": {"@value": file.sha256, "@type": "xsd:hexBinary"},
        },
    }


def _anchor(file: File) -> str:
    return file.name.replace(".", "-")


def _vi(text: str) -> dict[str, str]:
    return {"@value": text, "@language": "vi"}


def _en(text: str) -> dict[str, str]:
    return {"@value": text, "@language": "en"}


def _day(text: str) -> dict[str, str]:
    return {"@value": text, "@type": "xsd:date"}


def _link(iri: str) -> dict[str, str]:
    return {"@id": iri}


def _predicates(node: dict[str, Any], depth: int) -> str:
    indent = "\n" + "  " * depth
    told = [f"a {node['@type']}"]
    for name, value in node.items():
        if not name.startswith("@"):
            values = value if isinstance(value, list) else [value]
            told.append(f"{name} " + ", ".join(_object(each, depth + 1) for each in values))
    return indent + f" ;{indent}".join(told)


def _object(value: Any, depth: int) -> str:
    if isinstance(value, str):
        return _literal(value)
    if "@value" in value:
        text = _literal(value["@value"])
        return (
            f"{text}@{value['@language']}" if "@language" in value else f"{text}^^{value['@type']}"
        )
    if "@id" in value:
        return _iri(value["@id"])
    return f"[{_predicates(value, depth)} ]"


def _literal(text: str) -> str:
    """JSON's escapes are among Turtle's."""
    return msgspec.json.encode(text).decode()


def _iri(text: str) -> str:
    return f"<{text}>"


def _json(told: dict[str, Any]) -> bytes:
    return msgspec.json.format(msgspec.json.encode(told), indent=2) + b"\n"
