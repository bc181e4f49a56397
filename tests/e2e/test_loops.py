"""Messages in a loop are stopped on the local stack as Lambda stops them: after 16 hops through one function."""

import json
from pathlib import Path
from typing import Any

import pytest

from tests.e2e.portal import Portal, wait_for
from tools.local.hops import LIMIT, hops_file, trace_header
from tools.local.stack import LocalStack

pytestmark = pytest.mark.stack


class Chain:
    """Sends requests whose messages have led through `evaluate_enrollments` before, and tells whether one more may."""

    def __init__(self, portal: Portal) -> None:
        self._outputs = portal.stack.outputs
        session, endpoint = portal.stack.session(), portal.stack.aws_endpoint
        self._sqs = session.client("sqs", endpoint_url=endpoint)
        deployed = session.client("lambda", endpoint_url=endpoint).list_functions(MaxItems=100)["Functions"]
        [self.function] = [one["FunctionName"] for one in deployed if "EvaluateEnrollments" in one["FunctionName"]]

    def is_stopped(self, queue: str, request: dict[str, Any], hops: int) -> bool:
        header = trace_header({self.function: hops})
        self._sqs.send_message(
            QueueUrl=self._outputs[f"{queue}QueueUrl"],
            MessageBody=json.dumps(request),
            MessageSystemAttributes={"AWSTraceHeader": {"DataType": "String", "StringValue": header}},
        )
        return wait_for(self._outcome, "the end of a request")

    def _outcome(self) -> bool | None:
        """None while a request is under way; the queues are looked at first, for the request may just be on its way."""
        under_way = any(self._left(queue) for queue in ("Change", "Evaluation"))
        dead = self._outputs["EvaluationDeadLetterQueueUrl"]
        found = self._sqs.receive_message(QueueUrl=dead).get("Messages", [])
        for message in found:
            self._sqs.delete_message(QueueUrl=dead, ReceiptHandle=message["ReceiptHandle"])
        if found:
            return True
        return None if under_way else False

    def _left(self, queue: str) -> int:
        url = self._outputs[f"{queue}QueueUrl"]
        left = self._sqs.get_queue_attributes(QueueUrl=url, AttributeNames=["All"])["Attributes"]
        return int(left["ApproximateNumberOfMessages"]) + int(left["ApproximateNumberOfMessagesNotVisible"])


def test_the_seventeenth_hop_through_a_function_is_stopped(portal: Portal, deployed: tuple[LocalStack, Path]) -> None:
    chain, request = Chain(portal), {"enrollments": [["enr-of-nobody", "acc-of-nobody"]]}
    assert not chain.is_stopped("Evaluation", request, LIMIT - 1)
    assert chain.is_stopped("Evaluation", request, LIMIT)
    assert json.loads(hops_file(deployed[1]).read_text())[chain.function] == LIMIT + 1


def test_the_messages_that_a_function_sends_carry_the_count_on(portal: Portal) -> None:
    """Through the SDK in `fan_out_changes`, which adds the trace header of its invocation."""
    chain, course = Chain(portal), portal.id("counted")
    enrolled = {"enrollment_id": portal.id("enr-counted"), "account_id": portal.id("counted"), "training_id": course}
    portal.post("directory", "enrollment.created", enrolled)

    def is_stopped() -> bool | None:
        """None until the index has the enrollment."""
        return chain.is_stopped("Change", {"training_id": course}, LIMIT) or None

    assert wait_for(is_stopped, "the end of a chain through two queues")
    assert not chain.is_stopped("Change", {"training_id": course}, LIMIT - 1)
