"""Bugs that somebody could write, each one small change to the service; the simulator is judged by whether it finds them.

`old` stands exactly once in its file: when the code moves on, a bug that no longer fits fails loudly.
"""

from dataclasses import dataclass

CORE = "layers/core/earned/"
ATTENDANCE = "functions/record_attendance/app.py"
DIRECTORY = "functions/record_directory/app.py"
EVALUATE = "functions/evaluate_enrollments/app.py"
GENERATE = "functions/generate_certificate/app.py"
SWEEP = "functions/sweep/app.py"


@dataclass(frozen=True)
class Bug:
    """A bug: its name, what somebody was thinking, and the one place in one file where it is planted."""

    name: str
    what: str
    file: str
    old: str
    new: str


IN_THE_WAY_IN = (
    Bug(
        "acknowledge-before-enqueue",
        "the events are recorded, so they are acknowledged although the generation message could not be sent",
        CORE + "recording.py",
        "    with batch.again_on_error(*(one for _, group in due for one in group)):\n",
        "    with batch.again_on_error():\n",
    ),
    Bug(
        "act-on-winning-the-write",
        "only the update that made a record complete asks for the certificate; a repeated delivery has nothing to do",
        CORE + "store.py",
        "    _update(row, [CompletionRow.facts.add(set(facts))], condition, otherwise=Closed)\n    return row.completion()\n",
        "    before = next((one.facts or set() for one in _batch_get([(row.pk, row.sk)])), set())\n"
        "    if set(facts) <= before:\n"
        "        raise Closed\n"
        "    _update(row, [CompletionRow.facts.add(set(facts))], condition, otherwise=Closed)\n"
        "    return row.completion()\n",
    ),
    Bug(
        "ignore-failed-entries",
        "SendMessageBatch answered 200, so everything is taken",
        CORE + "queues.py",
        '            failed = self.client.send_message_batch(QueueUrl=self.url, Entries=entries).get("Failed", [])\n',
        "            self.client.send_message_batch(QueueUrl=self.url, Entries=entries)\n            failed: list[Any] = []\n",
    ),
    Bug(
        "only-the-first-ten",
        "a batch request takes ten entries, so ten are sent",
        CORE + "queues.py",
        "        for start in range(0, len(messages), LARGEST_BATCH):\n            entries = [_entry",
        "        for start in range(0, min(len(messages), LARGEST_BATCH), LARGEST_BATCH):\n            entries = [_entry",
    ),
    Bug(
        "swallow-an-error-in-the-batch-loop",
        "an error is logged and the loop goes on",
        CORE + "intake.py",
        "                pass\n            self.again(received)\n",
        "                pass\n",
    ),
    Bug(
        "empty-batch-response",
        "the handler answers that everything went well",
        CORE + "intake.py",
        'return {"batchItemFailures": [{"itemIdentifier": message_id} for message_id in sorted(self._again)]}',
        'return {"batchItemFailures": []}',
    ),
    Bug(
        "one-failure-answers-for-all-but-itself",
        "the answer names the messages that went well",
        CORE + "intake.py",
        "for message_id in sorted(self._again)]}",
        'for message_id in sorted({one["messageId"] for one in self._records} - self._again) if self._again]}',
    ),
    Bug(
        "quarantine-without-a-reason",
        "a refused message goes to the dead letters as it is",
        CORE + "queues.py",
        "MessageBody=body, MessageAttributes=attributes, **fair)",
        "MessageBody=body, **fair)",
    ),
    Bug(
        "quarantine-without-checking",
        "a refused message is acknowledged even if the dead-letter queue did not take it",
        CORE + "intake.py",
        "        with self.again_on_error(received):\n            self._dead_letters",
        "        with self.again_on_error():\n            self._dead_letters",
    ),
    Bug(
        "refused-events-are-retried",
        "whatever cannot be read is left for a retry, until SQS gives it up without a reason",
        CORE + "intake.py",
        "                except Rejected as rejection:\n                    self.quarantine(raw, rejection)\n",
        "                except Rejected:\n                    self.again([raw])\n",
    ),
    Bug(
        "refused-events-are-dropped",
        "whatever cannot be read is logged and acknowledged",
        CORE + "intake.py",
        "                except Rejected as rejection:\n                    self.quarantine(raw, rejection)\n",
        '                except Rejected as rejection:\n                    logger.warning("refused", extra={"reason": rejection.reason})\n',
    ),
    Bug(
        "lose-events-of-unknown-enrollments",
        "facts are only kept where there is an enrollment",
        CORE + "store.py",
        "        enrollment_id, account_id, facts, CompletionRow.removed.does_not_exist() & CompletionRow.issue.does_not_exist()\n",
        "        enrollment_id,\n        account_id,\n        facts,\n"
        "        CompletionRow.enrolled.exists() & CompletionRow.removed.does_not_exist() & CompletionRow.issue.does_not_exist(),\n",
    ),
    Bug(
        "facts-grow-after-issue",
        "facts are recorded as long as the enrollment stands, also after the certificate they earned",
        CORE + "store.py",
        "CompletionRow.removed.does_not_exist() & CompletionRow.issue.does_not_exist()\n",
        "CompletionRow.removed.does_not_exist()\n",
    ),
    Bug(
        "marks-stop-at-issue",
        "facts stop growing at issue, attendance included",
        CORE + "store.py",
        "    return _add(enrollment_id, account_id, facts, CompletionRow.removed.does_not_exist())\n",
        "    return record_progress(enrollment_id, account_id, facts)\n",
    ),
    Bug(
        "counter-instead-of-set",
        "each delivery of a graded quiz counts as an attempt",
        CORE + "events.py",
        "return QuizGraded(self.data.step_id, self.time, self.data.score, self.identity)",
        "return QuizGraded(\n"
        "            self.data.step_id, self.time, self.data.score, identify(self.source, str(datetime.now(UTC)))\n"
        "        )",
    ),
    Bug(
        "attempts-by-score",
        "two attempts with the same score are taken for one",
        CORE + "events.py",
        "return QuizGraded(self.data.step_id, self.time, self.data.score, self.identity)",
        "return QuizGraded(\n            self.data.step_id, self.time, self.data.score, identify(self.source, str(self.data.score))\n        )",
    ),
    Bug(
        "order-by-arrival",
        "a lesson counts from the moment its event arrived",
        CORE + "events.py",
        "return StepDone(self.data.step_id, self.time)",
        "return StepDone(self.data.step_id, datetime.now(UTC))",
    ),
    Bug(
        "mark-by-anyone",
        "the portal would not let anybody but an administrator mark",
        ATTENDANCE,
        "    if mark.data.marked_by.role != Role.ADMINISTRATOR:\n",
        "    if mark.data.marked_by.role not in set(Role):\n",
    ),
    Bug(
        "mark-before-the-end-is-kept",
        "a mark before the end is recorded; the rules will not count it anyway",
        ATTENDANCE,
        "and _too_early(mark, _look_up(mark)):\n",
        "and not _look_up(mark):\n",
    ),
    Bug(
        "refuse-by-a-remembered-schedule",
        "an event's end is read once per container, although events are rescheduled",
        ATTENDANCE,
        "    if _too_early(mark, last_seen.get(mark.data.live_event_id)) is not False and _too_early(mark, _look_up(mark)):\n",
        "    if _too_early(mark, last_seen.get(mark.data.live_event_id) or _look_up(mark)):\n",
    ),
    Bug(
        "marks-of-another-event-vanish",
        "a mark for another event than the enrollment's counts nothing, so nobody is told",
        CORE + "recording.py",
        '            batch.quarantine(one, Rejected("training-mismatch"))\n',
        "            continue\n",
    ),
    Bug(
        "another-accounts-events-vanish",
        "an event that names another account than the enrollment's counts nothing, so nobody is told",
        CORE + "recording.py",
        "    if completion.training_id is None:\n        existing",
        "    if completion.training_id is None:\n        return\n        existing",
    ),
    Bug(
        "grouped-by-enrollment-alone",
        "an enrollment has one account, so the first event of a batch says whose it is",
        CORE + "recording.py",
        "        groups[one.event.data.enrollment_id, one.event.data.account_id].append(one)\n    return groups\n",
        "        groups[one.event.data.enrollment_id].append(one)\n"
        "    return {(key, group[0].event.data.account_id): group for key, group in groups.items()}\n",
    ),
    Bug(
        "corrections-are-not-due",
        "a record that has its certificate is not looked at again when attendance is corrected",
        CORE + "judgement.py",
        "    return absent_since(completion, training) is not None\n",
        "    return False\n",
    ),
    Bug(
        "course-cached-for-good",
        "a training is read once per container, whatever version a record names",
        CORE + "store.py",
        "    return training(training_id)\n\n\ndef email_code",
        "    if training_id not in _remembered:\n"
        "        _remembered[training_id] = training(training_id)\n"
        "    return _remembered[training_id]\n\n\n"
        "_remembered: dict[str, Training | None] = {}\n\n\ndef email_code",
    ),
)

