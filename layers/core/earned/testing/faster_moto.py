"""What moto works out anew for every request, and here once (decision 43)."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from functools import cache
from unittest.mock import patch

import responses
from moto.core import models, utils
from moto.core import responses as core_responses
from moto.core.model import Shape
from moto.core.serialize import AttributeAliasProvider, AttributePickerContext, XFormedAttributePicker
from moto.sqs import models as sqs_models

_possible_keys = XFormedAttributePicker.get_possible_keys


def _keys_to_try(picker: XFormedAttributePicker, context: AttributePickerContext) -> Iterator[str]:
    if type(context.obj) is not dict:  # of another object, its class and its `Meta` decide too
        return _possible_keys(picker, context)
    return iter(_keys_of_dict(context.key, context.shape, *picker.alias_providers))


@cache
def _keys_of_dict(key: str, shape: Shape, *aliases: type[AttributeAliasProvider]) -> list[str]:
    return list(_possible_keys(XFormedAttributePicker(list(aliases)), AttributePickerContext({}, key, shape)))


_KEPT = [
    (models, "CallbackResponse", cache(responses.CallbackResponse)),  # 1,300 at each start, for other clients
    (core_responses, "method_names_from_class", cache(utils.method_names_from_class)),
    (sqs_models, "camelcase_to_underscores", cache(utils.camelcase_to_underscores)),
    (XFormedAttributePicker, "get_possible_keys", _keys_to_try),
]


@contextmanager
def faster_moto() -> Iterator[None]:
    with ExitStack() as patches:
        for owner, name, kept in _KEPT:
            patches.enter_context(patch.object(owner, name, kept))
        yield
