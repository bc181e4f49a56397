"""The invariants of docs/design.md §8, each with the checks that hold it.

Most are checked when they could break: at each write, put, announcement, acknowledgement and answer. An invocation must
take account of every event that was acknowledged before it began; it may take account of later ones.

- I1 Never early: `never_early.check_issuance`, `check_active` and `check_revocation`, at each write of a record.
- I2 One certificate per enrollment: `one_certificate.check_id`, `check_revision`, `check_reissues` and
  `check_request`, at each write of a record; `documents.check_announcement` and `announced.check_id`,
  because a change is announced by one event.
- I3 Nothing lost: `nothing_lost.check_facts` at each write, `check_kept` when Lambda deletes a message, `check_reason`
  and `check_refusal` at each quarantine; `end_of_run.check` for the certificates, queues and refusals that are due.
- I4 Order and duplication change nothing: `order.check_progress` at each write; `end_of_run.check` compares the result
  with the oracle, which knows no order of delivery: of events that replace each other, the greatest time, source and id
  win; of the removals of an account, the earliest.
- I5 No document is overwritten: `documents.check_put`.
- I6 No link beyond the access table: `access.check_answer` for the API's answers, `access.check_archive` for exports.
- I7 The document says what the record says: `documents.check_content` and `check_durable` at each issuance,
  `never_early.check_evidence` at each write, `access.check_archive` for exports, and `access.check_answer` for copies
  of a superseded revision.
- I8 Announced after the document is durable: `documents.check_durable` and `check_announcement`; `end_of_run.check` for
  the announcements that are due.
"""
