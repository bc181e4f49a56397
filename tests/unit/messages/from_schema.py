"""Instances of a JSON Schema, for the keywords that the published schemas use."""

import re
from typing import Any

from hypothesis import strategies as st

Schema = dict[str, Any]
Strategy = st.SearchStrategy[Any]
_EXTRA = st.dictionaries(st.text(min_size=9, max_size=12), st.none() | st.integers() | st.text(max_size=5), max_size=1)


def instances(schema: Schema, root: Schema | None = None) -> Strategy:
    """Instances that a schema allows; `root` is the document that its references are about."""
    root = root or schema
    if "$ref" in schema:
        return instances(root["$defs"][schema["$ref"].rpartition("/")[2]], root)
    if "const" in schema:
        return st.just(schema["const"])
    if "enum" in schema:
        return st.sampled_from(schema["enum"])
    if "anyOf" in schema:
        return st.one_of(instances(one, root) for one in schema["anyOf"])
    return _OF_TYPE[schema["type"]](schema, root)


def _objects(schema: Schema, root: Schema) -> Strategy:
    properties = {name: instances(one, root) for name, one in schema.get("properties", {}).items()}
    required = {name: properties[name] for name in schema.get("required", ())}
    optional = {name: one for name, one in properties.items() if name not in required}
    known = st.fixed_dictionaries(required, optional=optional)
    return st.builds(lambda extra, found: extra | found, _EXTRA, known)


def _arrays(schema: Schema, root: Schema) -> Strategy:
    if "prefixItems" in schema:
        return st.tuples(*(instances(one, root) for one in schema["prefixItems"])).map(list)
    return st.lists(instances(schema["items"], root), min_size=schema.get("minItems", 0), max_size=4)


def _strings(schema: Schema, _: Schema) -> Strategy:
    shortest, longest = schema.get("minLength", 0), schema.get("maxLength")
    if "pattern" not in schema:
        return st.text(min_size=shortest, max_size=longest)
    pattern = re.compile(schema["pattern"])
    # In ECMAScript, whose dialect a pattern of JSON Schema is, `$` matches at the very end only.
    texts = st.from_regex(pattern).filter(lambda text: not (schema["pattern"].endswith("$") and text.endswith("\n")))
    return texts.filter(lambda text: shortest <= len(text) <= (longest or len(text)))


def _numbers(schema: Schema, _: Schema) -> Strategy:
    low, high = schema.get("minimum", schema.get("exclusiveMinimum")), schema.get("maximum")
    floats = st.floats(low, high, exclude_min="exclusiveMinimum" in schema, allow_nan=False, allow_infinity=False)
    return floats | floats.map(round).filter(lambda number: low is None or low < number)


def _integers(schema: Schema, _: Schema) -> Strategy:
    whole = st.integers(schema.get("minimum"), schema.get("maximum"))
    return whole | whole.map(float).filter(lambda number: number <= schema["maximum"])


_OF_TYPE = {
    "object": _objects,
    "array": _arrays,
    "string": _strings,
    "number": _numbers,
    "integer": _integers,
    "boolean": lambda _schema, _root: st.booleans(),
    "null": lambda _schema, _root: st.none(),
}
