"""Unmarked attendance: ended events with people who wait for their mark (L3)."""

from time import monotonic
from typing import NotRequired

from typing_extensions import TypedDict

from earned.api.paging import Cursor, Limit, from_cursor, to_cursor
from earned.api.responses import rfc_3339
from earned.api.routes import Routes
from earned.aws.dynamodb import trainings
from earned.domain.access import Operation
from earned.domain.training import LiveEvent
from earned.messages.schema_types import Instant
from earned.usecases.unmarked_attendance import waiting

routes = Routes()


SECONDS_PER_PAGE = 3.0


class UnmarkedEvent(TypedDict):
    """An ended event, and how many of its people are not marked."""

    live_event_id: str
    title: str
    ended_at: Instant
    waiting: int


class UnmarkedPage(TypedDict):
    """One page; `next_cursor` is absent on the last."""

    items: list[UnmarkedEvent]
    next_cursor: NotRequired[str]


@routes.endpoint("GET", "/v1/unmarked-attendance", Operation.SEE_UNMARKED_ATTENDANCE)
def unmarked_attendance(cursor: Cursor = None, limit: Limit = 50) -> UnmarkedPage:
    """Ended events with people still unmarked, the one that ended first at the top.

    A page may be short, even empty, and still have a successor: when counting took its time.
    """
    answer: UnmarkedPage = {"items": []}
    enough = monotonic() + SECONDS_PER_PAGE
    events = trainings.ended_events(routes.now, from_cursor(cursor))
    for position, event in events:
        people = sum(waiting(event, routes.now))
        if people > 0:
            answer["items"].append(_view(event, people))
        if len(answer["items"]) == limit or monotonic() > enough:
            if next(events, None) is not None:
                answer["next_cursor"] = to_cursor(position)
            break
    return answer


def _view(event: LiveEvent, people: int) -> UnmarkedEvent:
    return {
        "live_event_id": event.live_event_id,
        "title": event.title,
        "ended_at": rfc_3339(event.ends_at),
        "waiting": people,
    }
