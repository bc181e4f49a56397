"""Short stories of one event after another, in which nothing hides a fault."""

from collections.abc import Callable
from typing import Any

from tests.simulation.clock import MINUTE, SECOND, at
from tests.simulation.stories.draft import Draft
from tests.simulation.stories.people import account_data, draw_person
from tests.simulation.stories.steps import START, Ask, Purge


def _course_gets_shorter(draft: Draft) -> None:
    """The course loses its last step before the person has done it, while sandboxes remember the longer one."""
    person, began = draw_person(draft, 0), START + 2 * MINUTE
    key, course = {"enrollment_id": "enr-1", "account_id": person.account_id}, _course()
    shortened = course | {"version": 2, "title": "Title 2", "steps": course["steps"][:2]}
    learning = began + 40 * MINUTE
    events: list[tuple[int, str, str, dict[str, Any]]] = [
        (began, "Directory", "account.saved", account_data(person)),
        (began + 10 * MINUTE, "Directory", "course.published", course),
        (began + 20 * MINUTE, "Directory", "enrollment.created", key | {"training_id": "course-1"}),
        (learning, "Progress", "lesson.completed", key | {"step_id": "s1"}),
        (learning + 15 * SECOND, "Directory", "course.published", shortened),
        (learning + 30 * SECOND, "Progress", "lesson.completed", key | {"step_id": "s2"}),
    ]
    for then, queue, kind, data in events:
        draft.post(queue, kind, data, then, then)


def _correction_without_its_request(draft: Draft) -> None:
    """A mark is corrected after issue, maybe of a cancelled event, and a purge loses the request to revoke."""
    over, mark = _event_with_one_person(draft)
    corrected = over + 20 * MINUTE
    draft.post("Attendance", "attendance.marked", mark | {"status": "present"}, over + MINUTE, over + MINUTE)
    draft.post("Attendance", "attendance.marked", mark | {"status": "absent"}, corrected, corrected)
    if draft.happens(0.5):
        cancelled = over + 10 * MINUTE
        draft.post("Directory", "live-event.cancelled", {"live_event_id": "event-1"}, cancelled, cancelled)
    draft.steps.append(Purge(corrected, "Generation"))


def _mark_before_the_end(draft: Draft) -> None:
    """The clock of an administrator is ahead: a mark that is dated after the event's end arrives before it."""
    over, mark = _event_with_one_person(draft)
    dated, posted = over + draft.within(0, MINUTE), over - draft.within(10 * SECOND, 3 * MINUTE)
    draft.post("Attendance", "attendance.marked", mark | {"status": "present"}, dated, posted)


def _slower_clock_for_each_step(draft: Draft) -> None:
    """Each step is dated some minutes before the previous one; the tolerance for clocks does not add up (C2)."""
    person, began = draw_person(draft, 0), START + 30 * MINUTE
    key = {"enrollment_id": "enr-1", "account_id": person.account_id}
    slower = draft.within(2 * MINUTE, 6 * MINUTE)
    directory: list[tuple[str, dict[str, Any]]] = [
        ("account.saved", account_data(person)),
        ("course.published", _course()),
        ("enrollment.created", key | {"training_id": "course-1"}),
    ]
    for number, (kind, data) in enumerate(directory):
        draft.post("Directory", kind, data, START + number * MINUTE, START + number * MINUTE)
    for number in range(3):
        dated, posted = began - number * slower, began + number * MINUTE
        draft.post("Progress", "lesson.completed", key | {"step_id": f"s{number + 1}"}, dated, posted)


def _removal_without_its_evaluation(draft: Draft) -> None:
    """The account is removed before the last step, and a purge loses the request to withdraw the enrollment."""
    person, began = draw_person(draft, 0), START + 2 * MINUTE
    key, account = {"enrollment_id": "enr-1", "account_id": person.account_id}, {"account_id": person.account_id}
    events: list[tuple[str, str, dict[str, Any]]] = [
        ("Directory", "account.saved", account_data(person)),
        ("Directory", "course.published", _course()),
        ("Directory", "enrollment.created", key | {"training_id": "course-1"}),
        ("Progress", "lesson.completed", key | {"step_id": "s1"}),
        ("Progress", "lesson.completed", key | {"step_id": "s2"}),
        ("Directory", "account.removed", account),
        ("Progress", "lesson.completed", key | {"step_id": "s3"}),
    ]
    for number, (queue, kind, data) in enumerate(events):
        then = began + number * MINUTE
        draft.post(queue, kind, data, then, then)
        if kind == "account.removed":
            draft.steps.append(Purge(then, "Evaluation"))


