"""The result that a credential states."""

from datetime import datetime, timedelta

from earned.domain.certificate import QuizResult
from earned.domain.enrollment import CompletionRecord
from earned.domain.fact_codec import decode
from earned.domain.rules import allowed_from, counted_at
from earned.domain.step_history import BEGINNING, facts_by_step, read_history
from earned.domain.training import Completion, Course, Training


def quiz_result(record: CompletionRecord, training: Training | None, tolerance: timedelta) -> QuizResult | None:
    """The score by which the quiz of a course counted, if the course has exactly one required quiz."""
    if not isinstance(training, Course):
        return None
    required = [step for step in training.steps if step.required]
    quizzes = [step for step in required if step.kind.completion is Completion.PASSED]
    if len(quizzes) != 1:
        return None
    of_steps = facts_by_step(decode(record.enrollment_id, record.evidence, training))
    predecessor: datetime | None = BEGINNING
    for step in required:
        history = read_history(step, of_steps[step.step_id])
        if step is quizzes[0]:
            score = None if predecessor is None else history.score_from(allowed_from(predecessor, tolerance))
            return None if score is None else QuizResult(score, step.passing_score, step.max_score)
        if training.ordered:
            predecessor = counted_at(history, predecessor, tolerance)
    return None
