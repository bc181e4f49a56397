"""Start the emulator, corrected where it refuses what AWS grants; runs in the emulator's own environment."""

from ministack import app  # type: ignore[import-not-found] # not installed beside our own code
from ministack.core import iam_actions  # type: ignore[import-not-found]

BATCHES = {"SendMessageBatch", "DeleteMessageBatch", "ChangeMessageVisibilityBatch"}
action_of = iam_actions._action_from_target


def granted_action_of(headers: dict[str, str]) -> str | None:
    """Name the action that a policy must allow: IAM knows no batch actions of SQS, sqs:SendMessage covers both."""
    action: str | None = action_of(headers)
    return action.removesuffix("Batch") if action in BATCHES else action


if __name__ == "__main__":
    iam_actions._action_from_target = granted_action_of
    app.main()
