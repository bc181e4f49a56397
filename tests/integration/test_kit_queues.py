"""The kit reads moto's queues beside the SDK, and sees what the SDK sees."""

import boto3

from earned.testing.queues import delete, make_visible, number_visible, receive
from earned.testing.service import Service

CHANGING = {"ApproximateReceiveCount", "ApproximateFirstReceiveTimestamp"}


def test_a_message_is_received_as_by_the_sdk_and_stays_invisible_until_it_is_shown_or_deleted(service: Service) -> None:
    sqs, url = boto3.client("sqs"), service.url("Directory")
    told = {"reason": {"DataType": "String", "StringValue": "not-json"}}
    sqs.send_message(QueueUrl=url, MessageBody="{", MessageGroupId="co-1", MessageAttributes=told)

    [received] = receive(url)
    assert (number_visible(url), receive(url)) == (0, [])
    make_visible(url)
    [by_the_sdk] = sqs.receive_message(QueueUrl=url, AttributeNames=["All"], MessageAttributeNames=["All"])["Messages"]

    same = ("MessageId", "Body", "MessageAttributes")
    assert {name: received[name] for name in same} == {name: by_the_sdk[name] for name in same}
    assert received["Attributes"].items() - by_the_sdk["Attributes"].items() == {("ApproximateReceiveCount", "1")}
    assert by_the_sdk["Attributes"].keys() - received["Attributes"].keys() <= CHANGING
    delete(url, [received])
    make_visible(url)
    assert receive(url) == []
