"""The checks of the demo: each yields, for everything it looks at, what is wrong with it, or None."""

import io
import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pypdf

from tools.local import stack as stacks
from tools.local.portal import Announcement, Queues, Reader, fetch
from tools.local.scenario import COMPANIES, Account, Enrollment, Scenario
from tools.local.stack import LocalStack

MAX_SECONDS = 10
MAX_LINK_SECONDS = 60
ISSUED = "earned.certificate.issued.v1"
MISSING_ID = "no-such-id"


@dataclass
class Download:
    """A certificate as a holder downloaded it."""

    by: Account
    certificate: dict[str, Any]
    answer: dict[str, Any]
    document: httpx.Response
    answered: datetime


@dataclass
class Week:
    """What was posted and announced, and what the API shows to the holders of certificates."""

    stack: LocalStack
    directory: Path
    scenario: Scenario
    queues: Queues
    announcements: list[Announcement]
    refusals: list[Announcement]
    progress: dict[str, dict[str, Any]] = field(default_factory=dict)
    certificates: list[dict[str, Any]] = field(default_factory=list)
    downloads: list[Download] = field(default_factory=list)

    def token(self, account: Account, expires_in: int = 3600) -> str:
        sub, role, company = account.account_id, account.kind, account.company_id
        return stacks.token(self.directory, self.stack, sub=sub, role=role, company=company, expires_in=expires_in)

    def reader(self, account: Account) -> Reader:
        return Reader(self.stack, self.token(account))

    def of_kind(self, *kinds: str) -> list[Account]:
        return [account for account in self.scenario.accounts if account.kind in kinds]

    def certificates_of(self, enrollment: Enrollment) -> list[dict[str, Any]]:
        return [it for it in self.certificates if it["enrollment_id"] == enrollment.enrollment_id]

    def seconds(self) -> list[float]:
        """For each announcement, the seconds since the last event that it needed was first posted; ascending."""
        return sorted(self._seconds(it) for it in self.announcements)

    def _seconds(self, it: Announcement) -> float:
        data = it.event["data"]
        needed = data["enrollment_id"], data["account_id"], data["training_id"]
        return max(0.0, it.received - max(self.queues.posted[concern] for concern in needed))


Findings = Iterator[str | None]
CheckFunction = Callable[[Week], Findings]


@dataclass(frozen=True)
class Check:
    name: str
    ok: bool
    detail: str


def run_all(week: Week) -> list[Check]:
    """Read what the API shows, then run every check, four at a time because they mostly wait for the API."""
    with ThreadPoolExecutor(4) as pool:
        return [_run(holders_list_and_download, week), *pool.map(lambda function: _run(function, week), CHECKS)]


def run_in_turn(week: Week, functions: Iterable[CheckFunction]) -> list[Check]:
    """Run checks one after the other, because each changes what the others look at."""
    return [_run(function, week) for function in functions]


def _run(function: CheckFunction, week: Week) -> Check:
    """Run one check; it fails when it raises or looks at nothing."""
    try:
        findings = list(function(week))
    except (httpx.HTTPError, LookupError, ValueError) as error:
        findings = [f"{type(error).__name__}: {error}"]
    problems = [finding for finding in findings if finding]
    detail = "; ".join(problems[:5]) if problems else f"{len(findings)} checked"
    return Check(function.__name__.replace("_", " "), bool(findings) and not problems, detail)


def holders_list_and_download(week: Week) -> Findings:
    """Read progress as each learner; list and download certificates as each holder."""
    with ThreadPoolExecutor(4) as pool:
        learners = week.of_kind("individual", "employee", "company-admin")
        for enrollments in pool.map(lambda it: list(week.reader(it).items("/v1/enrollments")), learners):
            week.progress |= {enrollment["enrollment_id"]: enrollment for enrollment in enrollments}
        holders = week.of_kind("individual", "company-admin")
        for downloads in pool.map(lambda it: list(_downloads(week.reader(it), it)), holders):
            week.certificates += [download.certificate for download in downloads]
            week.downloads += downloads
            yield from [None] * len(downloads)


def _downloads(reader: Reader, account: Account) -> Iterator[Download]:
    for certificate in reader.items(_list_of(account)):
        answer = reader.get(_download(certificate)).raise_for_status().json()
        answered = datetime.now(UTC)
        yield Download(account, certificate, answer, fetch(answer["url"]), answered)


def _list_of(account: Account) -> str:
    return f"/v1/companies/{account.company_id}/certificates" if account.company_id else "/v1/certificates"


def complete_enrollments_have_exactly_one_certificate(week: Week) -> Findings:
    for enrollment in week.scenario.enrollments:
        if not enrollment.outstanding:
            held = len(week.certificates_of(enrollment))
            yield None if held == 1 else f"{enrollment.enrollment_id} has {held}"


def incomplete_enrollments_have_none(week: Week) -> Findings:
    announced = {it.enrollment_id for it in week.announcements}
    for enrollment in week.scenario.enrollments:
        if enrollment.outstanding:
            has = week.certificates_of(enrollment) or enrollment.enrollment_id in announced
            yield f"{enrollment.enrollment_id} has a certificate" if has else None


