"""Records lessons: each message once with Powertools' idempotency; the record is read, changed and written back."""

import json
import os
from typing import Any

import boto3
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from boto3.dynamodb.conditions import Attr

records: Any = boto3.resource("dynamodb").Table(os.environ["NAIVE_TABLE"])
generation: Any = boto3.resource("sqs").Queue(os.environ["GENERATION_QUEUE_URL"])
config = IdempotencyConfig(event_key_jmespath="id")
seen = DynamoDBPersistenceLayer(table_name=os.environ["IDEMPOTENCY_TABLE"])
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def handler(event: dict[str, Any], context: Any) -> Any:
    config.register_lambda_context(context)
    return process_partial_response(event=event, record_handler=receive, processor=processor, context=context)


def receive(record: SQSRecord) -> None:
    told = json.loads(record.body)
    complete(told={"id": f"{told['source']} {told['id']}", **told["data"]})


@idempotent_function(data_keyword_argument="told", persistence_store=seen, config=config)
def complete(told: dict[str, str]) -> None:
    """Add a step to the finished ones, and request the certificate after the last."""
    key = {"pk": f"enrollment#{told['enrollment_id']}"}
    progress = records.get_item(Key=key, ConsistentRead=True)["Item"]
    course = records.get_item(Key={"pk": f"course#{progress['course_id']}"})["Item"]
    done = sorted({*progress["done"], told["step_id"]})
    changed = progress | {"done": done, "version": progress["version"] + 1}
    records.put_item(Item=changed, ConditionExpression=Attr("version").eq(progress["version"]))
    if set(course["steps"]) <= set(done):
        generation.send_message(MessageBody=json.dumps({"enrollment_id": told["enrollment_id"]}))
