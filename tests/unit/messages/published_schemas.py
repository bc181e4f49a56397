"""The published JSON Schemas of the events, by type."""

import json

from jsonschema import Draft202012Validator

from tools.contracts import EVENTS, ROOT

SCHEMAS = {path.name.removesuffix(".schema.json"): json.loads(path.read_text()) for path in (ROOT / EVENTS).iterdir()}
VALIDATORS = {
    type_: Draft202012Validator(schema, format_checker=Draft202012Validator.FORMAT_CHECKER)
    for type_, schema in SCHEMAS.items()
}
