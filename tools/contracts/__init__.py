"""Generated from the service's models: event schemas, AsyncAPI and OpenAPI in docs/, and the quads of credentials."""

from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
VERSION = "1.0.0"
EVENTS = Path("docs/events")
ASYNCAPI = Path("docs/asyncapi.yaml")
OPENAPI = Path("docs/openapi.json")
SERVED_OPENAPI = Path("layers/core/earned/api/openapi.json")
QUADS = Path("layers/core/earned/document/quads")
