"""Start the emulator with IAM, queues and loop detection as on AWS, layers unpacked once, and services that stop.

Runs in the emulator's own environment. It replaces private functions of the emulator, whose version is pinned.
"""

import asyncio
import contextvars
import hashlib
import heapq
import itertools
import json
import logging
import os
import re
import sys
import tempfile
import threading
import time
import types
import zipfile
from collections import Counter
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

from ministack import app  # type: ignore[import-not-found] # not installed beside our own code
from ministack.core import (  # type: ignore[import-not-found] # as above
    iam_actions,
    iam_evaluator,
    lambda_runtime,
    router,
)
from ministack.services import apigateway, dynamodb, lambda_svc, sqs  # type: ignore[import-not-found] # as above
from samtranslator.translator import transform as sam

from tools.local import hops

Send = Callable[[dict[str, Any]], Awaitable[None]]  # as ASGI has it

logger = logging.getLogger("loops")
trace: contextvars.ContextVar[str] = contextvars.ContextVar("trace", default="")  # of a request or an invocation
most_hops: dict[str, int] = {}
DOWN = Path(tempfile.gettempdir()) / "down"  # holds a file for each service that is down: tools/local/outages.py
HANG_SECONDS = 10  # longer than a client of ours waits for an answer
KEY_CACHE_SECONDS = 2  # two hours on AWS
SQS_BATCHES = {"SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"}
target_action, object_context, items_context, resource_arn, condition_key, pin_origin = (
    iam_actions._action_from_target,
    iam_actions._s3_object_context,
    iam_actions.dynamodb_service_context,
    iam_actions.extract_resource_arn,
    iam_evaluator._resolve_condition_key,
    app.pin_request_origin,
)
sent_attributes, expand, serve, execute, delete_batch, fetch_keys, meets = (
    sqs._build_send_sys_attrs,
    sam.transform,
    app.app,
    lambda_svc._execute_function,
    sqs._delete_messages_for_esm,
    apigateway._fetch_jwks,
    dynamodb._evaluate_condition,
)


def granted_action(headers: dict[str, str]) -> str | None:
    """The action that a policy must allow: IAM has no batch actions, sqs:SendMessage grants both."""
    action: str | None = target_action(headers)
    return action.removesuffix("Batch") if action in SQS_BATCHES else action


def full_object_context(action: str, query: dict[str, Any], path: str, headers: dict[str, str]) -> dict[str, Any]:
    """Add the condition key by which a bucket policy demands `If-None-Match`."""
    context: dict[str, Any] = object_context(action, query, path, headers)
    return context | ({"s3:if-none-match": headers["if-none-match"]} if "if-none-match" in headers else {})


def full_items_context(body: bytes) -> dict[str, Any]:
    """Add dynamodb:LeadingKeys, the partition keys of the request, by which a policy limits access to some items."""
    context: dict[str, Any] = items_context(body)
    request: dict[str, Any] = json.loads(body or b"{}")
    batch: dict[str, Any] = request.get("RequestItems", {})
    table = dynamodb._tables.get(request.get("TableName") or next(iter(batch), None))
    if table is None or "IndexName" in request:
        return context
    [name] = [key["AttributeName"] for key in table["KeySchema"] if key["KeyType"] == "HASH"]
    items = [item for some in batch.values() if "Keys" in some for item in some["Keys"]]
    keys = [item[name]["S"] for item in (request.get("Key"), request.get("Item"), *items) if item]
    if "KeyConditionExpression" in request:
        attribute = {value: key for key, value in request.get("ExpressionAttributeNames", {}).items()}.get(name, name)
        value = re.search(rf"{attribute}\s*=\s*(:\w+)", request["KeyConditionExpression"])
        keys += [request["ExpressionAttributeValues"][value[1]]["S"]] if value else []
    return context | ({"dynamodb:LeadingKeys": keys} if keys else {})


def granted_resource(service: str, method: str, path: str, headers: dict[str, str], *more: Any) -> str:
    """The ARN that a policy must allow; IAM checks log writes on a stream, which the `:*` of the group's ARN covers."""
    arn: str = resource_arn(service, method, path, headers, *more)
    writes_logs = headers.get("x-amz-target", "").endswith((".CreateLogStream", ".PutLogEvents"))
    return f"{arn}:log-stream:" if writes_logs else arn


def granted_condition(key: str, context: Any) -> Any:
    """The value of a condition key; the `aws:PrincipalArn` of a session is that of its role."""
    value = condition_key(key, context)
    if key.lower() != "aws:principalarn":
        return value
    return re.sub(r":sts::(\d+):assumed-role/([^/]+)/.*", r":iam::\1:role/\2", value)


