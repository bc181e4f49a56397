"""Start the emulator with its authorization corrected to AWS's and its layers unpacked once, not for each worker.

Runs in the emulator's own environment. What is replaced is private to the emulator: its version is pinned.
"""

import hashlib
import json
import os
import re
import tempfile
import threading
import types
import zipfile
from pathlib import Path
from typing import Any

from ministack import app  # type: ignore[import-not-found] # not installed beside our own code
from ministack.core import iam_actions, iam_evaluator, lambda_runtime  # type: ignore[import-not-found] # as above
from ministack.services import dynamodb, lambda_svc  # type: ignore[import-not-found] # as above

SQS_BATCHES = {"SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"}
target_action, object_context, items_context, resource_arn, condition_key, pin_origin = (
    iam_actions._action_from_target,
    iam_actions._s3_object_context,
    iam_actions.dynamodb_service_context,
    iam_actions.extract_resource_arn,
    iam_evaluator._resolve_condition_key,
    app.pin_request_origin,
)


def granted_action(headers: dict[str, str]) -> str | None:
    """Name the action that a policy must allow: IAM knows no batch actions, sqs:SendMessage grants both."""
    action: str | None = target_action(headers)
    return action.removesuffix("Batch") if action in SQS_BATCHES else action


def full_object_context(action: str, query: dict[str, Any], path: str, headers: dict[str, str]) -> dict[str, Any]:
    """Add the condition key with which a bucket policy demands `If-None-Match`."""
    context: dict[str, Any] = object_context(action, query, path, headers)
    return context | ({"s3:if-none-match": headers["if-none-match"]} if "if-none-match" in headers else {})


def full_items_context(body: bytes) -> dict[str, Any]:
    """Add the condition key by which a role gets at some items of a table alone: the partition keys asked for."""
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
    """Name what a policy must allow: writing logs is checked on a stream, which the `:*` of the group's ARN covers."""
    arn: str = resource_arn(service, method, path, headers, *more)
    writes_logs = headers.get("x-amz-target", "").endswith((".CreateLogStream", ".PutLogEvents"))
    return f"{arn}:log-stream:" if writes_logs else arn


def granted_condition(key: str, context: Any) -> Any:
    """Answer what a condition is about: `aws:PrincipalArn` of a session is that of the role it is in."""
    value = condition_key(key, context)
    if key.lower() != "aws:principalarn":
        return value
    return re.sub(r":sts::(\d+):assumed-role/([^/]+)/.*", r":iam::\1:role/\2", value)


def pin_secure_origin(address: str, _: bool) -> None:
    """Count loopback as TLS, which bucket policies demand."""
    pin_origin(address, True)


class SharedZip(zipfile.ZipFile):
    """A zip file of which a layer is unpacked once; every worker gets a link to that."""

    lock = threading.Lock()

    def extractall(self, path: Any = None, members: Any = None, pwd: bytes | None = None) -> None:
        """Unpack code to `path`, but put a link there for a layer."""
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
    # On AWS every worker has a processor to itself; here more of them than processors only wait for each other.
    lambda_svc._ESM_SQS_DEFAULT_CONCURRENCY = os.cpu_count()
    lambda_runtime.zipfile = types.SimpleNamespace(**vars(zipfile) | {"ZipFile": SharedZip})
    # Seconds it waits after each call for log lines: ours need not come with the call that wrote them.
    lambda_runtime.Worker._drain_stderr_bounded.__defaults__ = (0.003, 0.003, 0.25)
    app.main()
