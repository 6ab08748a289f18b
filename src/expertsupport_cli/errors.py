"""What can go wrong, as a tree; each class has its code (for scripts) and its exit status.

    Fault                       1   internal_error      the base, raised as one of these
    ├── InternalError           1   internal_error      a bug in this program
    ├── SystemRefused           1   system_error        the operating system refused something
    ├── OutputLost              1   output_failed       what was printed could not be written
    ├── BadUsage                2   usage               wrong usage, malformed input
    │   └── MalformedSerial     2   malformed_serial
    ├── NotFound                3   not_found
    ├── Refused                 4   refused             by a rule
    │   ├── AlreadyExists       4   already_exists
    │   ├── CertificateUnknown  4   certificate_unknown
    │   ├── SerialMistyped      4   serial_mistyped
    │   ├── CertificateRevoked  4   certificate_revoked
    │   ├── CertificateExpired  4   certificate_expired
    │   ├── CertificateUsed     4   certificate_used
    │   ├── LinkSpent           4   link_used, link_expired or link_revoked
    │   ├── RequestClosed       4   request_closed
    │   ├── RequestOpen         4   request_open        the task has another request that is not closed
    │   ├── SpaceBlocked        4   space_blocked
    │   ├── SpaceFull           4   space_full
    │   ├── TaskClosed          4   task_closed
    │   └── TaskExpired         4   task_expired
    ├── StoreUnusable           5   store_unusable
    │   ├── StoreBusy           5   store_busy
    │   ├── StoreDamaged        5   store_damaged
    │   ├── StoreForeign        5   store_foreign       a database of another program
    │   ├── StoreFull           5   store_full          the disk is full
    │   ├── StoreMissing        5   store_missing       it cannot be opened or created
    │   ├── StoreReadOnly       5   store_read_only
    │   ├── StoreTooNew         5   store_too_new       written by a newer version
    │   ├── StoreTooOld         5   store_too_old       it must be upgraded first
    │   └── StoreUnreachable    5   store_unreachable   the database server does not answer, or lets nobody in
    ├── MailUndelivered         6   mail_undelivered    it stays queued
    └── TimedOut              124   timed_out           `es wait --timeout`

A fault is at most three lines: what is wrong, why, and what to do next. If the product itself can do the next step, it
is a `Step`, which each front words in its own way: as a command, or as a button.
"""

from __future__ import annotations

from expertsupport_cli.steps import Step, Verb


class Fault(Exception):
    """Anything that ends a command; caught in one place, `cli.main`.

    `what` and `why` are sentences. `hint` says what to do next: a step, or a sentence where no step helps.
    """

    code = "internal_error"
    exit_status = 1

    def __init__(self, what: str, why: str = "", hint: str | Step = "") -> None:
        super().__init__(what)
        self.what = what
        self.why = why
        self.hint = hint

    @property
    def message(self) -> str:
        """What and why in one line, for JSON."""
        return f"{self.what} {self.why}".rstrip()


class InternalError(Fault):
    """A bug in this program."""


class SystemRefused(Fault):
    """The operating system refused something that is neither the store nor the output."""

    code = "system_error"


class OutputLost(Fault):
    code = "output_failed"


class BadUsage(Fault):
    code = "usage"
    exit_status = 2


class MalformedSerial(BadUsage):
    """Text that is not in the format of a serial. The message gives the position and never repeats the text."""

    code = "malformed_serial"

    def __init__(self, why: str) -> None:
        super().__init__("Invalid serial number.", why, "A serial number has 16 letters and digits in groups of four.")


class NotFound(Fault):
    code = "not_found"
    exit_status = 3


class Refused(Fault):
    code = "refused"
    exit_status = 4


class AlreadyExists(Refused):
    code = "already_exists"


class CertificateUnknown(Refused):
    code = "certificate_unknown"

    def __init__(self) -> None:
        super().__init__(
            "Unknown serial number.",
            "No certificate in this store has this serial number.",
            Step(verb=Verb.LEARN_TO_BUY),
        )


class SerialMistyped(Refused):
    code = "serial_mistyped"

    def __init__(self) -> None:
        super().__init__(
            "Unknown serial number; it looks mistyped.",
            "Its check symbol does not match the other characters.",
            "Compare it with the certificate character by character.",
        )