def pin_secure_origin(address: str, _: bool) -> None:
    """Treat loopback as TLS, which bucket policies demand."""
    pin_origin(address, True)


def whole_batch(url: str, most: int) -> list[dict[str, Any]]:
    """Receive a batch as large as the event source mapping says; the emulator stops at ten."""
    with sqs._queues_lock:
        queue = sqs._get_q(url)
        sqs._dlq_sweep(queue)
        return collect(queue, most, int(queue["attributes"]["VisibilityTimeout"]))


def collect(queue: dict[str, Any], most: int, visibility: int) -> list[dict[str, Any]]:
    """Receive messages fairly: those without a group and of the groups with the fewest in flight come first.

    AWS calls a group noisy by its share of all messages in flight; the emulator has too few for shares.
    """
    now = time.time()
    hidden = (message.get("group_id") for message in queue["messages"] if message["visible_at"] > now)
    busy = Counter(filter(None, hidden))
    waiting = (message for message in queue["messages"] if message["visible_at"] <= now)
    batch = heapq.nsmallest(most, waiting, key=lambda message: busy[message.get("group_id")])
    for message in batch:
        sqs._ensure_msg_fields(message)
        message |= {"receipt_handle": sqs.new_uuid(), "visible_at": now + visibility}
        message["receive_count"] += 1
        message["first_receive_at"] = message["first_receive_at"] or now
    return batch


def meets_condition(expression: str, *item: Any, slot: str = "ConditionExpression") -> bool:
    """Whether an item meets a condition; a query that names a partition alone has found its items by that already.

    The emulator would evaluate that again for each of the 50,000 enrollments of a course, on every page of them.
    """
    names_partition_alone = slot == "KeyConditionExpression" and " AND " not in expression.upper()
    return names_partition_alone or meets(expression, *item, slot=slot)


def is_down(service: str) -> bool:
    return (DOWN / service).exists()


async def serve_unless_down(scope: dict[str, Any], receive: Any, send: Send) -> None:
    """Serve a request, unless its service or every answer is down, or the service hangs."""
    headers = dict(scope.get("headers", ()))
    trace.set(headers.get(b"x-amzn-trace-id", b"").decode())
    service = service_of(scope) if scope["type"] == "http" and DOWN.exists() else ""
    if service and is_down(service):
        return await next(FAILURES)(send)
    if service and is_down(f"{service}.hangs"):
        return await hang(receive, send)
    if service and is_down("answers"):
        await serve(scope, receive, discard)
        return await hang_up(send)
    return await serve(scope, receive, send)  # type: ignore[no-any-return] # the emulator is untyped


def service_of(scope: dict[str, Any]) -> str:
    """The service of a request; empty for the emulator's own paths and our API."""
    if scope["path"].startswith("/_"):
        return ""
    headers = {name.decode("latin-1").lower(): value.decode("latin-1") for name, value in scope["headers"]}
    query = parse_qs(scope["query_string"].decode())
    service: str = router.detect_service(scope["method"], scope["path"], headers, query)
    return service


async def unavailable(send: Send) -> None:
    await send({"type": "http.response.start", "status": 503, "headers": [(b"content-length", b"0")]})
    await send({"type": "http.response.body"})


async def hang_up(send: Any) -> None:
    """Close the connection without an answer: ASGI cannot, but the hypercorn connection behind `send` can."""
    stream = send.__self__
    connection = stream.send.__self__.send.__self__
    connection.writer.transport.abort()


async def hang(receive: Any, send: Send) -> None:
    """Read a request, leave it unanswered, and close the connection long after its client has given up."""
    while (await receive()).get("more_body"):
        pass
    await asyncio.sleep(HANG_SECONDS)
    await hang_up(send)


async def discard(_: dict[str, Any]) -> None:
    """Lose a part of an answer."""


FAILURES = itertools.cycle((unavailable, hang_up))


