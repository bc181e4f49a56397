"""The whole service in one process: moto behind the real adapters, and `deliver` in place of Lambda's event sources."""

import importlib
import io
import json
import os
import uuid
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from botocore.awsrequest import AWSResponse
from botocore.client import BaseClient
from moto import mock_aws
from moto.dynamodb import dynamodb_backends
from moto.s3 import s3_backends
from moto.sqs import sqs_backends
from urllib3 import HTTPResponse

from earned.aws.dynamodb import enrollments, trainings
from tests.immediate_executor import ImmediateExecutor

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT = "123456789012"
REGION = "eu-west-1"
QUEUES = ("Directory", "Progress", "Attendance", "Evaluation", "Generation", "Export")
FUNCTIONS = {
    "record_directory": "Directory",
    "record_progress": "Progress",
    "record_attendance": "Attendance",
    "evaluate_enrollments": "Evaluation",
    "generate_certificate": "Generation",
    "export_certificates": "Export",
    "sweep": "",
    "serve_api": "",
}
KEY = "arn:aws:kms:eu-central-1:123456789012:key/any"  # moto encrypts nothing
NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


def stand_up(name: str) -> dict[str, str]:
    """Create one of the deployed infrastructure templates, and return its outputs."""
    cloudformation = boto3.client("cloudformation")
    body = (ROOT / "infra" / f"{name}.yaml").read_text()
    key = {"ParameterKey": "KeyArn", "ParameterValue": KEY}
    cloudformation.create_stack(StackName=name, TemplateBody=body, Parameters=[key])
    outputs = cloudformation.describe_stacks(StackName=name)["Stacks"][0]["Outputs"]
    return {output["OutputKey"]: output["OutputValue"] for output in outputs}


@contextmanager
def aws_in_process(region: str = REGION) -> Iterator[None]:
    """AWS as moto plays it, away from any real account."""
    with pytest.MonkeyPatch.context() as patch:
        for name in [name for name in os.environ if name.startswith("AWS_")]:
            patch.delenv(name)
        patch.setenv("AWS_ACCESS_KEY_ID", "testing")
        patch.setenv("AWS_SECRET_ACCESS_KEY", "testing")
        patch.setenv("AWS_DEFAULT_REGION", region)
        with mock_aws():
            yield


