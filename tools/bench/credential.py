"""What a credential adds to a certificate: CPU time and bytes, over the same pages drawn with and without one."""

import time
from collections.abc import Callable
from datetime import UTC, datetime
from statistics import median

from earned.document.credential import Attachment, credential_json
from earned.document.render import NORTHLIGHT
from earned.document.signatures import SigningKey
from earned.domain.certificate import CertificateContent, Issuance, QuizResult
from earned.usecases.signing_keys import Credentials
from tools.bench.contenders.ours import printed
from tools.bench.page import nth_page

COMPLETED = datetime(2026, 11, 14, 15, 4, 5, tzinfo=UTC)
MILLI = 1000


class _OneKey:
    def __init__(self) -> None:
        self._key = SigningKey("a key of the benchmark")

    def current(self) -> SigningKey:
        return self._key


def measure(pages: int) -> dict[str, float]:
    """Milliseconds of CPU and bytes, each the median of so many pages; both ways of a page are drawn in turn."""
    credentials = Credentials(_OneKey())

    def signed(content: CertificateContent) -> Attachment:
        issue = Issuance(1, COMPLETED, COMPLETED, 1, "ab" * 32, "", content, "request")
        data = credential_json("course-1", credentials.sign("course-1", issue, QuizResult(90.0, 80.0, 100.0)))
        assert data is not None
        return Attachment(data, COMPLETED)

    compiled = NORTHLIGHT.compiled.drawn
    drawn: dict[str, list[tuple[float, int]]] = {"without": [], "with": [], "signing": []}
    for number in range(pages):
        content = printed(nth_page(number))
        drawn["without"].append(_timed(NORTHLIGHT.render, content))
        drawn["with"].append(_timed(lambda one: NORTHLIGHT.render(one, None, signed(one)), content))
        drawn["signing"].append(_timed(lambda one: signed(one).data, content))
    cpu = {way: median(seconds for seconds, _ in found) * MILLI for way, found in drawn.items()}
    size = {way: median(length for _, length in found) for way, found in drawn.items()}
    return {
        "share_compiled": (NORTHLIGHT.compiled.drawn - compiled) / (2 * pages),
        "cpu_ms_without": cpu["without"],
        "cpu_ms_added": cpu["with"] - cpu["without"],
        "cpu_ms_of_signing": cpu["signing"],
        "credential_bytes": size["signing"],
        "document_bytes_added": size["with"] - size["without"],
    }


def _timed(draw: Callable[[CertificateContent], bytes], content: CertificateContent) -> tuple[float, int]:
    began = time.process_time()
    data = draw(content)
    return time.process_time() - began, len(data)