def execute_if_up(function: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    failed = {"error": True, "body": {"errorType": "ServiceException", "errorMessage": "Lambda is down"}}
    return failed if is_down("lambda") else execute_unless_looping(function, event)


def execute_unless_looping(function: dict[str, Any], event: dict[str, Any]) -> dict[str, Any]:
    """Invoke a function, or move the messages of a loop to the dead-letter queue, as Lambda does after 16 hops."""
    name, messages = function["config"]["FunctionName"], event.get("Records", [])
    headers = [message["attributes"].get("AWSTraceHeader", "") for message in messages]
    counted = hops.through(name, headers)
    if counted[name] > most_hops.get(name, 0):
        most_hops[name] = counted[name]
        hops.hops_file(Path(tempfile.gettempdir()).parent).write_text(json.dumps(most_hops))
    if counted[name] > hops.LIMIT and function.get("recursive_loop") != "Allow":
        logger.error("%s is in a loop: %d messages are moved to the dead-letter queue", name, len(messages))
        return {"body": {"batchItemFailures": [give_up(message) for message in messages]}}
    trace.set(hops.trace_header(counted))
    return execute(function, event)  # type: ignore[no-any-return] # as above


def give_up(record: dict[str, Any]) -> dict[str, str]:
    """Use up the deliveries of a message, so that the emulator moves it to the dead-letter queue at once."""
    url = sqs._queue_url(record["eventSourceARN"].rpartition(":")[2])
    with sqs._queues_lock:
        for message in sqs._queues[url]["messages"]:
            if message["id"] == record["messageId"]:
                message |= {"receive_count": sys.maxsize, "visible_at": 0}
    return {"itemIdentifier": record["messageId"]}


def traced_attributes(now: float, given: dict[str, Any]) -> dict[str, Any]:
    """Give a sent message the trace header of its request, as SQS does."""
    attributes: dict[str, Any] = sent_attributes(now, given)
    return ({"AWSTraceHeader": trace.get()} if trace.get() else {}) | attributes


def trace_of_invocation(_config: dict[str, Any], _inbound: str | None = None) -> str:
    return trace.get()


def receive_if_up(url: str, number: int) -> list[dict[str, Any]]:
    return [] if is_down("sqs") else whole_batch(url, number)


def delete_if_up(url: str, handles: set[str]) -> None:
    """Delete processed messages; while SQS is down they stay, so that SQS delivers them again."""
    if not is_down("sqs"):
        delete_batch(url, handles)


async def fetch_keys_often(url: str) -> dict[str, Any]:
    """Fetch the issuer's keys and cache them for seconds instead of hours, so that tests can see a rotation."""
    keys: dict[str, Any] = await fetch_keys(url)
    kept = apigateway._jwks_cache[url]
    kept["expiresAt"] = min(kept["expiresAt"], time.time() + KEY_CACHE_SECONDS)
    return keys


def expand_with_parameters(template: dict[str, Any], _: dict[str, Any], policies: Any) -> Any:
    """Expand a SAM template; AWS gives the transform the values of the parameters, the emulator does not."""
    return expand(template, {"OnAws": "false"}, policies)


class SharedZip(zipfile.ZipFile):
    """Unpacks a layer once and links it for every worker."""

    lock = threading.Lock()

    def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
        """Unpack function code to `path`; for a layer, put a link there."""
        if not Path(path).name.startswith("layer_"):
            return super().extractall(path, members, pwd)
        contents = repr([(member.filename, member.CRC) for member in self.infolist()])
        shared = Path(tempfile.gettempdir()) / "layers" / hashlib.sha256(contents.encode()).hexdigest()
        with self.lock:
            if not shared.exists():
                super().extractall(shared)
        Path(path).rmdir()
        return Path(path).symlink_to(shared)


if __name__ == "__main__":
    iam_actions._action_from_target = granted_action
    iam_actions._s3_object_context = full_object_context
    iam_actions.dynamodb_service_context = full_items_context
    iam_actions.extract_resource_arn = granted_resource
    iam_evaluator._resolve_condition_key = granted_condition
    app.pin_request_origin = pin_secure_origin
    sqs._collect_msgs = collect
    app.app = serve_unless_down
    lambda_svc._execute_function = execute_if_up
    lambda_svc._xray_trace_id_for_invocation = trace_of_invocation
    sqs._build_send_sys_attrs = traced_attributes
    sqs._receive_messages_for_esm, sqs._delete_messages_for_esm = receive_if_up, delete_if_up
    apigateway._fetch_jwks = fetch_keys_often
    dynamodb._evaluate_condition = meets_condition
    sam.transform = expand_with_parameters
    # On AWS every worker has its own processor; here more workers than processors would only wait for each other.
    lambda_svc._ESM_SQS_DEFAULT_CONCURRENCY = os.cpu_count()
    lambda_runtime.zipfile = types.SimpleNamespace(**vars(zipfile) | {"ZipFile": SharedZip})
    # The emulator waits this many seconds after each call for log lines; our logs may come later than their call.
    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (0.003, 0.003, 0.25)
    app.main()