IN_THE_DIRECTORY = (
    Bug(
        "last-writer-wins-by-arrival",
        "what arrives last is what is kept of accounts and companies",
        CORE + "store.py",
        "    _update_unless(row, actions, stamp.does_not_exist() | (stamp < milliseconds(at)))\n",
        "    _update(row, actions)\n",
    ),
    Bug(
        "older-course-overwrites",
        "the version that arrives last is the newest",
        CORE + "store.py",
        "    newest = TrainingRow.version.does_not_exist() | (TrainingRow.version < training.version)\n"
        "    _update_unless(_training_row(training.training_id), actions + _on_calendar(training), newest)\n",
        "    _update(_training_row(training.training_id), actions + _on_calendar(training))\n",
    ),
    Bug(
        "cancelled-for-good",
        "a cancelled event stays cancelled, also when it is scheduled again",
        CORE + "store.py",
        "cancelled=cancelled >= version)",
        "cancelled=True)",
    ),
    Bug(
        "late-save-revives-an-account",
        "an account that is saved is there",
        CORE + "store.py",
        "        AccountRow.kind.set(account.kind.value),\n",
        "        AccountRow.kind.set(account.kind.value),\n        AccountRow.removed.remove(),\n",
    ),
    Bug(
        "late-creation-revives-an-enrollment",
        "an enrollment that is created is there",
        CORE + "store.py",
        "    _update(row, [name.set(name | value) for name, value in values if value is not None])\n    return row.completion()\n",
        "    again = [CompletionRow.removed.remove(), CompletionRow.removed_by.remove()]\n"
        "    _update(row, [name.set(name | value) for name, value in values if value is not None] + again)\n"
        "    return row.completion()\n",
    ),
    Bug(
        "a-new-certificate-id-each-time",
        "an enrollment that is delivered again gets a new certificate id",
        CORE + "store.py",
        "    _update(row, [name.set(name | value) for name, value in values if value is not None])\n",
        "    _update(row, [name.set(value) for name, value in values if value is not None])\n",
    ),
    Bug(
        "an-enrollment-id-is-taken-over",
        "nobody looks whether an enrollment id belongs to another account",
        CORE + "store.py",
        "    if existing is not None and existing.account_id != completion.account_id:\n        raise EnrollmentTaken\n",
        "    if existing is not None and existing.account_id == completion.account_id:\n        return existing\n",
    ),
    Bug(
        "facts-before-the-enrollment-wait",
        "an enrollment that has just been created cannot be complete",
        DIRECTORY,
        "    if known and not completion.evidence:\n        return []\n",
        "    if known:\n        return []\n",
    ),
    Bug(
        "a-known-course-is-not-news",
        "a course that is kept already was dealt with",
        DIRECTORY,
        "            training = event.training()\n            store.save_training(training)\n",
        "            training = event.training()\n"
        "            if store.training(training.training_id) == training:\n"
        "                return []\n"
        "            store.save_training(training)\n",
    ),
    Bug(
        "a-withdrawal-without-its-name",
        "the request to announce a withdrawal does not say whose deed it was",
        DIRECTORY,
        "generation_of(withdrawn, request=event.identity)",
        "generation_of(withdrawn)",
    ),
    Bug(
        "withdrawn-by-the-last-to-ask",
        "a removal that is delivered again, or comes twice, is the one that counts",
        CORE + "store.py",
        "        CompletionRow.removed.set(CompletionRow.removed | milliseconds(at)),\n",
        "        CompletionRow.removed.set(milliseconds(at)),\n",
    ),
    Bug(
        "a-removed-accounts-people-stay",
        "an account that is removed takes nothing with it",
        EVALUATE,
        "    if case.account is not None and case.account.removed:\n        return withdraw(completion)\n",
        "",
    ),
    Bug(
        "a-new-version-is-not-noted",
        "a record is judged for good by the version it was enrolled in",
        EVALUATE,
        "    if version == completion.training_version and (case.account is None or completion.account_known):\n",
        "    version = completion.training_version or version\n"
        "    if version == completion.training_version and (case.account is None or completion.account_known):\n",
    ),
    Bug(
        "the-company-follows-the-person",
        "the company of an enrollment is the account's as it is now",
        CORE + "store.py",
        "            actions.append(CompletionRow.company.set(CompletionRow.company | account.company_id))\n",
        "            actions.append(CompletionRow.company.set(account.company_id))\n",
    ),
)

