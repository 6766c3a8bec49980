"""The three ways in which devices write photo events: JSON, and Avro and Protobuf in the schemas of the contract."""

from contracts.photo_event_schemas import SCHEMAS
from watershed.synthetic.messages import Encode, encode_json, open_encoder

WITHOUT_TITLE, *WITH_TITLE = map(open_encoder, SCHEMAS)
ENCODERS: tuple[Encode, ...] = (encode_json, WITHOUT_TITLE, *WITH_TITLE)
