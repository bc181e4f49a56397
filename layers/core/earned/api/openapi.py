"""The API's OpenAPI document, which `make contracts` writes beside this module."""

from functools import cache
from pathlib import Path

from aws_lambda_powertools.event_handler import Response

from earned.api.routes import Routes

routes = Routes()
DOCUMENT = Path(__file__).with_name("openapi.json")
_RESPONSES = {
    200: {"description": "The OpenAPI 3.1 document", "content": {"application/json": {"schema": {"type": "object"}}}}
}


@routes.endpoint("GET", "/v1/openapi.json", responses=_RESPONSES)
def get_openapi_document() -> Response[str]:
    """This OpenAPI 3.1 document."""
    return Response(200, "application/json", _document(), headers={"Cache-Control": "public, max-age=300"})


@cache
def _document() -> str:
    return DOCUMENT.read_text(encoding="utf-8")
