"""What an import would lead to, by the rules of the service: how many certificates, and why others are missing."""

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from earned.domain.enrollment import CompletionRecord, Enrollment, EnrollmentKey
from earned.domain.evaluation import evaluate_for_issue
from earned.domain.fact_codec import encode
from earned.domain.people import Account, Role
from earned.domain.stamps import Stamp
from earned.domain.training import LiveEvent, Training
from earned.messages import directory, events, learning


@dataclass(frozen=True)
class Outcome:
    """`due` are enrollments whose certificate will be issued; `outstanding` and `refused` are counts by reason."""

    due: tuple[str, ...]
    outstanding: Counter[str]
    refused: Counter[str]


@dataclass
class Forecast:
    """Takes events in any order; of several that replace each other the greater stamp counts, as in the service."""

    _trainings: dict[str, tuple[int, Stamp, Training]] = field(default_factory=dict)
    _accounts: dict[str, tuple[Stamp, Account]] = field(default_factory=dict)
    _enrollments: dict[str, Enrollment] = field(default_factory=dict)
    _facts: dict[EnrollmentKey, set[bytes]] = field(default_factory=dict)
    _marks: list[learning.AttendanceMarkedEvent] = field(default_factory=list)
    _removed_accounts: set[str] = field(default_factory=set)
    _removed_enrollments: set[str] = field(default_factory=set)
    _cancelled: dict[str, Stamp] = field(default_factory=dict)
    _refused: Counter[str] = field(default_factory=Counter)

    def add(self, event: Any) -> None:
        match event:
            case directory.CoursePublishedEvent() | directory.LiveEventScheduledEvent():
                self._publish(event.training(), event.stamp)
            case directory.LiveEventCancelledEvent():
                known = self._cancelled.get(event.data.live_event_id, event.stamp)
                self._cancelled[event.data.live_event_id] = max(known, event.stamp)
            case directory.AccountSavedEvent():
                account = event.data.account()
                stamp, _ = self._accounts.get(account.account_id, (event.stamp, account))
                if event.stamp >= stamp:
                    self._accounts[account.account_id] = event.stamp, account
            case directory.AccountRemovedEvent():
                self._removed_accounts.add(event.data.account_id)
            case directory.EnrollmentCreatedEvent():
                self._enrollments.setdefault(event.data.enrollment_id, event.enrollment())
            case directory.EnrollmentRemovedEvent():
                self._removed_enrollments.add(event.data.enrollment_id)
            case learning.AttendanceMarkedEvent():
                self._marks.append(event)
            case _ if isinstance(event, events.ProgressEvent):
                self._add_fact(event)

    def outcome(self, now: datetime, tolerance: timedelta) -> Outcome:
        for mark in self._marks:
            self._mark(mark)
        self._marks.clear()
        due, outstanding = [], Counter[str]()
        for enrollment in self._enrollments.values():
            reasons = self._reasons(enrollment, now, tolerance)
            outstanding.update(reasons)
            if not reasons:
                due.append(enrollment.key.enrollment_id)
        unknown = self._facts.keys() - {one.key for one in self._enrollments.values()}
        refused = self._refused + Counter(
            {"account-mismatch": sum(key.enrollment_id in self._enrollments for key in unknown)}
        )
        outstanding += Counter(
            {"enrollment-not-in-the-file": sum(key.enrollment_id not in self._enrollments for key in unknown)}
        )
        return Outcome(tuple(due), outstanding, +refused)

    def _publish(self, training: Training, stamp: Stamp) -> None:
        version, known, _ = self._trainings.get(training.training_id, (training.version, stamp, training))
        if (training.version, stamp) >= (version, known):
            self._trainings[training.training_id] = training.version, stamp, training

    def _add_fact(self, event: Any) -> None:
        self._facts.setdefault(event.data.key, set()).update(encode(event.data.enrollment_id, event.fact()))

    def _mark(self, mark: learning.AttendanceMarkedEvent) -> None:
        _, _, event = self._trainings.get(mark.data.live_event_id, (0, None, None))
        if mark.data.marked_by.role != Role.ADMINISTRATOR:
            self._refused["not-an-administrator"] += 1
        elif isinstance(event, LiveEvent) and mark.time < event.ends_at:
            self._refused["marked-before-end"] += 1
        else:
            self._add_fact(mark)

    def _reasons(self, enrollment: Enrollment, now: datetime, tolerance: timedelta) -> Iterable[str]:
        """Why an enrollment gets no certificate; nothing if it gets one."""
        if (
            enrollment.key.enrollment_id in self._removed_enrollments
            or enrollment.key.account_id in self._removed_accounts
        ):
            return ["removed"]
        record = CompletionRecord(
            enrollment_id=enrollment.key.enrollment_id,
            account_id=enrollment.key.account_id,
            training_id=enrollment.training_id,
            certificate_id="",
            enrolled_at=enrollment.enrolled_at,
            evidence=frozenset(self._facts.get(enrollment.key, ())),
        )
        _, account = self._accounts.get(enrollment.key.account_id, (None, None))
        verdict = evaluate_for_issue(record, self._training(enrollment.training_id), account, now, tolerance)
        return {item.reason.value for item in verdict.outstanding}

    def _training(self, training_id: str) -> Training | None:
        if training_id not in self._trainings:
            return None
        _, stamp, training = self._trainings[training_id]
        if isinstance(training, LiveEvent) and training_id in self._cancelled:
            return replace(training, cancelled=self._cancelled[training_id] > stamp)
        return training
