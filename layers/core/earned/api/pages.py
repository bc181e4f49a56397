"""The console and the elements it is made of: the files of the folder `console`.

A file's address contains a digest of all files, so that browsers keep it and never mix two versions.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from hashlib import sha256
from html import escape
from pathlib import Path
from string import Template
from types import MappingProxyType
from urllib.parse import quote, urlsplit

from aws_lambda_powertools.event_handler import Response

from earned.api.brand import brand
from earned.api.problems import NotFound
from earned.api.routes import Dependencies, Routes, SignIn

routes = Routes()
FOLDER = Path(__file__).with_name("console")
ENTRY = "earned.js"
TYPES = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
}
# What every role's page imports; a browser fetches these at once instead of one after the other.
PRELOADED = ("api", "dates", "dom", "element", "messages", "parts", "sign-in", "theme", "transfers")
FOREVER, BRIEFLY, CHECKED = "public, max-age=31536000, immutable", "public, max-age=300", "no-cache"

_PAGE_RESPONSES = {200: {"description": "The console", "content": {"text/html": {"schema": {"type": "string"}}}}}
_FILE_RESPONSES = {
    200: {"description": "The module", "content": {"text/javascript": {"schema": {"type": "string"}}}},
    304: {"description": "The module is the one that `If-None-Match` names"},
}


@dataclass(frozen=True)
class File:
    media_type: str
    content: str
    etag: str


@routes.endpoint("GET", "/console", responses=_PAGE_RESPONSES, ignores_query=True)
def get_console() -> Response[str]:
    """The console, an HTML page. The issuer returns to it with query parameters of its own."""
    headers = {"Content-Security-Policy": content_security_policy(routes.dependencies.sign_in)}
    return _answer(_page(_texts_of(routes.dependencies)), CHECKED, headers)


@routes.endpoint("GET", f"/console/{ENTRY}", responses=_FILE_RESPONSES)
def get_elements() -> Response[str]:
    """The elements for a portal's own pages: a module that imports those of the current version."""
    return _answer(entry(), BRIEFLY)


@routes.endpoint("GET", "/console/<version>/<name>", include_in_schema=False)
def get_console_file(version: str, name: str) -> Response[str]:
    """A file of the console; only the address with the current version may be kept.

    Another version gets the current file: an open page outlives a deployment.
    """
    file = files().get(name)
    if file is None:
        raise NotFound
    return _answer(file, FOREVER if version == current_version() else CHECKED)


def entry() -> File:
    return _file(".js", f'export * from "./{current_version()}/{ENTRY}";\n')


def html(text: str) -> File:
    return _file(".html", text)


def content_security_policy(sign_in: SignIn) -> str:
    """Scripts and styles of this origin only; requests to this origin and the issuer."""
    addresses = [sign_in.issuer, *sign_in.sign_in_origins.split(",")]
    origins = sorted({f"{url.scheme}://{url.netloc}" for url in map(urlsplit, addresses) if url.netloc})
    connections = " ".join(["'self'", *origins])
    return (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; "
        f"connect-src {connections}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )


@cache
def files() -> Mapping[str, File]:
    """The files by name; the style sheet has the colours and the mark of the default design."""
    read = {path.name: path.read_text(encoding="utf-8") for path in FOLDER.iterdir() if path.suffix in {".css", ".js"}}
    mark = f"data:image/svg+xml,{quote(brand().drawing)}"
    read["console.css"] = Template(read["console.css"]).substitute(brand().colours, mark=mark)
    return MappingProxyType({name: _file(Path(name).suffix, text) for name, text in sorted(read.items())})


@cache
def current_version() -> str:
    return _digest("\0".join(f"{name}\0{file.content}" for name, file in files().items()))[:16]


def _texts_of(dependencies: Dependencies) -> Mapping[str, str]:
    sign_in = dependencies.sign_in
    return {
        "brand": brand().issuer("en"),
        "issuer": sign_in.issuer,
        "client_id": sign_in.console_client_id or sign_in.audience,
        "audience": sign_in.audience,
        "scope": sign_in.console_scope,
        "role_claim": dependencies.role_claim,
        "company_claim": dependencies.company_claim,
        "version": current_version(),
    }


def _page(texts: Mapping[str, str]) -> File:
    preloads = "\n".join(
        f'<link rel="modulepreload" href="../console/{current_version()}/{name}.js">' for name in PRELOADED
    )
    template = Template((FOLDER / "index.html").read_text(encoding="utf-8"))
    escaped = {name: escape(text) for name, text in texts.items()}
    return html(template.substitute(escaped, preloads=preloads))


def _file(suffix: str, content: str) -> File:
    return File(TYPES[suffix], content, f'W/"{_digest(content)}"')  # weak: the compressed bytes have the same


def _digest(text: str) -> str:
    return sha256(text.encode()).hexdigest()


def _answer(file: File, caching: str, headers: Mapping[str, str] = MappingProxyType({})) -> Response[str]:
    asked = routes.current_event.headers
    sent = {
        "Access-Control-Allow-Origin": "*",
        "Cache-Control": caching,
        "ETag": file.etag,
        "Referrer-Policy": "no-referrer",
        "Vary": "Accept-Encoding",
        "X-Content-Type-Options": "nosniff",
        **headers,
    }
    if file.etag in asked.get("if-none-match", ""):
        return Response(304, file.media_type, "", headers=sent)
    return Response(200, file.media_type, file.content, headers=sent, compress=True)
