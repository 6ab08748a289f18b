"""The outbox: notices to be mailed, and what became of each; leases, so that several senders share the work."""

from __future__ import annotations

from expertsupport_cli import times
from expertsupport_cli.errors import NotFound
from expertsupport_cli.folding import fold_key
from expertsupport_cli.ids import MAIL, REQUEST, parse_id, write_id
from expertsupport_cli.model.mail import LONGEST_WAIT, Mail, MailState
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store.engine import Statements, member

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator

    from expertsupport_cli.store.engine import Row

_MAIL = """SELECT m.number, m.event, m.request, m.recipient, m.message_id, m.subject, m.body,
    m.state, m.attempts, m.error, m.created_at, m.due_at, m.sent_at, m.leased_until,
    (SELECT f.message_id FROM outbox f WHERE f.request = m.request ORDER BY f.number LIMIT 1) AS thread_id
    FROM outbox m"""

# What is further ahead than any pause or lease was written by a clock that was wrong, and counts as past.
_PAST = "({0} <= :at OR {0} > :ahead)"
_DUE = (
    f"m.state IN ('queued', 'failed') AND {_PAST.format('m.due_at')}"
    f" AND (m.leased_until IS NULL OR {_PAST.format('m.leased_until')})"
)

# If the clock was wrong when a mail was sent, it counts by when it was queued.
_OLD = "state = 'sent' AND body IS NOT NULL AND (sent_at < ? OR (sent_at > ? AND created_at < ?))"


class Outbox(Statements):
    queued_mails = 0  # queued by this process since the store was opened

    def add_mail(self, mail: Mail, lease: str | None, until: str | None) -> int:
        """Queue a notice. Returns its number. With a lease, the sender that holds it tries first."""
        self.queued_mails += 1
        return self.insert(
            "INSERT INTO outbox (event, request, recipient, recipient_key, message_id, subject, body, state, attempts,"
            " created_at, due_at, lease, leased_until) VALUES (?, ?, ?, ?, ?, ?, ?, 'queued', 0, ?, ?, ?, ?)"
            " RETURNING number",
            mail.event,
            parse_id(mail.request, REQUEST),
            mail.recipient,
            fold_key(mail.recipient),
            mail.message_id,
            mail.subject,
            mail.body,
            mail.created_at,
            mail.due_at,
            lease,
            until,
        )

    def mail(self, id: str) -> Mail:
        """By its ID, `M-1`. Raises NotFound."""
        row = self.row(f"{_MAIL} WHERE m.number = ?", parse_id(id, MAIL))
        if row is None:
            raise NotFound(f"Email '{id[:80]}' not found.", hint=Step(verb=Verb.LIST_MAIL))
        return _mail(row)

    def leased_mails(self, lease: str) -> list[Mail]:
        """The mail that is leased to a sender, in order."""
        return [_mail(row) for row in self.rows(f"{_MAIL} WHERE m.lease = ? ORDER BY m.number", lease)]

    def due_mails(self, at: str) -> list[Mail]:
        """The mail that is due and not leased, the longest due first."""
        return [_mail(row) for row in self.rows(f"{_MAIL} WHERE {_DUE} ORDER BY m.due_at, m.number", **_now(at))]

    def lease_due_mail(self, lease: str, at: str, until: str) -> Mail | None:
        """Lease and return the mail that has been due for longest and is not leased; None if there is none."""
        row = self.row(f"SELECT m.number FROM outbox m WHERE {_DUE} ORDER BY m.due_at, m.number LIMIT 1", **_now(at))
        if row is None:
            return None
        self.change("UPDATE outbox SET lease = ?, leased_until = ? WHERE number = ?", lease, until, row[0])
        return self.mail(write_id(MAIL, row[0]))

    def has_due_mail(self, at: str) -> bool:
        """Whether any mail is due and not leased, without the write lock."""
        return self.row(f"SELECT 1 FROM outbox m WHERE {_DUE} LIMIT 1", **_now(at)) is not None

    def settle_mail(self, mail: Mail, lease: str) -> bool:
        """Record the result of an attempt and end the lease. Returns whether the sender still held it."""
        return bool(
            self.change(
                "UPDATE outbox SET state = ?, attempts = ?, error = ?, due_at = ?, sent_at = ?, lease = NULL,"
                " leased_until = NULL WHERE number = ? AND lease = ?",
                mail.state,
                mail.attempts,
                mail.error,
                mail.due_at,
                mail.sent_at,
                mail.number,
                lease,
            )
        )

    def renew_lease(self, mail: Mail, lease: str, until: str) -> bool:
        """Extend a lease. Returns whether the sender still held it."""
        sql = "UPDATE outbox SET leased_until = ? WHERE number = ? AND lease = ?"
        return bool(self.change(sql, until, mail.number, lease))

    def end_leases(self, lease: str, error: str | None = None) -> int:
        """End all leases of a sender, and record an error with the mail, if there is one. Returns how many."""
        return self.change(
            "UPDATE outbox SET lease = NULL, leased_until = NULL, error = COALESCE(?, error) WHERE lease = ?",
            error,
            lease,
        )

    def retry_mail(self, number: int, at: str) -> bool:
        """Make a failed or dead mail due now. Returns whether it was failed or dead."""
        return bool(
            self.change(
                "UPDATE outbox SET state = 'queued', attempts = 0, due_at = ?"
                " WHERE number = ? AND state IN ('failed', 'dead')",
                at,
                number,
            )
        )

    def has_mail_to_purge(self, before: str, at: str) -> bool:
        """Whether there are bodies that `purge_mail` would delete."""
        sql = f"SELECT 1 FROM outbox WHERE {_OLD} LIMIT 1"
        return self.row(sql, before, times.after(at, LONGEST_WAIT), before) is not None

    def purge_mail(self, before: str, at: str) -> int:
        """Delete, now that it is `at`, the bodies of mail that was sent before an instant. Returns how many."""
        sql = f"UPDATE outbox SET body = NULL WHERE {_OLD}"
        return self.change(sql, before, times.after(at, LONGEST_WAIT), before)

    def mails(self, state: MailState | None = None, limit: int | None = None) -> Iterator[Mail]:
        """Mails, newest first, in pages."""
        where = "m.state = :state" if state else "TRUE"
        return (_mail(row) for row in self.newest_first(f"{_MAIL} WHERE {where}", "m.number", {"state": state}, limit))

    def count_mails(self, state: MailState | None = None) -> int:
        return int(
            self.value(f"SELECT count(*) FROM outbox WHERE {'state = :state' if state else 'TRUE'}", state=state)
        )


def _now(at: str) -> dict[str, str]:
    """The values of `_DUE` at an instant."""
    return {"at": at, "ahead": times.after(at, LONGEST_WAIT)}


def _mail(row: Row) -> Mail:
    return Mail(**{**row, "request": write_id(REQUEST, row["request"]), "state": member(MailState, row["state"])})
