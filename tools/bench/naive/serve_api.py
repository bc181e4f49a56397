"""Answers the admin's list and a download: a read for each certificate, its account and its course."""

import os
from typing import Any

import boto3
from aws_lambda_powertools.event_handler import APIGatewayHttpResolver

records: Any = boto3.resource("dynamodb").Table(os.environ["NAIVE_TABLE"])
s3 = boto3.client("s3")
app = APIGatewayHttpResolver()


def handler(event: dict[str, Any], context: Any) -> dict[str, Any]:
    return app.resolve(event, context)


@app.get("/v1/companies/<company_id>/certificates")
def of_company(company_id: str) -> dict[str, Any]:
    company = records.get_item(Key={"pk": f"company#{company_id}"})["Item"]
    return {"items": [_certificate(enrollment) for enrollment in company["enrollments"][:100]]}


@app.get("/v1/certificates/<enrollment_id>/download")
def download(enrollment_id: str) -> dict[str, Any]:
    certificate = _certificate(enrollment_id)
    document = {"Bucket": os.environ["DOCUMENTS_BUCKET"], "Key": f"naive/{certificate['certificate_id']}.pdf"}
    return {"url": s3.generate_presigned_url("get_object", Params=document, ExpiresIn=60)}


def _certificate(enrollment_id: str) -> dict[str, Any]:
    progress = records.get_item(Key={"pk": f"enrollment#{enrollment_id}"}, ConsistentRead=True)["Item"]
    account = records.get_item(Key={"pk": f"account#{progress['account_id']}"})["Item"]
    course = records.get_item(Key={"pk": f"course#{progress['course_id']}"})["Item"]
    return {"certificate_id": progress["certificate_id"], "holder": account["name"], "training": course["title"]}
