"""JSON Schemas (2020-12) of the events in and out."""

import re
from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from earned.messages.announcements import ANNOUNCED
from earned.messages.events import MAX_EVENT_BYTES, QUEUES
from tools.contracts.writing import Json

DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, Json]:
    """The schema of each event type. An event that its schema does not allow is neither accepted nor announced."""
    return {type_: _schema_in(type_, kinds[type_]) for kinds in QUEUES.values() for type_ in kinds} | {
        type_: _schema_out(type_, model) for type_, model in ANNOUNCED.items()
    }


def _schema_in(type_: str, model: Any) -> Json:
    schema = _schema(model)
    return _named(type_, schema, f"{_data_description(schema)}\n\nAn event may have at most {MAX_EVENT_BYTES} bytes.")


def _schema_out(type_: str, model: Any) -> Json:
    schema = _schema(model)
    schema["properties"]["type"] = {"type": "string", "const": type_}
    return _named(type_, schema, f"{_data_description(schema)}\n\n{schema['description']}")


class _ConciseSchema(GenerateJsonSchema):
    """Leaves out titles that repeat a field's name, and defaults of null: they say only that a field may be absent."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: Any) -> Json:
        is_null = schema.get("default", ...) is None
        return self.generate_inner(schema["schema"]) if is_null else super().default_schema(schema)


def _schema(model: Any) -> Json:
    schema = TypeAdapter(model).json_schema(schema_generator=_ConciseSchema)
    for described in (schema, *schema["$defs"].values()):
        if "description" in described:
            described["description"] = re.sub(r"(?<!\n)\n(?!\n)", " ", described["description"])  # docstrings wrap
    return schema


def _named(type_: str, schema: Json, description: str) -> Json:
    named = {"$schema": DIALECT, "$id": f"urn:earned:event:{type_}", "title": type_, "description": description}
    return named | schema | named


def _data_description(schema: Json) -> str:
    name = schema["properties"]["data"]["$ref"].rpartition("/")[2]
    description: str = schema["$defs"][name]["description"]
    return description
