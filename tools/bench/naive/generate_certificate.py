"""Makes certificates: each message once with Powertools' idempotency, a read per item printed, plain WeasyPrint."""

import json
import os
from datetime import UTC, datetime
from typing import Any

import boto3
from aws_lambda_powertools.utilities.batch import BatchProcessor, EventType, process_partial_response
from aws_lambda_powertools.utilities.data_classes.sqs_event import SQSRecord
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)

from tools.bench.contenders.plain_weasyprint import draw
from tools.bench.page import Page

records: Any = boto3.resource("dynamodb").Table(os.environ["NAIVE_TABLE"])
bucket: Any = boto3.resource("s3").Bucket(os.environ["DOCUMENTS_BUCKET"])
events = boto3.client("events")
config = IdempotencyConfig(event_key_jmespath="enrollment_id")
seen = DynamoDBPersistenceLayer(table_name=os.environ["IDEMPOTENCY_TABLE"])
processor = BatchProcessor(event_type=EventType.SQS, raise_on_entire_batch_failure=False)


def handler(event: dict[str, Any], context: Any) -> Any:
    config.register_lambda_context(context)
    return process_partial_response(event=event, record_handler=receive, processor=processor, context=context)


def receive(record: SQSRecord) -> None:
    make(asked=json.loads(record.body))


@idempotent_function(data_keyword_argument="asked", persistence_store=seen, config=config)
def make(asked: dict[str, str]) -> None:
    key = {"pk": f"enrollment#{asked['enrollment_id']}"}
    progress = records.get_item(Key=key, ConsistentRead=True)["Item"]
    account = records.get_item(Key={"pk": f"account#{progress['account_id']}"})["Item"]
    course = records.get_item(Key={"pk": f"course#{progress['course_id']}"})["Item"]
    company = records.get_item(Key={"pk": f"company#{account['company_id']}"})["Item"]
    certificate_id = progress["certificate_id"]
    pdf = draw(Page(certificate_id, holder=account["name"], title=course["title"], company=company["name"]))
    bucket.put_object(Key=f"naive/{certificate_id}.pdf", Body=pdf, ContentType="application/pdf")
    now = datetime.now(UTC).isoformat()
    records.update_item(Key=key, UpdateExpression="SET issued = :now", ExpressionAttributeValues={":now": now})
    detail = json.dumps({"certificate_id": certificate_id, "enrollment_id": asked["enrollment_id"]})
    bus = os.environ["BUS_NAME"]
    events.put_events(Entries=[{"Source": "naive", "DetailType": "issued", "Detail": detail, "EventBusName": bus}])