IN_GENERATION = (
    Bug(
        "trust-the-message",
        "whoever sent the message has judged already",
        GENERATE,
        "    verdict = judge_for_issue(completion, training, account, now, tolerance)\n",
        "    verdict = replace(judge_for_issue(completion, training, account, now, tolerance), outstanding=(), completed_at=now)\n",
    ),
    Bug(
        "trust-the-message-for-its-training-and-company",
        "what the message says is read, and the record is not asked whether it is right",
        CORE + "store.py",
        "    if (record.training_id, record.company_id) != (training_id, company_id):\n        return cases([record])[0]\n",
        "",
    ),
    Bug(
        "ignore-unprocessed-keys",
        "BatchGetItem returns all it was asked for",
        CORE + "store.py",
        "    return list(Row.batch_get(keys, consistent_read=True))\n",
        '    asked = [{"pk": {"S": pk}, "sk": {"S": sk}} for pk, sk in dict.fromkeys(keys)]\n'
        "    if not asked:\n"
        "        return []\n"
        "    found, _ = Row._batch_get_page(asked, consistent_read=True, attributes_to_get=None)\n"
        "    return [Row.from_raw_data(item) for item in found]\n",
    ),
    Bug(
        "a-stale-course",
        "a record is judged by the version of the course that it was last judged by",
        GENERATE,
        "    completion, training, account, now = case.completion, case.training, case.account, datetime.now(UTC)\n",
        "    completion, account, now = case.completion, case.account, datetime.now(UTC)\n"
        '    training = store.archived_training(completion.training_id or "", completion.training_version or 0)\n',
    ),
    Bug(
        "no-tolerance",
        "the generator is not told of the grace for clocks",
        GENERATE,
        "tolerance = timedelta(seconds=float(settings.order_tolerance_seconds))\n",
        "tolerance = timedelta(0)\n",
    ),
    Bug(
        "issue-without-comparing-facts",
        "what was evaluated is what is there",
        CORE + "store.py",
        "    unchanged: Condition = stands & same_facts & same_certificate & same_status\n",
        "    unchanged: Condition = stands & same_certificate & same_status\n",
    ),
    Bug(
        "issue-without-standing",
        "an enrollment that was evaluated is still there",
        CORE + "store.py",
        "    unchanged: Condition = stands & same_facts & same_certificate & same_status\n",
        "    unchanged: Condition = same_facts & same_certificate & same_status\n",
    ),
    Bug(
        "issue-twice",
        "a certificate is issued whether or not somebody issued it meanwhile",
        CORE + "store.py",
        "    unchanged: Condition = stands & same_facts & same_certificate & same_status\n",
        "    unchanged: Condition = stands & same_facts\n",
    ),
    Bug(
        "revoke-without-the-condition",
        "what is absent is revoked, whatever happened since it was read",
        CORE + "store.py",
        "    _update(row, [action], _unchanged(completion), otherwise=Changed)\n\n\ndef hold",
        "    _update(row, [action])\n\n\ndef hold",
    ),
    Bug(
        "missing-if-none-match",
        "a document is put where it belongs",
        CORE + "documents.py",
        '                Body=pdf,\n                IfNoneMatch="*",\n',
        "                Body=pdf,\n",
    ),
    Bug(
        "any-document-will-do",
        "a document that is there already is the right one",
        CORE + "documents.py",
        "            if self.sha256_of(certificate_id, revision) != sha256:\n                raise DifferentDocument from None\n",
        "",
    ),
    Bug(
        "issue-before-the-document",
        "the certificate is issued first, and its document is put after it",
        GENERATE,
        "        revision, sha256 = keep_document(printed, first=before.revision + 1 if before else 1)\n",
        "        revision = before.revision + 1 if before else 1\n"
        "        sha256 = hashlib.sha256(document_of(printed)).hexdigest()\n",
    ),
    Bug(
        "announce-before-issuing",
        "the portal is told as soon as the document is there",
        GENERATE,
        "    store.issue(completion, issue)\n    measure(",
        "    bus.announce([announcements.issued(completion, issue)])\n    store.issue(completion, issue)\n    measure(",
    ),
    Bug(
        "announce-before-the-document",
        "the portal is told while the document is being made",
        GENERATE,
        "    printed = printed_for(completion, training, account, case.company, verdict.completed_at)\n    before = completion.issue\n",
        "    printed = printed_for(completion, training, account, case.company, verdict.completed_at)\n"
        "    before = completion.issue\n"
        "    soon = Issue(\n"
        "        before.revision + 1 if before else 1, now, verdict.completed_at, training.version,\n"
        '        digest(completion.evidence), "", printed, request.request, now if before else None\n'
        "    )\n"
        "    bus.announce([announcements.issued(completion, soon)])\n",
    ),
    Bug(
        "announce-only-what-was-won",
        "a certificate that is issued already was announced by whoever issued it",
        GENERATE,
        "    if issue.request == request.request:\n        return announcements.issued(completion, issue)\n",
        "    if issue.request == request.request:\n        return None\n",
    ),
    Bug(
        "announcements-are-not-checked",
        "PutEvents answered 200, so everything is taken",
        CORE + "announcements.py",
        '            taken += ["ErrorCode" not in entry for entry in entries]\n',
        "            taken += [True for _ in entries]\n",
    ),
    Bug(
        "an-announcement-is-new-each-time",
        "whoever hears an announcement again takes it for another one",
        CORE + "announcements.py",
        """        "id": f"{certificate_id}.{revision}.{kind.split('.')[2]}",\n""",
        """        "id": f"{certificate_id}.{revision}.{kind.split('.')[2]}.{datetime.now().timestamp()}",\n""",
    ),
    Bug(
        "a-revocation-without-its-name",
        "whoever revoked and was interrupted does not know that it was them",
        GENERATE,
        "Revocation(datetime.now(UTC), Reason.MARKED_ABSENT.value, request.request)",
        'Revocation(datetime.now(UTC), Reason.MARKED_ABSENT.value, "")',
    ),
    Bug(
        "revoked-for-good",
        "a revoked certificate does not come back",
        GENERATE,
        "            return announce_revocation(completion, request) or make(case, request)\n",
        "            return announce_revocation(completion, request)\n",
    ),
    Bug(
        "returned-under-the-old-revision",
        "a certificate comes back as the revision that was revoked",
        GENERATE,
        "first=before.revision + 1 if before else 1)",
        "first=before.revision if before else 1)",
    ),
    Bug(
        "reissue-each-time",
        "a request to reissue that is delivered again makes another revision",
        GENERATE,
        "        printed=printed,\n        request=request.request,\n        reissued_at=now,\n",
        "        printed=printed,\n        reissued_at=now,\n",
    ),
    Bug(
        "reissue-keeps-the-revision",
        "the record of a reissued certificate keeps its revision",
        GENERATE,
        "        issue,\n        revision=revision,\n",
        "        issue,\n",
    ),
    Bug(
        "reissue-under-the-old-hash",
        "the record of a reissued certificate keeps the hash of its first document",
        GENERATE,
        "        revision=revision,\n        document_sha256=sha256,\n        printed=printed,\n",
        "        revision=revision,\n        printed=printed,\n",
    ),
    Bug(
        "a-removed-account-still-gets-one",
        "an account that was removed has a name to print all the same",
        GENERATE,
        "or training is None or account is None or account.removed:\n        logger.info",
        "or training is None or account is None:\n        logger.info",
    ),
    Bug(
        "dated-on-the-day-of-printing",
        "the day on the certificate is the one on which it is made",
        GENERATE,
        "completed_on=completed_at.astimezone",
        "completed_on=datetime.now(UTC).astimezone",
    ),
    Bug(
        "digest-in-any-order",
        "a set has an order",
        CORE + "facts.py",
        "    for stored in sorted(evidence):\n",
        "    for stored in sorted(evidence, key=hash):\n",
    ),
    Bug(
        "sweeps-requests-revoke-nothing",
        "only an event may lead to a revocation",
        GENERATE,
        "    if absent is not None:\n",
        "    if absent is not None and request.purpose is Purpose.SETTLE:\n",
    ),
)