def _course_gets_shorter_for_many(draft: Draft) -> None:
    """Twelve people are complete at once when the course loses its last step; a purge may lose what that leads to.

    Twelve, because a request to SQS takes ten messages.
    """
    people, now, course = [draw_person(draft, number) for number in range(12)], START + 2 * MINUTE, _course()
    keys = [{"enrollment_id": f"enr-{number}", "account_id": one.account_id} for number, one in enumerate(people)]
    shortened = course | {"version": 2, "title": "Title 2", "steps": course["steps"][:2]}
    rounds: list[tuple[str, str, list[dict[str, Any]]]] = [
        ("Directory", "account.saved", [account_data(person) for person in people]),
        ("Directory", "course.published", [course]),
        ("Directory", "enrollment.created", [key | {"training_id": "course-1"} for key in keys]),
        ("Progress", "lesson.completed", [key | {"step_id": "s1"} for key in keys]),
        ("Progress", "lesson.completed", [key | {"step_id": "s2"} for key in keys]),
        ("Directory", "course.published", [shortened]),
    ]
    for queue, kind, events in rounds:
        now += 5 * MINUTE
        for data in events:
            draft.post(queue, kind, data, now, now)
    if draft.happens(0.5):
        draft.steps.append(Purge(now, draft.chance.choice(["Evaluation", "Generation"])))


def _reissued_after_each_correction(draft: Draft) -> None:
    """Support asks for a reissue after each of several corrections of a name; a request may be delivered again."""
    person, now, course = draw_person(draft, 0), START + 2 * MINUTE, _course()
    key = {"enrollment_id": "enr-1", "account_id": person.account_id}
    draft.post("Directory", "account.saved", account_data(person), now, now)
    draft.post("Directory", "course.published", course, now, now)
    draft.post("Directory", "enrollment.created", key | {"training_id": "course-1"}, now, now)
    for step in course["steps"]:
        now += MINUTE
        draft.post("Progress", "lesson.completed", key | {"step_id": step["step_id"]}, now, now)
    for number in range(1, 13):
        now += 10 * MINUTE
        corrected = account_data(person) | {"name": f"{person.name} {number}"}
        draft.post("Directory", "account.saved", corrected, now, now)
        draft.steps.append(Ask(now + 8 * MINUTE, "reissue", {"sub": "sup-1", "role": "support"}, "enr-1"))


def _course() -> dict[str, Any]:
    steps = [{"step_id": f"s{number}", "kind": "lesson", "title": f"Step {number}"} for number in (1, 2, 3)]
    return {"course_id": "course-1", "version": 1, "title": "Title 1", "steps": steps}


def _event_with_one_person(draft: Draft) -> tuple[int, dict[str, Any]]:
    """The end of the event, and a mark without its status."""
    person, began = draw_person(draft, 0), START + 2 * MINUTE
    over = began + 10 * MINUTE
    key = {"enrollment_id": "enr-1", "account_id": person.account_id}
    event = {"live_event_id": "event-1", "title": "Title of event-1", "timezone": "Europe/Berlin"}
    times = {"starts_at": at(began).isoformat(), "ends_at": at(over).isoformat()}
    events: list[tuple[int, str, dict[str, Any]]] = [
        (began, "account.saved", account_data(person)),
        (began, "live-event.scheduled", event | times),
        (began + MINUTE, "enrollment.created", key | {"training_id": "event-1"}),
    ]
    for then, kind, data in events:
        draft.post("Directory", kind, data, then, then)
    marked_by = {"account_id": "adm-1", "role": "administrator"}
    return over, key | {"live_event_id": "event-1", "marked_by": marked_by}


SHORT_STORIES: tuple[tuple[float, Callable[[Draft], None]], ...] = (  # shares of the stories
    (0.04, _course_gets_shorter),
    (0.04, _correction_without_its_request),
    (0.02, _mark_before_the_end),
    (0.02, _slower_clock_for_each_step),
    (0.02, _removal_without_its_evaluation),
    (0.05, _course_gets_shorter_for_many),
    (0.04, _reissued_after_each_correction),
)
