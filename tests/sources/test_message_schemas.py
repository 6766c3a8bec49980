"""A schema in a contract that is none is named, with what is wrong with it."""

from typing import Any

import pytest

from watershed.declarations.table import Schema
from watershed.sources.topics.encoded_values import load_readers

FIELD = '{"name": "a", "type": "string"}'
NO_SCHEMAS = [
    *(("avro", text) for text in ("{", "5", '"strin"', '{"type": "record", "fields": []}', "[")),
    ("avro", f'{{"type": "record", "name": "X", "fields": [{FIELD}, {FIELD}]}}'),
    ("avro", f'{{"type": "array", "items": {{"type": "record", "name": "X", "fields": [{FIELD}, {FIELD}]}}}}'),
    *(("protobuf", text) for text in ("string a = 1; int64 a = 2;", "string a = 1;\nint64 a = 2;", "message A {")),
    ("protobuf", "string a = 1;\nstring b = 1;"),
    ("protobuf", "string a = 536870912;"),
]


@pytest.mark.parametrize(("format", "text"), NO_SCHEMAS, ids=lambda value: value[:40])
def test_a_declaration_that_is_no_schema_is_named(format: Any, text: str) -> None:
    with pytest.raises(ValueError, match=r"^schema 7 of the contract is not an? \w+ (schema|message): .+"):
        load_readers((Schema(7, format, text),))


def test_a_number_means_one_schema() -> None:
    with pytest.raises(ValueError, match="schema 7 is declared twice"):
        load_readers((Schema(7, "avro", '"string"'), Schema(7, "avro", '"long"')))
