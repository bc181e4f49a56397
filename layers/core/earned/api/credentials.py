"""What a verifier of a credential asks for: the issuer's keys, and the credential's status."""

import json
import re

from aws_lambda_powertools.event_handler import Response

from earned.api import negotiation
from earned.api.problems import NoCredential
from earned.api.routes import Routes
from earned.aws.dynamodb import contexts
from earned.aws.s3 import KeyUse
from earned.document.did import did_document, issuer_did, status_did
from earned.document.signatures import proven
from earned.document.status_list import StatusList
from earned.domain.certificate import CertificateStatus

routes = Routes()
OPEN = {"Access-Control-Allow-Origin": "*"}
_DOCUMENT = {"schema": {"type": "object"}}
_DID_RESPONSES = {200: {"description": "The DID document", "content": {"application/did+json": _DOCUMENT}}}
_STATUS_RESPONSES = {
    200: {
        "description": "The signed Bitstring Status List",
        "content": {"application/vc": _DOCUMENT, "application/json": _DOCUMENT},
    }
}


@routes.endpoint("GET", "/.well-known/did.json", responses=_DID_RESPONSES)
def get_issuer() -> Response[str]:
    """The DID document of the issuer: every key that ever signed certificates."""
    return _did(issuer_did(routes.dependencies.verify_base_url), "certificates")


@routes.endpoint("GET", "/status/did.json", responses=_DID_RESPONSES)
def get_status_issuer() -> Response[str]:
    """The DID document of the issuer of status lists, whose keys sign no certificates."""
    return _did(status_did(routes.dependencies.verify_base_url), "statuses")


@routes.endpoint("GET", "/status/<certificate_id>/<revision>", responses=_STATUS_RESPONSES, problems=(NoCredential,))
def get_credential_status(certificate_id: str, revision: str) -> Response[str]:
    """The status of a credential, signed now: entry 0 is set once it is revoked, superseded or withdrawn."""
    context = contexts.get_certificate_context(certificate_id)
    issue = context.record.issue if context is not None else None
    if context is None or issue is None or not re.fullmatch("[1-9][0-9]{0,8}", revision):
        raise NoCredential
    if int(revision) > issue.revision:
        raise NoCredential
    is_issued = context.is_active and context.record.certificate_status is CertificateStatus.ISSUED
    stands = is_issued and int(revision) == issue.revision
    unsigned = StatusList(routes.dependencies.verify_base_url, certificate_id, int(revision), stands, routes.now)
    prefers_json = negotiation.prefers_json(routes.current_event.headers.get("accept", ""))
    headers = {**OPEN, "Cache-Control": "public, max-age=60", "Vary": "Accept"}
    signed = proven(unsigned, routes.dependencies.status_keys.current())
    return Response(200, "application/json" if prefers_json else "application/vc", json.dumps(signed), headers=headers)


def _did(did: str, use: KeyUse) -> Response[str]:
    document = did_document(did, routes.dependencies.documents.published_keys(use))
    headers = {**OPEN, "Cache-Control": "public, max-age=300"}
    return Response(200, "application/did+json", json.dumps(document), headers=headers)
