"""A JSON schema of OpenLineage's run event, made from the classes of its client, which are generated from the schema
that is published. A facet must be one that the client knows, in the version that it knows."""

import typing
from enum import EnumType
from importlib import import_module
from inspect import signature
from pkgutil import iter_modules
from types import UnionType
from typing import Any

from openlineage.client import generated
from openlineage.client.generated.base import BaseFacet, RunEvent

FACETS = ("RunFacet", "JobFacet", "DatasetFacet", "InputDatasetFacet", "OutputDatasetFacet")
PRIMITIVES = {str: "string", int: "integer", bool: "boolean", float: "number"}


def make_schema() -> dict[str, Any]:
    definitions: dict[str, Any] = {}
    describe_class(RunEvent, definitions)
    for family in FACETS:
        # Of a dataset that is written there are assertions too; the schema leaves its facets open.
        allowed = {family, "InputDatasetFacet"} if family == "DatasetFacet" else {family}
        known = [c for c in list_facets() if allowed & {base.__name__ for base in c.__mro__[1:]}]
        definitions[family] = {"oneOf": [describe_class(facet, definitions) for facet in known]}
    return {"$ref": "#/$defs/RunEvent", "$defs": definitions}


def list_facets() -> list[type]:
    modules = [import_module(f"{generated.__name__}.{module.name}") for module in iter_modules(generated.__path__)]
    classes = {c for module in modules for c in vars(module).values() if isinstance(c, type)}
    found = [c for c in classes if issubclass(c, BaseFacet) and c.__module__ != BaseFacet.__module__]
    return sorted(found, key=lambda c: c.__name__)


def describe_class(cls: type, definitions: dict[str, Any]) -> dict[str, Any]:
    name = cls.__name__ if cls.__module__ == BaseFacet.__module__ else f"{cls.__module__}.{cls.__name__}"
    if name not in definitions:
        definitions[name] = {}
        hints = typing.get_type_hints(cls)
        names = [field.name for field in cls.__attrs_attrs__ if field.name in hints]
        properties = {name: describe_type(hints[name], definitions) for name in names}
        required = [name for name, own in signature(cls).parameters.items() if own.default is own.empty]
        if issubclass(cls, BaseFacet):
            properties["_schemaURL"] = {"const": cls._get_schema()}
            required += ["_producer", "_schemaURL"]
        definitions[name] = {
            "type": "object",
            "properties": properties,
            "required": required,
            "additionalProperties": False,
        }
    return {"$ref": f"#/$defs/{name}"}


def describe_type(kind: Any, definitions: dict[str, Any]) -> dict[str, Any]:
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin in (typing.Union, UnionType):
        return {"anyOf": [describe_type(a, definitions) for a in arguments if a is not type(None)]}
    if origin is list:
        return {"type": "array", "items": describe_type(arguments[0], definitions)}
    if origin is dict:
        return {"type": "object", "additionalProperties": describe_type(arguments[1], definitions)}
    if isinstance(kind, EnumType):
        return {"enum": [member.value for member in kind]}  # type: ignore[var-annotated]
    if kind in PRIMITIVES:
        return {"type": PRIMITIVES[kind]}
    if getattr(kind, "__name__", "") in FACETS and kind.__module__ == BaseFacet.__module__:
        return {"$ref": f"#/$defs/{kind.__name__}"}
    return describe_class(kind, definitions) if hasattr(kind, "__attrs_attrs__") else {}
