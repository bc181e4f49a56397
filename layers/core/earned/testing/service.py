"""The whole service in one process: moto behind the real adapters, and `deliver` in place of Lambda's event sources."""

import gc
import importlib.util
import json
import os
import sys
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass, field
from datetime import datetime
from functools import cache
from types import MappingProxyType
from typing import Any
from unittest.mock import patch

from moto import mock_aws
from moto.dynamodb.models import dynamodb_backends
from moto.s3.models import s3_backends
from moto.sqs.models import sqs_backends

from earned.aws.clients import session
from earned.aws.s3 import KEYS
from earned.testing import cloudformation, queues, stacks
from earned.testing.faster_moto import faster_moto
from earned.testing.handlers import Handler, Options, compose
from earned.testing.lambda_events import LambdaContext, http_event
from earned.testing.placeholders import available_designs

ACCOUNT = "123456789012"
REGION = "eu-west-1"
DEPLOYED = {one.name: one for one in cloudformation.functions().values()}
# By function, the queue that feeds it.
FUNCTIONS = {name: one.source.queue.removesuffix("Queue") if one.source else "" for name, one in DEPLOYED.items()}
QUEUES = tuple(queue for queue in FUNCTIONS.values() if queue)
STACKS = "Storage", "Queues"
SECRETS = "CertificateKey", "StatusKey"

StandUp = Callable[[str, stacks.Client], dict[str, str]]

_region = ContextVar("region", default=REGION)  # a test may set AWS_DEFAULT_REGION for code of its own


def import_app(function: str) -> Any:
    """The module of a function, from the checkout or from what the wheel has of it."""
    name = f"functions.{function}.app"
    if name not in sys.modules:
        spec = importlib.util.spec_from_file_location(name, cloudformation.ROOT / "functions" / function / "app.py")
        if spec is None or spec.loader is None:
            raise ImportError(f"{name}: not found in {cloudformation.ROOT}")
        sys.modules[name] = importlib.util.module_from_spec(spec)
        gc.disable()  # each function switches collections on again, as on Lambda
        spec.loader.exec_module(sys.modules[name])
        gc.unfreeze()  # at the end of a process, files that frozen objects keep open are not flushed
    return sys.modules[name]


@contextmanager
def aws_in_process(region: str = REGION, *, anew: bool = True) -> Iterator[None]:
    """moto in place of AWS, empty or as it was left; no variable of a real account is visible."""
    credentials = {
        "AWS_ACCESS_KEY_ID": "testing",
        "AWS_SECRET_ACCESS_KEY": "testing",
        "AWS_DEFAULT_REGION": region,
    }
    elsewhere = {name: value for name, value in os.environ.items() if not name.startswith("AWS_")}
    mock, before = mock_aws(), _region.set(region)
    with patch.dict(os.environ, elsewhere | credentials, clear=True), faster_moto():
        mock.start(reset=anew)
        try:
            yield
        finally:
            mock.stop(remove_data=False)
            _region.reset(before)


