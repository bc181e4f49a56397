"""Every client of AWS that a function creates: what it waits for at most, and the address that it names."""

import ast
import hashlib
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import boto3
import pytest
from botocore.config import Config
from botocore.exceptions import ReadTimeoutError

from earned.aws import clients
from earned.aws.s3 import Archives, Documents
from earned.testing.cloudformation import Function, Invented, environment, functions, parameters

ROOT = Path(__file__).resolve().parents[2]
FUNCTIONS = {one.name: one for one in functions().values()}
SPARE_SECONDS = 5  # of a function, for its own work around one call that nothing answers
USED = {
    "record_directory": {"dynamodb", "sqs", "events"},
    "record_progress": {"dynamodb", "sqs", "events"},
    "record_attendance": {"dynamodb", "sqs", "events"},
    "fan_out_changes": {"dynamodb", "sqs"},
    "evaluate_enrollments": {"dynamodb", "sqs"},
    "generate_certificate": {"dynamodb", "s3", "secretsmanager", "sqs", "events"},
    "export_certificates": {"dynamodb", "s3", "sqs"},
    "sweep": {"dynamodb", "s3", "sqs", "events"},
    "serve_api": {"dynamodb", "s3", "secretsmanager", "sqs"},
}
LOOK = """
import gc, importlib, json, os, sys
from botocore.client import BaseClient
from earned.aws.secrets_manager import Secret
from pynamodb.models import Model

def kinds(base):
    for kind in base.__subclasses__():
        yield kind
        yield from kinds(kind)

def limits(client):
    config = client.meta.config
    retries = {name: (config.retries or {}).get(name) for name in ("mode", "total_max_attempts")}
    name = client.meta.service_model.service_name
    agent = config.user_agent.split()[0]
    return [name, config.connect_timeout, config.read_timeout, retries, config.tcp_keepalive, agent]

seen, found = [], {}
for function, variables in json.load(sys.stdin).items():
    os.environ.update(variables)
    importlib.import_module(f"functions.{function}.app")
    tables = [kind for kind in kinds(Model) if getattr(kind.Meta, "table_name", "")]
    gc.unfreeze()  # a start exempts its objects
    unread = [one for one in gc.get_objects() if isinstance(one, Secret) and not any(one is other for other in seen)]
    clients = [one.client() for one in unread]
    connected = [table._get_connection().connection.client for table in tables]
    new = [one for one in gc.get_objects() if isinstance(one, BaseClient) and not any(one is other for other in seen)]
    found[function] = [limits(client) for client in [*new, *connected]]
    seen += [*unread, *new]
print(json.dumps(found))
"""


def variables(function: Function) -> dict[str, str]:
    return environment(function.variables, Invented(parameters()))


@pytest.fixture(scope="module")
def created() -> dict[str, list[list[Any]]]:
    """The clients of each function after its import, in a process of its own: service, limits and keep-alive."""
    keys = {"AWS_ACCESS_KEY_ID": "testing", "AWS_SECRET_ACCESS_KEY": "testing", "AWS_DEFAULT_REGION": "eu-west-1"}
    run = subprocess.run(
        [sys.executable, "-c", LOOK],
        cwd=ROOT,
        env={"PATH": os.environ["PATH"], "LD_LIBRARY_PATH": os.environ.get("LD_LIBRARY_PATH", "")}
        | {"PYTHONPATH": f"layers/core{os.pathsep}."}
        | keys,
        input=json.dumps({name: variables(one) for name, one in FUNCTIONS.items()}),
        capture_output=True,
        text=True,
        check=True,
    )
    found: dict[str, list[list[Any]]] = json.loads(run.stdout.splitlines()[-1])
    return found


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_client_of_a_function_gives_up_in_time_keeps_its_connections_and_has_a_short_name(
    created: dict[str, list[list[Any]]], function: str
) -> None:
    assert {service for service, *_ in created[function]} == USED[function]
    for service, *limits in created[function]:
        assert limits == [2, 5, {"mode": "standard", "total_max_attempts": 3}, True, "earned"], service


@pytest.mark.parametrize("function", FUNCTIONS)
def test_a_function_outlives_a_call_that_nothing_answers(function: str) -> None:
    assert FUNCTIONS[function].timeout >= clients.LONGEST_CALL_SECONDS + SPARE_SECONDS


def test_only_one_module_creates_clients() -> None:
    sources = [*(ROOT / "functions").rglob("*.py"), *(ROOT / "layers/core/earned").rglob("*.py")]
    importing = {path.relative_to(ROOT).as_posix() for path in sources if makes_clients(path)}
    assert importing == {"layers/core/earned/aws/clients.py"}