IN_THE_SWEEP = (
    Bug(
        "sweep-leaves-the-unissued",
        "what is complete has been asked for by its own event",
        SWEEP,
        "        case Finding.JUST_COMPLETED | Finding.COMPLETE_NOT_ISSUED | Finding.HELD | Finding.ABSENT_NOT_REVOKED:\n",
        "        case Finding.HELD | Finding.ABSENT_NOT_REVOKED:\n",
    ),
    Bug(
        "sweep-starts-over",
        "each run begins with the first page",
        SWEEP,
        "    if last is not None and last.after is not None:\n        return last\n",
        "",
    ),
    Bug(
        "sweep-leaves-what-is-out-of-date",
        "a record that lags behind its training is evaluated when its training says so",
        SWEEP,
        "if finding in {Finding.OUT_OF_DATE, Finding.ACCOUNT_REMOVED}]",
        "if finding is Finding.ACCOUNT_REMOVED]",
    ),
    Bug(
        "sweep-leaves-removed-accounts",
        "a removed account withdraws its enrollments itself",
        SWEEP,
        "if finding in {Finding.OUT_OF_DATE, Finding.ACCOUNT_REMOVED}]",
        "if finding is Finding.OUT_OF_DATE]",
    ),
    Bug(
        "sweep-leaves-lost-documents",
        "a document that was put is there",
        SWEEP,
        "            return generation_of(case.completion, purpose=Purpose.RESTORE)\n",
        "            return None\n",
    ),
    Bug(
        "sweep-leaves-uncorrected-attendance",
        "a correction to absent is dealt with by its own event",
        SWEEP,
        "| Finding.HELD | Finding.ABSENT_NOT_REVOKED:\n",
        "| Finding.HELD:\n",
    ),
)