def certificates_come_within_ten_seconds(week: Week) -> Findings:
    for seconds in week.seconds():
        yield None if seconds <= MAX_SECONDS else f"{seconds:.1f} s"


def certificates_are_announced_exactly_once(week: Week) -> Findings:
    announced = Counter(it.event["data"]["certificate_id"] for it in week.announcements if it.type == ISSUED)
    for certificate_id in {it["certificate_id"] for it in week.certificates} | set(announced):
        times = announced[certificate_id]
        yield None if times == 1 else f"{certificate_id} was announced {times} times"


def announcements_carry_no_names_and_no_addresses(week: Week) -> Findings:
    for it in week.announcements:
        text = str(it.event)
        leaks = [account.account_id for account in week.scenario.accounts if account.name in text]
        yield f"the name of {leaks}" if leaks else f"an address: {it.type}" if "@" in text else None


def learners_see_what_is_outstanding(week: Week) -> Findings:
    for enrollment in week.scenario.enrollments:
        yield _wrong_progress(enrollment, week.progress[enrollment.enrollment_id])


def one_enrollment_reads_like_its_line_in_the_list(week: Week) -> Findings:
    for enrollment in week.scenario.enrollments:
        shown = week.reader(enrollment.account).get(f"/v1/enrollments/{enrollment.enrollment_id}").json()
        listed = week.progress[enrollment.enrollment_id]
        same = {**shown, "as_of": ""} == {**listed, "as_of": ""}
        yield None if same else f"{enrollment.enrollment_id}: {shown} instead of {listed}"


def _wrong_progress(enrollment: Enrollment, shown: dict[str, Any]) -> str | None:
    status = "in-progress" if enrollment.outstanding else "completed"
    first = {name: shown["outstanding"][0][name] for name in ("kind", "id", "reason")} if shown["outstanding"] else {}
    expected = vars(enrollment.outstanding) if enrollment.outstanding else {}
    right = shown["status"] == status and first == expected
    return None if right else f"{enrollment.enrollment_id} is {shown['status']} {first}, expected {status} {expected}"


def employees_see_no_certificate_no_id_and_no_link(week: Week) -> Findings:
    ids = {it["certificate_id"] for it in week.certificates}
    for account in week.of_kind("employee"):
        reader, own = week.reader(account), [it for it in week.scenario.enrollments if it.account == account]
        paths = ["/v1/enrollments", *(f"/v1/enrollments/{it.enrollment_id}" for it in own)]
        forbidden = ["/v1/certificates", f"/v1/companies/{account.company_id}/certificates"]
        forbidden += [_download(certificate) for it in own for certificate in week.certificates_of(it)]
        for path in [*paths, *forbidden]:
            answer = reader.get(path)
            leaks = "certificate_id" in answer.text or "http://" in answer.text or any(it in answer.text for it in ids)
            expected = 404 if path in forbidden else 200
            yield (
                f"{account.account_id} got {answer.status_code} {path}"
                if leaks or answer.status_code != expected
                else None
            )


def _download(certificate: dict[str, Any]) -> str:
    return f"/v1/certificates/{certificate['certificate_id']}/download"


def individuals_see_only_their_own(week: Week) -> Findings:
    for account in week.of_kind("individual"):
        reader = week.reader(account)
        for certificate in week.certificates:
            if certificate["account_id"] != account.account_id:
                yield _unlike_missing(reader, _download(certificate), _download({"certificate_id": MISSING_ID}))


def admins_get_nothing_of_another_company(week: Week) -> Findings:
    for account in week.of_kind("company-admin"):
        reader = week.reader(account)
        for company_id in COMPANIES.keys() - {account.company_id}:
            for what in ("enrollments", "certificates"):
                path = "/v1/companies/{}/" + what
                yield _unlike_missing(reader, path.format(company_id), path.format(MISSING_ID))
        for enrollment in week.scenario.enrollments:
            if enrollment.account.company_id != account.company_id:
                yield _unlike_missing(
                    reader, f"/v1/enrollments/{enrollment.enrollment_id}", f"/v1/enrollments/{MISSING_ID}"
                )
                for certificate in week.certificates_of(enrollment):
                    yield _unlike_missing(reader, _download(certificate), _download({"certificate_id": MISSING_ID}))


def _unlike_missing(reader: Reader, path: str, missing: str) -> str | None:
    """Compare the answer with that for an id that does not exist; None when they are the same."""
    there, nowhere = reader.get(path), reader.get_once(missing)
    same = there.status_code == nowhere.status_code == 404 and there.text == nowhere.text
    return None if same else f"{path}: {there.status_code} {there.text[:100]}"


def administrators_and_support_download_nothing(week: Week) -> Findings:
    for account in week.of_kind("administrator", "support"):
        reader = week.reader(account)
        for certificate in week.certificates[:5]:
            yield _unlike_missing(reader, _download(certificate), _download({"certificate_id": MISSING_ID}))


