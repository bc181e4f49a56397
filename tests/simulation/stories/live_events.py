"""Live events: their schedules, and the marks of the people."""

from tests.simulation.clock import HOUR, MINUTE, SECOND, at
from tests.simulation.stories.draft import Draft, Training, early
from tests.simulation.stories.mishaps import maybe_purge
from tests.simulation.stories.steps import START, ConcurrentEvent


def draw_live_event(draft: Draft, event_id: str) -> Training:
    ends = START + draft.within(10 * MINUTE, 3 * HOUR)
    data = {"live_event_id": event_id, "title": f"Title of {event_id}", "timezone": "Europe/Berlin"}

    def times(end: int) -> dict[str, str]:
        return {"starts_at": at(end - HOUR).isoformat(), "ends_at": at(end).isoformat()}

    scheduled = early(draft)
    draft.post("Directory", "live-event.scheduled", data | times(ends), scheduled)
    latest = ends
    while draft.happens(0.3):
        scheduled += draft.within(SECOND, 2 * HOUR)
        latest = ends + draft.within(-30 * MINUTE, 2 * HOUR)
        draft.post("Directory", "live-event.scheduled", data | times(latest), scheduled)
    if draft.happens(0.12):
        draft.post(
            "Directory", "live-event.cancelled", {"live_event_id": event_id}, scheduled + draft.within(-HOUR, 3 * HOUR)
        )
    return Training(event_id, "Attendance", data | {"first": ends, "ends": latest})


def attend(draft: Draft, key: dict[str, str], event: Training) -> int:
    """Mark a person, mostly once, by an administrator and after the end; returns the time of the last mark."""
    end = event.data["ends"] if draft.happens(0.75) else event.data["first"]  # sometimes by the first schedule
    now: int = end + draft.within(-10 * MINUTE if draft.happens(0.15) else 1, 20 * MINUTE)
    if draft.happens(0.2):  # right after the end
        now = end + draft.within(1, SECOND)
    statuses = draft.chance.choice(
        [["present"]] * 4 + [["absent"], []] + [["present", "absent"]] * 3 + [["present", "absent", "present"]] * 2
    )
    hasty = draft.happens(0.4)
    for status in statuses:
        role = "administrator" if draft.happens(0.93) else "employee"
        event_id = event.training_id if draft.happens(0.96) else "event-9"
        mark = {"live_event_id": event_id, "status": status, "marked_by": {"account_id": "adm-1", "role": role}}
        ahead = draft.chance.choice((30 * SECOND, HOUR)) if draft.happens(0.1) else 0  # the marking clock is ahead
        posted = now - draft.within(SECOND, ahead) if ahead else None
        draft.post("Attendance", "attendance.marked", key | mark, now, posted)
        if status == "absent":
            maybe_purge(draft, "Generation", now)
            if draft.happens(0.3):  # corrected again while the certificate is being revoked
                present = draft.event(
                    "Attendance", "attendance.marked", key | mark | {"status": "present"}, now + 1, now
                )
                draft.steps.append(ConcurrentEvent(now, key["enrollment_id"], present, reading=True))
        corrected_at_once = hasty and status == "absent"
        now += draft.within(100, 3 * SECOND) if corrected_at_once else draft.within(SECOND, 40 * MINUTE)
    return now