IN_THE_RULES = (
    Bug(
        "registration-is-enough",
        "somebody who is enrolled in an event that has ended was there",
        CORE + "rules.py",
        "    if not marks:\n        return _outstanding(",
        "    if not marks:\n        return Verdict((), event.ends_at)\n        return _outstanding(",
    ),
    Bug(
        "a-mark-before-the-end-counts",
        "a mark counts whenever it was made",
        CORE + "rules.py",
        "for mark in marks if mark.at >= event.ends_at})",
        "for mark in marks})",
    ),
    Bug(
        "a-mark-counts-before-the-end",
        "somebody who is marked present was there, whether or not the event has ended",
        CORE + "rules.py",
        "    if now < event.ends_at:\n",
        "    if now < event.ends_at and not _marks(event, facts):\n",
    ),
    Bug(
        "the-first-mark-wins",
        "attendance is marked once",
        CORE + "rules.py",
        "    _, absent = marks[-1]\n",
        "    _, absent = marks[0]\n",
    ),
    Bug(
        "one-sitting-covers-it-all",
        "a video counts once one sitting covers it",
        CORE + "rules.py",
        "        played.extend(ranges)\n",
        "        played = list(ranges)\n",
    ),
    Bug(
        "seen-is-the-sum-of-what-was-played",
        "a video counts once as many seconds were played as it has",
        CORE + "rules.py",
        "    reached = 0\n    for start, end in ranges:\n        if start - reached > LARGEST_GAP:\n            return False\n"
        "        reached = max(reached, end)\n",
        "    reached = sum(end - start for start, end in ranges)\n",
    ),
    Bug(
        "one-attempt-more",
        "the attempts are counted from zero",
        CORE + "rules.py",
        "if left is None or left > 0:\n",
        "if left is None or left >= 0:\n",
    ),
    Bug(
        "a-later-failure-undoes-a-pass",
        "the last attempt is the one that counts",
        CORE + "rules.py",
        "    return next((a.at for a in valid if a.score >= step.passing_score and a.at >= earliest), None)\n",
        "    return next((a.at for a in valid[-1:] if a.score >= step.passing_score and a.at >= earliest), None)\n",
    ),
    Bug(
        "a-grant-makes-an-early-pass-valid",
        "granted attempts count from the beginning",
        CORE + "rules.py",
        "    left = step.attempts\n    valid = []\n",
        "    left = step.attempts and step.attempts + sum(f.attempts for f in own if isinstance(f, AttemptsGranted))\n    valid = []\n",
    ),
    Bug(
        "the-tolerance-chains",
        "a step counts from the moment it was done, so the grace adds up from step to step",
        CORE + "rules.py",
        "    return max(done, predecessor) if done else None\n",
        "    return done\n",
    ),
    Bug(
        "any-order-will-do",
        "a step that is done is done",
        CORE + "rules.py",
        "        if course.ordered:\n            predecessor = moment\n",
        "        if course.ordered:\n            predecessor = BEGINNING\n",
    ),
    Bug(
        "optional-steps-hold-up",
        "every step is required",
        CORE + "rules.py",
        "    for step in (step for step in course.steps if step.required):\n",
        "    for step in course.steps:\n",
    ),
    Bug(
        "the-last-step-is-enough",
        "who did the last step in order has done them all",
        CORE + "rules.py",
        "    return Verdict(tuple(outstanding), max(moments) if not outstanding else None)\n",
        "    outstanding = outstanding if moment is None else []\n"
        "    return Verdict(tuple(outstanding), max(moments) if not outstanding else None)\n",
    ),
)

BUGS = (*IN_THE_WAY_IN, *IN_THE_DIRECTORY, *IN_GENERATION, *IN_THE_SWEEP, *IN_THE_RULES)
