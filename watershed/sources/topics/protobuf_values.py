"""Protobuf messages by a declaration in the contract: `optional int64 user = 4;` a line, as in a .proto file.

The classes are made at run time, so that nobody needs protoc. A message has scalar fields only. What is not declared
`optional` is always there, with 0 or "" if its writer said nothing, as proto3 has it.
"""

import re
from collections.abc import Callable, Iterator
from typing import Any

from google.protobuf import descriptor_pool, message_factory
from google.protobuf.descriptor_pb2 import FieldDescriptorProto, FileDescriptorProto
from google.protobuf.message import DecodeError, Message

from watershed.declarations.table import Schema
from watershed.errors import InvalidInput

FIELD = re.compile(r"(?:(optional|repeated) )?([a-z0-9]+) ([a-z]\w*) = ([1-9]\d*);")
TYPES = {
    name.removeprefix("TYPE_").lower(): number
    for name, number in FieldDescriptorProto.Type.items()
    if name not in ("TYPE_MESSAGE", "TYPE_GROUP", "TYPE_ENUM")
}


def open_reader(schema: Schema) -> Callable[[bytes], dict[str, Any]]:
    """A function from a body to its fields. It raises DecodeError for a damaged one."""
    make = build_message(schema)
    fields = [(f.name, f.has_presence, f.is_repeated) for f in make.DESCRIPTOR.fields]

    def read(body: bytes) -> dict[str, Any]:
        message = make.FromString(skip_index(body))
        return {
            name: list(getattr(message, name)) if is_repeated else getattr(message, name)
            for name, is_optional, is_repeated in fields
            if not is_optional or message.HasField(name)
        }

    return read


def skip_index(body: bytes) -> bytes:
    """The body without the path to a message in its file, which comes first: the only one, so `0` or `1 step: 0`."""
    for first in (b"\0", b"\2\0"):
        if body.startswith(first):
            return body[len(first) :]
    raise DecodeError("it names another message than the one declared")


def build_message(schema: Schema) -> type[Message]:
    """The class of the declared message. Raises ValueError for a line that declares no field."""
    file = FileDescriptorProto(name=f"{schema.id}.proto", syntax="proto3")
    message = file.message_type.add(name="Value")
    for field in parse_fields(schema.text):
        if field.proto3_optional:  # proto3 spells presence as a choice of one
            field.oneof_index = len(message.oneof_decl)
            message.oneof_decl.add(name=f"_{field.name}")
        message.field.append(field)
    pool = descriptor_pool.DescriptorPool()
    pool.Add(file)
    return message_factory.GetMessageClass(pool.FindMessageTypeByName("Value"))


def parse_fields(text: str) -> Iterator[FieldDescriptorProto]:
    """The declared fields. Raises InvalidInput for a line that is none; blank ones and `//` comments are left out."""
    for line in filter(None, (line.partition("//")[0].strip() for line in text.splitlines())):
        match = FIELD.fullmatch(line)
        if match is None or match[2] not in TYPES:
            raise InvalidInput(f"{line!r} declares no Protobuf field: write `optional string title = 8;`")
        label = FieldDescriptorProto.LABEL_REPEATED if match[1] == "repeated" else FieldDescriptorProto.LABEL_OPTIONAL
        field = FieldDescriptorProto(name=match[3], number=int(match[4]), type=TYPES[match[2]], label=label)
        if match[1] == "optional":
            field.proto3_optional = True
        yield field
