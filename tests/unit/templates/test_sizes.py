"""Sizes of messages: a refused body fits into the dead-letter queue together with its reason and detail."""

import pytest

from earned.domain.errors import MAX_DETAIL
from earned.messages.events import MAX_EVENT_BYTES
from earned.testing.cloudformation import INFRA, resources

QUEUES = resources("AWS::SQS::Queue", INFRA / "queues.yaml")
LEAST = 262_144  # bytes that SQS takes by default at least, attributes included
LONGEST_REASON = 64
ATTRIBUTES = sum(len(text) for text in ("reason", "String", "detail", "String")) + LONGEST_REASON + 4 * MAX_DETAIL


@pytest.mark.parametrize("queue", ["Directory", "Progress", "Attendance"])
def test_a_refused_body_of_any_size_fits_into_the_dead_letter_queue(queue: str) -> None:
    largest = QUEUES[f"{queue}Queue"]["MaximumMessageSize"]
    assert MAX_EVENT_BYTES < largest <= QUEUES[f"{queue}DeadLetterQueue"].get("MaximumMessageSize", LEAST) - ATTRIBUTES
