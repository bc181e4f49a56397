"""JSON Schemas (2020-12) of the events in both directions, by type."""

from typing import Any

from pydantic import TypeAdapter
from pydantic.json_schema import GenerateJsonSchema

from earned.messages.announcements import TYPES, AnnouncedEvent
from earned.messages.events import ATTENDANCE, DIRECTORY, MAX_EVENT_BYTES, PROGRESS
from tools.contracts.writing import Json

QUEUES = {"directory": DIRECTORY, "progress": PROGRESS, "attendance": ATTENDANCE}
DIALECT = "https://json-schema.org/draft/2020-12/schema"


def schemas() -> dict[str, Json]:
    return {type_: schema_in(type_, kinds[type_]) for kinds in QUEUES.values() for type_ in kinds} | {
        type_: schema_out(type_) for type_ in TYPES
    }


def schema_in(type_: str, model: Any) -> Json:
    """The schema of a posted event; JSON Schema cannot limit the size of the whole, so the description does."""
    schema = TypeAdapter(model).json_schema(schema_generator=_Untitled)
    return _named(type_, schema, f"{_about_data(schema)} At most {MAX_EVENT_BYTES} bytes.")


def schema_out(type_: str) -> Json:
    """The schema of an announcement: one envelope and data for all types."""
    schema = TypeAdapter(AnnouncedEvent).json_schema(schema_generator=_Untitled)
    schema["properties"]["type"] = {"type": "string", "const": type_}
    return _named(type_, schema, f"{_about_data(schema)} {schema['description']}")


class _Untitled(GenerateJsonSchema):
    """Leaves out titles, which repeat the names of fields."""

    def field_title_should_be_set(self, schema: Any) -> bool:
        return False

    def default_schema(self, schema: Any) -> Json:
        """Leave out defaults of null, which only say that a field may be absent."""
        absent = schema.get("default", ...) is None
        return self.generate_inner(schema["schema"]) if absent else super().default_schema(schema)


def _named(type_: str, schema: Json, description: str) -> Json:
    named = {"title": type_, "description": description}
    return {"$schema": DIALECT, "$id": f"urn:earned:event:{type_}"} | schema | named


def _about_data(schema: Json) -> str:
    name = schema["properties"]["data"]["$ref"].rpartition("/")[2]
    about: str = schema["$defs"][name]["description"]
    return about