def makes_clients(path: Path) -> bool:
    """Whether it imports boto3, or botocore's sessions."""
    nodes = list(ast.walk(ast.parse(path.read_text())))
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module or "" for node in nodes if isinstance(node, ast.ImportFrom)}
    return any(name.partition(".")[0] == "boto3" or name == "botocore.session" for name in names)


@contextmanager
def silent_service() -> Iterator[tuple[str, list[socket.socket]]]:
    """A service that accepts connections and answers none: its address, and the connections so far."""
    accepted: list[socket.socket] = []
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield f"http://127.0.0.1:{server.getsockname()[1]}", accepted
        while True:
            try:
                accepted.append(server.accept()[0])
            except BlockingIOError:
                break
    for one in accepted:
        one.close()


def test_a_call_that_nothing_answers_is_tried_three_times_within_the_stated_time(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    waited: list[float] = []
    monkeypatch.setattr(time, "sleep", waited.append)
    with silent_service() as (address, connections):
        quick = clients.CONFIG.merge(Config(read_timeout=0.05))
        session = boto3.Session(aws_access_key_id="testing", aws_secret_access_key="testing", region_name="eu-west-1")
        client = session.client("sqs", config=quick, endpoint_url=address)
        with pytest.raises(ReadTimeoutError):
            client.send_message(QueueUrl=f"{address}/queue", MessageBody="{}")
    assert len(connections) == clients.ATTEMPTS == len(waited) + 1
    assert sum(waited) <= clients.BACKOFF_SECONDS


@pytest.fixture
def in_region(monkeypatch: pytest.MonkeyPatch, request: pytest.FixtureRequest) -> str:
    """The environment of a function in a region; an emulator's address would hide S3's own."""
    region: str = request.param
    for name in [name for name in os.environ if name.startswith("AWS_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "testing")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
    monkeypatch.setattr(boto3, "DEFAULT_SESSION", None)
    monkeypatch.setenv("AWS_DEFAULT_REGION", region)
    return region


REGIONS = [
    "us-east-1", "us-east-2", "us-west-2", "eu-west-1", "eu-central-1", "eu-south-2", "ap-east-1", "ap-southeast-2",
    "il-central-1", "mx-central-1", "us-gov-west-1", "cn-north-1",
]  # fmt: skip


@pytest.mark.parametrize("in_region", REGIONS, indirect=True)
def test_a_link_is_to_the_byte_that_of_the_sdk(in_region: str) -> None:
    """Of the second in which it is signed."""
    s3 = clients.s3()
    documents, of_this_bucket = Documents(s3, "papers"), hashlib.sha256(b"papers").hexdigest()[:8]

    def of_the_sdk(**parameters: str) -> str:
        given = {"Bucket": "papers"} | parameters
        return s3.generate_presigned_url("get_object", Params=given, ExpiresIn=60)

    certificate, version = "certificates/cert/1.pdf", "v/+= 1"
    before = {
        of_the_sdk(Key=certificate),
        of_the_sdk(Key=certificate, VersionId=version),
        of_the_sdk(Key="exports/e.zip"),
    }
    links = {
        documents.link("cert", 1, None),
        documents.link("cert", 1, f"{of_this_bucket}.{version}"),
        Archives(s3, "papers").link("e"),
    }
    after = {
        of_the_sdk(Key=certificate),
        of_the_sdk(Key=certificate, VersionId=version),
        of_the_sdk(Key="exports/e.zip"),
    }
    assert len(links) == 3
    assert links <= before | after


@pytest.mark.parametrize("in_region", REGIONS, indirect=True)
def test_a_link_names_the_bucket_in_its_region_and_is_signed_for_it(in_region: str) -> None:
    suffix = "amazonaws.com.cn" if in_region.startswith("cn-") else "amazonaws.com"
    s3 = clients.s3()
    for link in (Documents(s3, "papers").link("cert", 1, None), Archives(s3, "papers").link("export")):
        parts = urlsplit(link)
        query = parse_qs(parts.query)
        assert (parts.scheme, parts.netloc) == ("https", f"papers.s3.{in_region}.{suffix}")
        assert query["X-Amz-Algorithm"] == ["AWS4-HMAC-SHA256"]
        assert query["X-Amz-Credential"][0].split("/")[2:] == [in_region, "s3", "aws4_request"]
        assert query["X-Amz-Expires"] == ["60"]