class CertificateRevoked(Refused):
    code = "certificate_revoked"

    def __init__(self, certificate: str, revoked_at: str) -> None:
        super().__init__(
            f"Certificate {certificate} was revoked.",
            f"It was revoked at {revoked_at}.",
            "Contact the partner you bought it from.",
        )


class CertificateExpired(Refused):
    code = "certificate_expired"

    def __init__(self, certificate: str, expires_at: str) -> None:
        super().__init__(
            f"Certificate {certificate} has expired.",
            f"It was valid until {expires_at}.",
            Step(verb=Verb.BUY),
        )


class CertificateUsed(Refused):
    code = "certificate_used"

    def __init__(self, certificate: str, request: str, task: str) -> None:
        super().__init__(
            f"Certificate {certificate} was already used.",
            f"It opened {request} on task {task}.",
            Step(verb=Verb.SHOW_REQUEST, reference=request),
        )


class LinkSpent(Refused):
    """A purchase link that was used, has expired or was revoked."""

    def __init__(self, link: str, state: str, at: str, task: str) -> None:
        self.code = f"link_{state}"
        phrase = {"used": "was already used", "expired": "has expired", "revoked": "was revoked"}[state]
        happened = phrase.replace("has ", "").replace("already ", "")
        super().__init__(
            f"Purchase link {link} {phrase}.",
            f"It {happened} at {at}. A link works once.",
            Step(verb=Verb.BUY, reference=task),
        )


class RequestClosed(Refused):
    code = "request_closed"

    def __init__(self, request: str) -> None:
        super().__init__(
            f"{request} is closed.",
            "Closed requests accept no messages.",
            Step(verb=Verb.REOPEN_REQUEST, reference=request),
        )


class RequestOpen(Refused):
    code = "request_open"

    def __init__(self, task: str, request: str, status: str) -> None:
        super().__init__(
            f"Task {task} has an open request: {request} ({status}).",
            "A task can have only one open request.",
            Step(verb=Verb.SHOW_REQUEST, reference=request),
        )


class SpaceBlocked(Refused):
    code = "space_blocked"

    def __init__(self, space: str) -> None:
        super().__init__(
            f"Space {space} is blocked.",
            "Nothing new can be started in a blocked space.",
            Step(verb=Verb.UNBLOCK_SPACE, reference=space),
        )


class SpaceFull(Refused):
    code = "space_full"

    def __init__(self, space: str, limit: int, tasks: int) -> None:
        super().__init__(
            f"Space {space} is full.",
            f"It has {tasks} of {limit} tasks.",
            Step(verb=Verb.RAISE_TASK_LIMIT, reference=space),
        )


class TaskClosed(Refused):
    code = "task_closed"

    def __init__(self, task: str, closed_at: str) -> None:
        super().__init__(
            f"Task {task} is closed.",
            f"It was closed at {closed_at}.",
            Step(verb=Verb.REOPEN_TASK, reference=task),
        )


class TaskExpired(Refused):
    code = "task_expired"

    def __init__(self, task: str, expired_at: str) -> None:
        super().__init__(
            f"Task {task} has expired.",
            f"It expired at {expired_at}. It can be read but not worked on.",
            Step(verb=Verb.REOPEN_TASK, reference=task),
        )


class StoreUnusable(Fault):
    code = "store_unusable"
    exit_status = 5


class StoreBusy(StoreUnusable):
    code = "store_busy"
    repeatable = False  # whether it made way for another transaction, so that the same action may succeed now


class StoreDamaged(StoreUnusable):
    code = "store_damaged"


class StoreForeign(StoreUnusable):
    code = "store_foreign"


class StoreFull(StoreUnusable):
    code = "store_full"


class StoreMissing(StoreUnusable):
    code = "store_missing"


class StoreReadOnly(StoreUnusable):
    code = "store_read_only"


class StoreTooNew(StoreUnusable):
    code = "store_too_new"


class StoreTooOld(StoreUnusable):
    code = "store_too_old"


class StoreUnreachable(StoreUnusable):
    code = "store_unreachable"


class MailUndelivered(Fault):
    code = "mail_undelivered"
    exit_status = 6


class TimedOut(Fault):
    code = "timed_out"
    exit_status = 124


def not_imported(fault: Fault, line: int) -> Fault:
    """Add the number of the offending line to a fault, and say that nothing was imported. Returns the same fault."""
    fault.what = f"Line {line}: {fault.what}"
    fault.hint = f"Nothing was imported. Fix line {line} and import again."
    return fault
