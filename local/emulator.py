"""Start the emulator, corrected where its authorization differs from AWS's; runs in the emulator's own environment."""

from typing import Any

from ministack import app  # type: ignore[import-not-found] # not installed beside our own code
from ministack.core import iam_actions  # type: ignore[import-not-found]
from ministack.services import lambda_svc  # type: ignore[import-not-found]

# Each worker unpacks all layers for itself, which on few processors costs more than it brings.
WORKERS_OF_A_QUEUE = 2
SQS_BATCHES = {"SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"}
target_action, object_context, pin_origin = (
    iam_actions._action_from_target,
    iam_actions._s3_object_context,
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


def pin_secure_origin(address: str, _: bool) -> None:
    """Count loopback as TLS, which bucket policies demand."""
    pin_origin(address, True)


if __name__ == "__main__":
    iam_actions._action_from_target = granted_action
    iam_actions._s3_object_context = full_object_context
    app.pin_request_origin = pin_secure_origin
    lambda_svc._ESM_SQS_DEFAULT_CONCURRENCY = WORKERS_OF_A_QUEUE
    app.main()
