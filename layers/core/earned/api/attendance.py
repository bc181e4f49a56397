"""Ended live events with missing attendance marks."""

from typing import Annotated, NamedTuple, NotRequired

from pydantic import Field, TypeAdapter
from typing_extensions import TypedDict

from earned.api.paging import Cursor, Cursors, Limit, page, training_list
from earned.api.problems import NotFound
from earned.api.routes import Routes
from earned.aws.dynamodb import trainings
from earned.domain.access import Operation
from earned.domain.attendance import accepts_marks, awaits_mark
from earned.domain.enrollment import EnrollmentContext
from earned.domain.timestamps import rfc_3339
from earned.domain.training import LiveEvent
from earned.messages.schema_types import Id, Instant
from earned.usecases.unmarked_attendance import waiting

routes = Routes()
SECONDS_PER_PAGE = 3.0


class CalendarPosition(NamedTuple):
    """The last event of a page: its end as the calendar sorts it, and its id."""

    ends_at: Annotated[str, Field(pattern=r"^[0-9T:.+-]{1,40}$")]
    live_event_id: Id


CURSORS = Cursors("unmarked attendance", TypeAdapter(tuple[str, CalendarPosition]))


class UnmarkedEvent(TypedDict):
    """A live event that has ended; `waiting` is the number of enrolled people without an attendance mark."""

    live_event_id: str
    title: str
    ended_at: Instant
    waiting: int


class UnmarkedPage(TypedDict):
    """A page of live events; `next_cursor` is absent on the last page."""

    items: list[UnmarkedEvent]
    next_cursor: NotRequired[str]


class UnmarkedPerson(TypedDict):
    """An enrolled person without an attendance mark; `holder` is absent while the account's name is unknown."""

    enrollment_id: str
    account_id: str
    holder: NotRequired[str]
    company_id: NotRequired[str]


class UnmarkedPeoplePage(TypedDict):
    """A page of people; `next_cursor` is absent on the last page."""

    items: list[UnmarkedPerson]
    next_cursor: NotRequired[str]


@routes.endpoint("GET", "/v1/unmarked-attendance", Operation.SEE_UNMARKED_ATTENDANCE)
def list_unmarked_attendance(cursor: Cursor = None, limit: Limit = 50) -> UnmarkedPage:
    """Live events that have ended and whose attendance is not completely marked, in the order in which they ended.

    A page has fewer than `limit` items, or none, when counting takes long; follow `next_cursor` until it is absent.
    """
    answer: UnmarkedPage = {"items": []}
    monotonic = routes.dependencies.monotonic
    deadline = monotonic() + SECONDS_PER_PAGE
    events = trainings.ended_events(routes.now, CURSORS.decode(cursor))
    for position, event in events:
        people = sum(waiting(event, routes.now))
        if people > 0:
            answer["items"].append(_view(event, people))
        if len(answer["items"]) == limit or monotonic() > deadline:
            if next(events, None) is not None:
                answer["next_cursor"] = CURSORS.encode(CalendarPosition(*position))
            break
    return answer


@routes.endpoint("GET", "/v1/unmarked-attendance/<live_event_id>", Operation.SEE_UNMARKED_ATTENDANCE)
def list_unmarked_people(live_event_id: str, cursor: Cursor = None, limit: Limit = 50) -> UnmarkedPeoplePage:
    """The people who wait for their attendance mark at a live event; none before it has ended or once it is cancelled.

    A page may have fewer than `limit` items, or none, before the last page.
    """
    event, now = trainings.get_training(live_event_id), routes.now
    if not isinstance(event, LiveEvent):
        raise NotFound
    if not accepts_marks(event, now):
        return {"items": []}

    def view(context: EnrollmentContext) -> UnmarkedPerson | None:
        waits = context.is_active and awaits_mark(context.record, event, now)
        return _person(context) if waits else None

    items, next_cursor = page(training_list("unmarked attendance", live_event_id), cursor, limit, view)
    answer: UnmarkedPeoplePage = {"items": items}
    if next_cursor is not None:
        answer["next_cursor"] = next_cursor
    return answer


def _person(context: EnrollmentContext) -> UnmarkedPerson:
    record, account = context.record, context.account
    person: UnmarkedPerson = {"enrollment_id": record.enrollment_id, "account_id": record.account_id}
    if account is not None and account.name:
        person["holder"] = account.name
    if record.company_id is not None:
        person["company_id"] = record.company_id
    return person


def _view(event: LiveEvent, people: int) -> UnmarkedEvent:
    return {
        "live_event_id": event.live_event_id,
        "title": event.title,
        "ended_at": rfc_3339(event.ends_at),
        "waiting": people,
    }