def admins_see_the_progress_of_their_people(week: Week) -> Findings:
    for account in week.of_kind("company-admin"):
        shown = week.reader(account).items(f"/v1/companies/{account.company_id}/enrollments")
        listed = sorted(it["enrollment_id"] for it in shown)
        enrolled = [it for it in week.scenario.enrollments if it.account.company_id == account.company_id]
        theirs = sorted(it.enrollment_id for it in enrolled)
        yield None if listed == theirs else f"{account.company_id}: {len(listed)} of {len(theirs)}"


def tokens_expired_forged_or_missing_are_refused(week: Week) -> Findings:
    admin = week.of_kind("company-admin")[0]
    good, expired = week.token(admin), week.token(admin, expires_in=-60)
    head, _, signature = good.split(".")
    forged = f"{head}.{week.token(week.of_kind('support')[0]).split('.')[1]}.{signature}"
    for token in (expired, forged, "garbage", None):
        for path in ("/v1/enrollments", "/v1/companies/co-1/certificates", _download({"certificate_id": MISSING_ID})):
            status = Reader(week.stack, token).get(path).status_code
            yield None if status == 401 else f"{path}: {status}"


def links_are_short_lived_attachments(week: Week) -> Findings:
    for it in week.downloads:
        lives = datetime.fromisoformat(it.answer["expires_at"]) - it.answered
        attached = it.document.headers.get("content-disposition", "").startswith("attachment")
        good = it.document.status_code == 200 and attached and lives <= timedelta(seconds=MAX_LINK_SECONDS + 1)
        yield None if good else f"{it.answer['file_name']}: {it.document.status_code}, {lives}"


def documents_show_holder_and_training(week: Week) -> Findings:
    names = {account.account_id: account.name for account in week.scenario.accounts}
    for it in week.downloads:
        name, title = names[it.certificate["account_id"]], it.certificate["training"]["title"]
        text = _text(it.document.content)
        # Text extracted from a PDF has right-to-left scripts in drawing order: compare letters, not words.
        shown = sorted(_squeezed(name)) if not name.isascii() else None
        good = _squeezed(title) in text and (_contains_letters(text, shown) if shown else _squeezed(name) in text)
        yield None if good else f"{it.answer['file_name']} does not show {name!r} or {title!r}"


def links_on_documents_verify_them(week: Week) -> Findings:
    for it in week.downloads:
        link = re.search(rf"{week.stack.public}/verify/[a-z2-7]+", _text(it.document.content))
        answer = fetch(link[0], accept="application/json").json() if link else {}
        good = answer.get("status") == "valid" and answer.get("training") == it.certificate["training"]["title"]
        yield None if good else f"{it.answer['file_name']}: {link and link[0]} answers {answer}"


def _text(document: bytes) -> str:
    return _squeezed("".join(page.extract_text() for page in pypdf.PdfReader(io.BytesIO(document)).pages))


def _squeezed(text: str) -> str:
    return "".join(text.split())


def _contains_letters(text: str, letters: list[str]) -> bool:
    return not Counter(letters) - Counter(text)


def unacceptable_messages_are_dead_letters_with_a_reason(week: Week) -> Findings:
    letters = {body: reason for url in _dead_letter_urls(week.stack) for body, reason in week.queues.dead_letters(url)}
    flawed = {message.body: message.flaw for message in week.scenario.messages if message.flaw}
    for body, flaw in flawed.items():
        yield None if letters.get(body) else f"{flaw}: {'no reason' if body in letters else 'no dead letter'}"
    for body in letters.keys() - flawed.keys():
        yield f"also there, {letters[body]}: {body[:200]}"


def refused_events_are_announced_with_reason_and_detail(week: Week) -> Findings:
    flawed = sum(bool(message.flaw) for message in week.scenario.messages)
    for it in week.refusals:
        reason, detail = it.event["data"]["reason"], it.event["data"]["detail"]
        yield None if reason and detail else f"{reason!r} is announced with the detail {detail!r}"
    yield None if len(week.refusals) == flawed else f"{len(week.refusals)} of {flawed} refused events are announced"


def _dead_letter_urls(stack: LocalStack) -> list[str]:
    return [url for name, url in stack.outputs.items() if name.endswith("DeadLetterQueueUrl")]


CHECKS: list[CheckFunction] = [
    complete_enrollments_have_exactly_one_certificate,
    incomplete_enrollments_have_none,
    certificates_come_within_ten_seconds,
    certificates_are_announced_exactly_once,
    announcements_carry_no_names_and_no_addresses,
    learners_see_what_is_outstanding,
    one_enrollment_reads_like_its_line_in_the_list,
    admins_see_the_progress_of_their_people,
    employees_see_no_certificate_no_id_and_no_link,
    individuals_see_only_their_own,
    admins_get_nothing_of_another_company,
    administrators_and_support_download_nothing,
    tokens_expired_forged_or_missing_are_refused,
    links_are_short_lived_attachments,
    documents_show_holder_and_training,
    links_on_documents_verify_them,
    unacceptable_messages_are_dead_letters_with_a_reason,
    refused_events_are_announced_with_reason_and_detail,
]