@contextmanager
def environment(values: dict[str, str]) -> Iterator[None]:
    """Environment variables for the time of an import."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in values.items():
            patch.setenv(name, value)
        yield


@dataclass
class Service:
    """Queues, tables, bucket, bus and the handlers that stand between them; each of `apps` has a `handler`."""

    outputs: dict[str, str]
    apps: dict[str, Any] = field(default_factory=dict)
    announced: str = ""

    @classmethod
    def start(cls) -> "Service":
        """Stand up the infrastructure and import the functions."""
        service = cls.without_functions()
        for function, queue in FUNCTIONS.items():
            with environment(service.variables(queue)):
                service.apps[function] = importlib.import_module(f"functions.{function}.app")
        service.apps["record_directory"].LOOK_AGAIN_SECONDS = 0
        service.apps["generate_certificate"].background = ImmediateExecutor()
        return service

    @classmethod
    def without_functions(cls) -> "Service":
        """Stand up the infrastructure."""
        service = cls(stand_up("storage") | stand_up("queues"))
        service.listen()
        return service

    def variables(self, queue: str) -> dict[str, str]:
        """The environment of a function, as template.yaml gives it."""
        return {
            "RECORDS_TABLE": self.outputs["RecordsTableName"],
            "SUPPORT_TABLE": self.outputs["SupportTableName"],
            "ACCESS_LOG_TABLE": self.outputs["AccessLogTableName"],
            "ASSETS_BUCKET": self.outputs["AssetsBucketName"],
            "DOCUMENTS_BUCKET": self.outputs["DocumentsBucketName"],
            "EXPORTS_BUCKET": self.outputs["ExportsBucketName"],
            "EVALUATION_QUEUE_URL": self.url("Evaluation"),
            "GENERATION_QUEUE_URL": self.url("Generation"),
            "EXPORT_QUEUE_URL": self.url("Export"),
            "DEAD_LETTER_QUEUE_URL": self.outputs.get(f"{queue}DeadLetterQueueUrl", ""),
            "ORDER_TOLERANCE_SECONDS": "300",
            "BUS_NAME": "announcements",
            "VERIFY_BASE_URL": "https://certificates.example",
            "PAPER_SIZE": "a4",
            "ROLE_CLAIM": "role",
            "COMPANY_CLAIM": "company_id",
            "CLIENT_CLAIM": "client_id",
            "POWERTOOLS_SERVICE_NAME": "earned",
        }

    def url(self, queue: str) -> str:
        """A queue's URL."""
        return self.outputs[f"{queue}QueueUrl"]

    def listen(self) -> None:
        """Make the bus, and a queue that hears everything announced on it."""
        events, sqs = boto3.client("events"), boto3.client("sqs")
        events.create_event_bus(Name="announcements")
        self.announced = sqs.create_queue(QueueName="announced")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self.announced, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.put_rule(Name="all", EventBusName="announcements", EventPattern='{"source": ["earned"]}')
        events.put_targets(Rule="all", EventBusName="announcements", Targets=[{"Id": "queue", "Arn": arn}])

    def empty(self) -> None:
        """Forget all messages (SQS itself allows a purge only once a minute)."""
        for queue in sqs_backends[ACCOUNT][REGION].queues.values():
            queue._messages.clear()
            queue.pending_messages.clear()
            queue.pending_message_groups.clear()

    def forget(self) -> None:
        """Forget everything; moto looks at every record to answer a question, so that many make each test slower."""
        self.empty()
        for table in dynamodb_backends[ACCOUNT][REGION].tables.values():
            table.items.clear()
        for bucket in s3_backends[ACCOUNT]["aws"].buckets.values():
            bucket.keys.clear()
            bucket.multiparts.clear()
        trainings.training_at.cache_clear()

    def sweep(self, **event: Any) -> dict[str, Any]:
        """Run the sweep once, as its schedule does; return what it found."""
        outcome: dict[str, Any] = self.apps["sweep"].handler(event, LambdaContext())
        return outcome

    def waiting(self, queue: str) -> int:
        """How many messages wait in a queue."""
        return len(sqs_backends[ACCOUNT][REGION].queues[self.url(queue).rsplit("/", 1)[1]].messages)

    def post(self, queue: str, *events: dict[str, Any] | str) -> None:
        """Post events, or raw bodies, to a queue."""
        sqs = _sqs()
        for event in events:
            body = event if isinstance(event, str) else json.dumps(event)
            sqs.send_message(QueueUrl=self.url(queue), MessageBody=body)

    def deliver(self, function: str) -> list[dict[str, Any]]:
        """Deliver what waits for a function as Lambda's event source would, once each; return its responses."""
        sqs, responses, context = _sqs(), [], LambdaContext()
        url = self.url(FUNCTIONS[function])
        while batch := receive(url):
            response = self.apps[function].handler({"Records": [record_of(message) for message in batch]}, context)
            again = {failure["itemIdentifier"] for failure in response["batchItemFailures"]}
            for message in batch:
                if message["MessageId"] not in again:
                    sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
            responses.append(response)
        return responses

    def settle(self) -> None:
        """Deliver until every queue is quiet; messages left for a retry stay invisible."""
        while any([self.deliver(function) for function, queue in FUNCTIONS.items() if queue]):  # noqa: C419  # all of them
            pass

    def make_visible(self, queue: str) -> None:
        """Let a queue's visibility timeouts run out at once."""
        for message in sqs_backends[ACCOUNT][REGION].queues[self.url(queue).rsplit("/", 1)[1]]._messages:
            message.change_visibility(0)

    def quarantined(self, queue: str) -> list[tuple[str, str]]:
        """Reason and body of each message in a dead-letter queue; they stay there no longer."""
        sqs, url, found = _sqs(), self.outputs[f"{queue}DeadLetterQueueUrl"], []
        while batch := receive(url):
            for message in batch:
                found.append((message["MessageAttributes"]["reason"]["StringValue"], message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return found

    def announcements(self) -> list[dict[str, Any]]:
        """The CloudEvents announced since the last look."""
        sqs, found = _sqs(), []
        while batch := receive(self.announced):
            for message in batch:
                found.append(json.loads(message["Body"])["detail"])
                sqs.delete_message(QueueUrl=self.announced, ReceiptHandle=message["ReceiptHandle"])
        return found

    def documents(self, prefix: str = "") -> dict[str, bytes]:
        """All objects of the documents bucket whose key begins so, by key."""
        s3, bucket = boto3.client("s3"), self.outputs["DocumentsBucketName"]
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    def get(self, path: str, claims: dict[str, str], **query: str) -> tuple[int, dict[str, Any]]:
        """Ask the API with a token's claims; status and body."""
        answer = self.ask("GET", path, claims, query=query)
        return answer["statusCode"], json.loads(answer["body"])

    def post_to(self, path: str, body: dict[str, Any] | None, claims: dict[str, str] | None = None) -> tuple[int, Any]:
        """Post JSON to the API; status and body."""
        answer = self.ask("POST", path, claims, body=body)
        return answer["statusCode"], json.loads(answer["body"])

    def ask(
        self,
        method: str,
        path: str,
        claims: dict[str, str] | None,
        *,
        query: dict[str, str] | None = None,
        body: dict[str, Any] | None = None,
        headers: dict[str, str] | None = None,
    ) -> dict[str, Any]:
        """What the function answers to a request, with or without a token."""
        event = http_event(method, path, claims, query or {}, body, headers or {})
        answer: dict[str, Any] = self.apps["serve_api"].handler(event, LambdaContext())
        return answer


class LambdaContext:
    """What Powertools reads of a context."""

    function_name = "serve_api"
    memory_limit_in_mb = 512
    invoked_function_arn = "arn:aws:lambda:eu-west-1:123456789012:function:serve_api"
    aws_request_id = "request"

    def get_remaining_time_in_millis(self) -> int:
        """Plenty."""
        return 60_000


def key_of(story: "Story", account: str) -> dict[str, str]:
    """Where the table keeps a person's enrollment, whether it is there or not."""
    who = story.enrollment_of(account)
    pk, sk = enrollments.row_key(who["enrollment_id"], who["account_id"])
    return {"pk": pk, "sk": sk}


def count_requests(patch: pytest.MonkeyPatch) -> Counter[str]:
    """All requests to AWS from now on, by operation."""
    counts: Counter[str] = Counter()
    original: Callable[..., Any] = BaseClient._make_api_call

    def counted(client: Any, operation: str, parameters: dict[str, Any]) -> Any:
        counts[operation] += 1
        return original(client, operation, parameters)

    patch.setattr(BaseClient, "_make_api_call", counted)
    return counts


def cut_short(client: Any, operation: str) -> Callable[[], None]:
    """Let a client's connection break while it reads the answers to an operation, until what is returned is called."""

    def answer(request: Any, **_: Any) -> AWSResponse:
        length = {"content-length": "100"}  # which botocore has urllib3 not look at
        broken = HTTPResponse(io.BytesIO(b'{"'), length, preload_content=False, enforce_content_length=False)
        return AWSResponse(request.url, 200, length, broken)

    events = client.meta.events
    events.register_first(f"before-send.{operation}", answer)
    return lambda: events.unregister(f"before-send.{operation}", answer)


def _sqs() -> Any:
    return _client("sqs", os.environ["AWS_DEFAULT_REGION"])


@cache
def _client(service: str, region: str) -> Any:
    """One client for all: to make one takes longer than moto takes to answer it."""
    return boto3.client(service, region_name=region)


def receive(url: str) -> list[dict[str, Any]]:
    """Up to ten messages with all that Lambda gets of them."""
    answer = _sqs().receive_message(
        QueueUrl=url, MaxNumberOfMessages=10, AttributeNames=["All"], MessageAttributeNames=["All"]
    )
    return answer.get("Messages", [])


def record_of(message: dict[str, Any]) -> dict[str, Any]:
    """A message as Lambda's event source hands it over."""
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"],
        "messageAttributes": {},
        "eventSource": "aws:sqs",
    }


def http_event(
    method: str,
    path: str,
    claims: dict[str, str] | None,
    query: dict[str, str],
    body: dict[str, Any] | None,
    headers: dict[str, str],
) -> dict[str, Any]:
    """A request as API Gateway's HTTP API hands it over (payload format 2.0); the claims are of an access token."""
    context: dict[str, Any] = {
        "http": {"method": method, "path": path, "sourceIp": "192.0.2.1"},
        "stage": "$default",
        "requestId": "request",
    }
    if claims is not None:
        context["authorizer"] = {"jwt": {"claims": {"client_id": "portal"} | claims, "scopes": None}}
    event = {
        "version": "2.0",
        "routeKey": "ANY /v1/{proxy+}",
        "rawPath": path,
        "rawQueryString": "&".join(f"{name}={value}" for name, value in query.items()),
        "headers": {"accept": "application/json", "content-type": "application/json"} | headers,
        "queryStringParameters": query,
        "requestContext": context,
        "isBase64Encoded": False,
    }
    return event if body is None else event | {"body": json.dumps(body)}


def cloud_event(kind: str, data: dict[str, Any], time: datetime = NOON, **envelope: str) -> dict[str, Any]:
    """An event as the portal posts it."""
    return {
        "specversion": "1.0",
        "id": uuid.uuid4().hex,
        "source": "portal",
        "type": f"portal.{kind}.v1",
        "time": time.isoformat(),
        "datacontenttype": "application/json",
        "data": data,
    } | envelope


def pages(pdf: bytes) -> list[str]:
    """The text of each page of a document."""
    from pypdf import PdfReader  # noqa: PLC0415  # slow to import, and few tests want it

    return [page.extract_text() for page in PdfReader(io.BytesIO(pdf)).pages]


class Story:
    """A small world with ids of its own: companies, people, a course of three steps and a live event."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self.tag = uuid.uuid4().hex[:8]
        self.course, self.live_event = self.id("course"), self.id("event")
        self.company = self.id("co")

    def id(self, name: str) -> str:
        """An id that no other story uses."""
        return f"{name}-{self.tag}"

    def save_company(self, name: str = "Sample Lanterns", company: str | None = None) -> None:
        self._directory("company.saved", {"company_id": company or self.company, "name": name})

    def save_account(self, account: str, kind: str = "employee", name: str = "Ada Sample", **more: Any) -> None:
        self._directory("account.saved", self.account(account, kind, name) | more)

    def account(self, account: str, kind: str = "employee", name: str = "Ada Sample") -> dict[str, Any]:
        company = {} if kind == "individual" else {"company_id": self.company}
        return {"account_id": self.id(account), "kind": kind, "name": name, "email": "ada@example.com"} | company

    def publish(self, version: int = 1, steps: list[dict[str, Any]] | None = None, **more: Any) -> None:
        data = {"course_id": self.course, "version": version, "title": "Leading Well", "steps": steps or STEPS}
        self._directory("course.published", data | more)

    def schedule(self, ends_at: datetime = NOON - timedelta(days=1), **more: Any) -> None:
        times = {"starts_at": (ends_at - timedelta(hours=2)).isoformat(), "ends_at": ends_at.isoformat()}
        data = {"live_event_id": self.live_event, "title": "Open Day", "timezone": "Europe/Berlin"} | times
        self._directory("live-event.scheduled", data | more)

    def enroll(self, account: str, training: str | None = None, **more: Any) -> None:
        self._directory(
            "enrollment.created", self.enrollment_of(account) | {"training_id": training or self.course} | more
        )

    def enrollment_of(self, account: str) -> dict[str, str]:
        return {"enrollment_id": self.id(f"enr-{account}"), "account_id": self.id(account)}

    def do(self, account: str, *steps: str, since: datetime = NOON) -> list[dict[str, Any]]:
        """The events of a person doing steps, a minute apart."""
        return [
            cloud_event(kind, self.enrollment_of(account) | {"step_id": step} | data, since + timedelta(minutes=number))
            for number, (step, kind, data) in enumerate((step, *DOING[step]) for step in steps)
        ]

    def mark(
        self, account: str, status: str = "present", at: datetime = NOON, role: str = "administrator"
    ) -> dict[str, Any]:
        marked_by = {"account_id": "adm-1", "role": role}
        data = self.enrollment_of(account) | {
            "live_event_id": self.live_event,
            "status": status,
            "marked_by": marked_by,
        }
        return cloud_event("attendance.marked", data, at)

    def directory(self) -> None:
        """Company, course and live event."""
        self.save_company()
        self.publish()
        self.schedule()

    def claims(self, account: str, role: str = "employee", company: str | None = None) -> dict[str, str]:
        claims = {"sub": self.id(account), "role": role}
        return claims if role == "individual" else claims | {"company_id": company or self.company}

    def own_documents(self) -> dict[str, bytes]:
        """The documents of this story's people, by key."""
        found: dict[str, bytes] = {}
        for certificate in self.certificates():
            found |= self.service.documents(f"certificates/{certificate['certificate_id']}/")
        return found

    def certificates(self, company: str | None = None, **query: str) -> list[dict[str, Any]]:
        """The certificates that the company's admin sees."""
        company = company or self.company
        claims = self.claims("admin", "company-admin", company)
        _, page = self.service.get(f"/v1/companies/{company}/certificates", claims, **query)
        items: list[dict[str, Any]] = page["items"]
        return items

    def enrollment(self, account: str, claims: dict[str, str] | None = None) -> dict[str, Any]:
        """An enrollment as its company's admin sees it."""
        path = f"/v1/enrollments/{self.enrollment_of(account)['enrollment_id']}"
        status, body = self.service.get(path, claims or self.claims("admin", "company-admin"))
        assert status == 200, body
        return body

    def reasons(self, account: str) -> list[str]:
        """Why there is no certificate."""
        return [item["reason"] for item in self.enrollment(account)["outstanding"]]

    def _directory(self, kind: str, data: dict[str, Any], at: datetime = NOON - timedelta(days=30)) -> None:
        self.service.post("Directory", cloud_event(kind, data, at))


STEPS: list[dict[str, Any]] = [
    {"step_id": "read", "kind": "reading", "title": "Before you start"},
    {"step_id": "watch", "kind": "video", "title": "Listening", "duration": 60},
    {"step_id": "quiz", "kind": "quiz", "title": "What you heard", "passing_score": 80, "attempts": 2},
]
DOING: dict[str, tuple[str, dict[str, Any]]] = {
    "read": ("lesson.completed", {}),
    "watch": ("video.watched", {"played": [[0, 60]]}),
    "quiz": ("quiz.graded", {"score": 90}),
}
