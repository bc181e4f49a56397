"""Where a person is found: their enrollments, and the support requests that are theirs."""

from collections.abc import Collection, Iterator
from dataclasses import replace

from earned.aws.dynamodb import enrollment_lists, enrollments, people, support
from earned.domain.enrollment import CompletionRecord, EnrollmentKey
from earned.domain.people import Account, SupportRequest
from tools.operations.mentions import Person

PAGE = 100


def completions_of(account_id: str) -> Iterator[CompletionRecord]:
    after: EnrollmentKey | None = None
    while keys := enrollment_lists.list_account_keys(account_id, after, PAGE):
        yield from enrollments.get_records(keys)
        after = keys[-1]


def person_of(
    account_id: str, account: Account | None, completions: Collection[CompletionRecord], also: Collection[str] = ()
) -> Person:
    """The person with all names known or printed; `also` are former names and addresses."""
    printed = [completion.issue.printed.holder for completion in completions if completion.issue is not None]
    names = frozenset(filter(None, [account.name if account else "", *printed, *also]))
    return Person(account_id, account.email if account else "", names)


def support_requests_of(person: Person) -> Iterator[SupportRequest]:
    after: str | None = None
    while page := support.support_requests(after, PAGE):
        yield from (request for request in page if _asked_by(person, request))
        after = support.cursor_position(page[-1])


def _asked_by(person: Person, request: SupportRequest) -> bool:
    """Whether a request is the person's: it has their name or address and no other account's address."""
    said = (request.name, request.email, request.training, request.message or "")
    if not any(map(person.is_in, said)):
        return False
    of_others = set(people.accounts_with_email(request.email)) - {person.account_id}
    return replace(person, names=frozenset()).is_in(request.email) or not of_others
