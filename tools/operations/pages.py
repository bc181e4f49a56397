"""Copy the pages of a stack into the bucket of the edge in front of it (infra/edge.yaml)."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated

import boto3
import httpx
import typer
from rich.progress import track

from earned.api import pages
from tools.operations.stacks import DeployedStack, NoStack, outputs_of
from tools.operations.terminal import console, out

if TYPE_CHECKING:
    from mypy_boto3_s3 import S3Client

EDGE_REGION = "us-east-1"
commands = typer.Typer()


class NotTheSame(Exception):
    """The stack serves other pages than the checkout or the edge has; the message says what to do."""


@dataclass(frozen=True)
class Object:
    key: str
    file: pages.File
    caching: str


@commands.command("pages")
def copy_pages(
    stack: Annotated[str, typer.Option(help="a stack on AWS, such as earned-prod")],
    edge: Annotated[str, typer.Option(help="the stack of infra/edge.yaml")],
) -> None:
    """Copy the pages of a stack into the bucket of its edge. Nothing is deleted: open pages find their files."""
    api = DeployedStack.on_aws(stack).outputs["ApiUrl"]
    outputs = outputs_of(boto3.client("cloudformation", region_name=EDGE_REGION), edge)
    if "PagesBucketName" not in outputs:
        raise NoStack(f"The stack {edge!r} has no bucket for pages: deploy it with PagesIssuerOrigins.")
    page = httpx.get(f"{api}/console/", timeout=10).raise_for_status()
    objects = list(objects_of(page.text, page.headers["Content-Security-Policy"], outputs["PagesIssuerOrigins"]))
    s3 = boto3.client("s3", region_name=EDGE_REGION)
    for one in track(objects, "Copying", console=console, transient=True):
        put(s3, outputs["PagesBucketName"], one)
    out.print(f"{len(objects)} files of version {pages.current_version()} are in {outputs['PagesBucketName']}.")


def objects_of(page: str, policy: str, issuer_origins: str) -> Iterator[Object]:
    """The page comes last: it names the others. Raises `NotTheSame`.

    `page` and `policy` are the stack's page and its Content-Security-Policy; the edge allows `issuer_origins`.
    """
    version = pages.current_version()
    if set(re.findall("console/([0-9a-f]{16})/", page)) != {version}:
        raise NotTheSame(f"The stack does not serve this checkout's pages ({version}): check out what is deployed.")
    [allowed] = re.findall("connect-src 'self' ?([^;]*);", policy)
    if allowed != issuer_origins:
        raise NotTheSame(f"The console signs in elsewhere: deploy the edge with PagesIssuerOrigins='{allowed}'.")
    for name, file in pages.files().items():
        yield Object(f"console/{version}/{name}", file, pages.FOREVER)
    yield Object(f"console/{pages.ENTRY}", pages.entry(), pages.BRIEFLY)
    for key in ("console", "console/"):
        yield Object(key, pages.html(page), pages.CHECKED)


def put(s3: "S3Client", bucket: str, one: Object) -> None:
    s3.put_object(
        Bucket=bucket,
        Key=one.key,
        Body=one.file.content.encode(),
        ContentType=one.file.media_type,
        CacheControl=one.caching,
    )