@dataclass
class Service:
    """Queues, tables, buckets, bus and the handlers between them.

    `apps` are the functions' modules; `handlers` are composed over their settings and clients.
    `parameters` are those of the template that differ from their defaults. With a `clock`, the queues have its time.
    """

    outputs: dict[str, str]
    parameters: Mapping[str, str] = field(default_factory=dict)
    apps: dict[str, Any] = field(default_factory=dict)
    handlers: dict[str, Handler] = field(default_factory=dict)
    announced: str = ""
    clock: Callable[[], datetime] | None = None

    @classmethod
    def start(
        cls, parameters: Mapping[str, str] = MappingProxyType({}), stand_up: StandUp = stacks.stand_up
    ) -> "Service":
        """Stand up the infrastructure and import the functions, which is possible once in a process."""
        service = cls.without_functions(stand_up)
        service.parameters = parameters
        available_designs()
        for function in FUNCTIONS:
            with patch.dict(os.environ, service.variables(function)):
                service.apps[function] = import_app(function)
        service.apps["generate_certificate"].keys.current()
        service.start_anew()
        return service

    def start_anew(self) -> None:
        self.handlers = {function: self.handler(function) for function in FUNCTIONS}

    def use(self, function: str, **options: Any) -> None:
        """Replace one function's sandbox by a new one with these options, until `start_anew`."""
        self.handlers[function] = self.handler(function, **options)

    def handler(self, function: str, **options: Any) -> Handler:
        """A new sandbox of one function; `options` are those of `Options`."""
        return compose(function, self.apps[function], Options(**{"recheck_delay_seconds": 0} | options))

    @classmethod
    def without_functions(cls, stand_up: StandUp = stacks.stand_up) -> "Service":
        service = cls({name: value for stack in STACKS for name, value in stand_up(stack.lower(), client).items()})
        service.make_secrets()
        service.listen()
        return service

    def values(self) -> dict[str, str]:
        outputs = {
            f"{stack}.Outputs.{name}": value for stack in (*STACKS, "Signing") for name, value in self.outputs.items()
        }
        return {
            **cloudformation.parameters(),
            **self.parameters,
            **outputs,
            "AWS::StackName": "earned",
            "Bus": "announcements",
        }

    def variables(self, function: str) -> dict[str, str]:
        return cloudformation.environment_here(DEPLOYED[function].variables, self.values())

    def url(self, queue: str) -> str:
        return self.outputs[f"{queue}QueueUrl"]

    def make_secrets(self) -> None:
        secrets = client("secretsmanager")
        for name in SECRETS:
            text = secrets.get_random_password(PasswordLength=64, ExcludePunctuation=True)["RandomPassword"]
            self.outputs[f"{name}Arn"] = secrets.create_secret(Name=name, SecretString=text)["ARN"]

    def listen(self) -> None:
        events, sqs = client("events"), client("sqs")
        events.create_event_bus(Name="announcements")
        self.announced = sqs.create_queue(QueueName="announced")["QueueUrl"]
        arn = sqs.get_queue_attributes(QueueUrl=self.announced, AttributeNames=["QueueArn"])["Attributes"]["QueueArn"]
        events.put_rule(Name="all", EventBusName="announcements", EventPattern='{"source": ["earned"]}')
        only_detail = {"InputPathsMap": {"detail": "$.detail"}, "InputTemplate": '{"detail": <detail>}'}
        target = {"Id": "queue", "Arn": arn, "InputTransformer": only_detail}
        events.put_targets(Rule="all", EventBusName="announcements", Targets=[target])

    def empty(self) -> None:
        """Forget all messages of the service (SQS itself allows a purge only once a minute)."""
        for queue in self._own(sqs_backends[ACCOUNT][_region.get()].queues):
            queue._messages.clear()
            queue.pending_messages.clear()
            queue.pending_message_groups.clear()

    def forget(self) -> None:
        """Forget all that the service has but the issuer's keys, which sandboxes have cached.

        moto looks at every record to answer a question, so that many make each test slower.
        """
        self.empty()
        for table in self._own(dynamodb_backends[ACCOUNT][_region.get()].tables):
            table.items.clear()
        for bucket in self._own(s3_backends[ACCOUNT]["aws"].buckets):
            for key in [key for key in bucket.keys if not key.startswith(KEYS)]:
                dict.pop(bucket.keys, key)  # moto's own pop fails on a delete marker
            bucket.multiparts.clear()
        self.start_anew()

    def is_there(self) -> bool:
        """Whether moto still has it, or was reset since."""
        return bool(self._own(sqs_backends[ACCOUNT][_region.get()].queues))

    def _own(self, by_name: Mapping[str, Any]) -> list[Any]:
        """Those of the service's stacks; a portal's tests may have their own beside them."""
        names = {output.rpartition("/")[2] for output in (*self.outputs.values(), self.announced)}
        return [one for name, one in by_name.items() if name in names]

    def sweep(self, handler: Handler | None = None, **event: Any) -> dict[str, Any]:
        outcome: dict[str, Any] = (handler or self.handlers["sweep"])(event, LambdaContext())
        return outcome

    def waiting(self, queue: str) -> int:
        return queues.number_visible(self.url(queue))

    def post(self, queue: str, *events: dict[str, Any] | str) -> None:
        sqs = client("sqs")
        for event in events:
            body = event if isinstance(event, str) else json.dumps(event)
            sqs.send_message(QueueUrl=self.url(queue), MessageBody=body)

    def deliver(
        self, function: str, handler: Handler | None = None, context: "LambdaContext | None" = None
    ) -> list[dict[str, Any]]:
        """Deliver what waits for a function as Lambda's event source would, once each; return its responses."""
        responses: list[dict[str, Any]] = []
        queue = FUNCTIONS[function]
        url = self.url(queue)
        while batch := queues.receive(url):
            response = (handler or self.handlers[function])(
                {"Records": [record_of(message, self.clock) for message in batch]}, context or LambdaContext()
            )
            again = {failure["itemIdentifier"] for failure in response["batchItemFailures"]}
            queues.delete(url, [message for message in batch if message["MessageId"] not in again])
            responses.append(response)
        return responses

    def settle(self) -> None:
        """Deliver until every queue is quiet; messages left for a retry stay invisible."""
        while any([self.deliver(function) for function, queue in FUNCTIONS.items() if queue]):  # noqa: C419  # all of them
            pass

    def make_visible(self, queue: str) -> None:
        queues.make_visible(self.url(queue))

    def quarantined(self, queue: str) -> list[tuple[str, str]]:
        """Reason and body of each message in a dead-letter queue; they stay there no longer."""
        dead = self.dead_letters(queue)
        return [(message["MessageAttributes"]["reason"]["StringValue"], message["Body"]) for message in dead]

    def dead_letters(self, queue: str) -> list[dict[str, Any]]:
        return list(queues.take_all(self.outputs[f"{queue}DeadLetterQueueUrl"]))

    def announcements(self) -> list[dict[str, Any]]:
        return [json.loads(message["Body"])["detail"] for message in queues.take_all(self.announced)]

    def documents(self, prefix: str = "") -> dict[str, bytes]:
        s3, bucket = client("s3"), self.outputs["DocumentsBucketName"]
        pages = s3.get_paginator("list_objects_v2").paginate(Bucket=bucket, Prefix=prefix)
        keys = [item["Key"] for page in pages for item in page.get("Contents", [])]
        return {key: s3.get_object(Bucket=bucket, Key=key)["Body"].read() for key in keys}

    def get(self, path: str, claims: dict[str, str], **query: str) -> tuple[int, dict[str, Any]]:
        answer = self.ask("GET", path, claims, query=query)
        return answer["statusCode"], json.loads(answer["body"])

    def post_to(self, path: str, body: dict[str, Any] | None, claims: dict[str, str] | None = None) -> tuple[int, Any]:
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
        event = http_event(method, path, claims, query or {}, body, headers or {})
        answer: dict[str, Any] = self.handlers["serve_api"](event, LambdaContext())
        return answer


def client(service: str) -> Any:
    return _client(service, _region.get())


@cache
def _client(service: str, region: str) -> Any:
    """One client for all: to make one takes longer than moto takes to answer it."""
    return session().create_client(service, region_name=region)


def record_of(message: dict[str, Any], clock: Callable[[], datetime] | None = None) -> dict[str, Any]:
    """A message as Lambda's event source hands it over, sent when it is delivered if there is a `clock`."""
    sent = {} if clock is None else {"SentTimestamp": str(int(clock().timestamp() * 1000))}
    return {
        "messageId": message["MessageId"],
        "receiptHandle": message["ReceiptHandle"],
        "body": message["Body"],
        "attributes": message["Attributes"] | sent,
        "messageAttributes": {},
        "eventSource": "aws:sqs",
    }
