"""How devices write photo events that are not JSON. A schema that was ever used stays; a change is a new one."""

from watershed.declarations.table import Schema

AVRO_1 = """
{"type": "record", "name": "PhotoEvent", "fields": [
    {"name": "event_id", "type": "string"},
    {"name": "event", "type": "string"},
    {"name": "id", "type": "long"},
    {"name": "user", "type": ["null", "long"], "default": null},
    {"name": "path", "type": ["null", "string"], "default": null},
    {"name": "bytes", "type": ["null", "long"], "default": null},
    {"name": "camera", "type": ["null", "long"], "default": null},
    {"name": "version", "type": "long"},
    {"name": "leader", "type": "string"},
    {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}}
]}"""

# Since photos have titles.
AVRO_2 = """
{"type": "record", "name": "PhotoEvent", "fields": [
    {"name": "event_id", "type": "string"},
    {"name": "event", "type": "string"},
    {"name": "id", "type": "long"},
    {"name": "user", "type": ["null", "long"], "default": null},
    {"name": "path", "type": ["null", "string"], "default": null},
    {"name": "bytes", "type": ["null", "long"], "default": null},
    {"name": "camera", "type": ["null", "long"], "default": null},
    {"name": "title", "type": ["null", "string"], "default": null},
    {"name": "version", "type": "long"},
    {"name": "leader", "type": "string"},
    {"name": "at", "type": {"type": "long", "logicalType": "timestamp-micros"}}
]}"""

PROTOBUF_1 = """
string event_id = 1;
string event = 2;
int64 id = 3;
optional int64 user = 4;
optional string path = 5;
optional int64 bytes = 6;
optional int64 camera = 7;
optional string title = 8;
int64 version = 9;
string leader = 10;
string at = 11;
"""

SCHEMAS = (Schema(1, "avro", AVRO_1), Schema(2, "avro", AVRO_2), Schema(3, "protobuf", PROTOBUF_1))
