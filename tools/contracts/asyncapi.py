"""The AsyncAPI 3 document: the queues that the portal posts to, and the bus with what Earned announces."""

from collections.abc import Iterable

from earned.messages.announcements import TYPES
from earned.messages.events import QUEUES
from tools.contracts import VERSION
from tools.contracts.events import schemas
from tools.contracts.writing import Json

QUEUE = (
    "An SQS standard queue; its URL is the stack's output {name}QueueUrl. A message body is one event. Events may "
    "arrive late, repeated and out of order. Set MessageGroupId to the company_id of the person the event is about, or "
    "to the account_id of an individual, so that a company with many events does not delay the others; an event about "
    "a training needs no group. A refused event is kept unchanged in the dead-letter queue, with its reason and "
    "detail, and is announced."
)
BUS = (
    "An EventBridge bus; its name is the stack's output BusName. `source` is `earned`, `detail-type` the event's type, "
    "`detail` the event. An event may be delivered more than once, always with the same id."
)
SCHEMA_FORMAT = "application/schema+json;version=2020-12"


def asyncapi() -> Json:
    """The document; its payloads refer to the schema files in docs/events."""
    return {
        "asyncapi": "3.0.0",
        "info": {
            "title": "Earned: events",
            "version": VERSION,
            "description": "CloudEvents 1.0 in structured JSON, in both directions. Unknown extra fields are ignored.",
        },
        "defaultContentType": "application/cloudevents+json",
        "channels": _channels(),
        "operations": _operations(),
        "components": {"messages": {_name(type_): _message(type_, schema) for type_, schema in schemas().items()}},
    }


def _channels() -> Json:
    queues = {name: _channel(QUEUE.format(name=name.title()), kinds) for name, kinds in QUEUES.items()}
    return queues | {"announcements": _channel(BUS, TYPES)}


def _channel(description: str, types: Iterable[str]) -> Json:
    messages = {_name(type_): {"$ref": f"#/components/messages/{_name(type_)}"} for type_ in types}
    return {"address": None, "description": description, "messages": messages}


def _operations() -> Json:
    receiving = {f"record-{name}": _operation("receive", name) for name in QUEUES}
    return receiving | {"announce": _operation("send", "announcements")}


def _operation(action: str, channel: str) -> Json:
    return {"action": action, "channel": {"$ref": f"#/channels/{channel}"}}


def _message(type_: str, schema: Json) -> Json:
    reference = {"$ref": f"./events/{type_}.schema.json"}
    summary, _, details = schema["description"].partition("\n\n")
    return {
        "name": type_,
        "summary": summary,
        "description": details,
        "payload": {"schemaFormat": SCHEMA_FORMAT, "schema": reference},
    }


def _name(type_: str) -> str:
    """The key of a type; AsyncAPI allows no dots in keys that references name."""
    return type_.replace(".", "-")
