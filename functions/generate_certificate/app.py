"""Generates, revokes, reissues and restores certificates as their records require, and checks texts to print."""

import os
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

from earned import cold_start
from earned.aws import clients
from earned.aws.dynamodb import table
from earned.aws.eventbridge import Bus
from earned.aws.s3 import Assets, Documents
from earned.aws.secrets_manager import Secret
from earned.aws.settings import Seconds, from_environment
from earned.aws.sqs import Queue
from earned.aws.sqs_batch import SqsBatch
from earned.document.render import DESIGNS
from earned.messages.requests import read_generation
from earned.usecases.certificate_documents import CertificateDocuments
from earned.usecases.check_texts import CheckTexts
from earned.usecases.generate_certificates import GenerateCertificates
from earned.usecases.logos import Logos
from earned.usecases.signing_keys import Credentials, SigningKeys


@dataclass(frozen=True)
class Settings:
    records_table: str
    documents_bucket: str
    assets_bucket: str
    bus_name: str
    dead_letter_queue_url: str
    order_tolerance_seconds: Seconds
    verify_base_url: str
    certificate_key_arn: str
    paper_size: str = "a4"


settings = from_environment(Settings, os.environ)
table.bind(settings.records_table)
s3 = clients.s3()
documents = Documents(s3, settings.documents_bucket)
logos = Logos(Assets(s3, settings.assets_bucket), documents, DESIGNS.check_drawable)
certificates = CertificateDocuments(DESIGNS, logos, documents, settings.verify_base_url, settings.paper_size)
bus = Bus(clients.events(), settings.bus_name)
dead_letters = Queue(clients.sqs(), settings.dead_letter_queue_url)
check_texts = CheckTexts(certificates, bus)
keys = SigningKeys(Secret(clients.secrets, settings.certificate_key_arn), documents, "certificates")
credentials = Credentials(keys)
background = ThreadPoolExecutor(max_workers=10)
generate = GenerateCertificates(certificates, credentials, bus, settings.order_tolerance_seconds, background)
cold_start.done()


def handler(event: dict[str, Any], _context: object) -> dict[str, Any]:
    batch = SqsBatch(event, dead_letters)
    generate(batch, check_texts(batch, batch.read(read_generation)))
    return batch.response()
