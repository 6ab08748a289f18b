"""The next step that an error suggests: a verb and its object. Each front words it in its own way."""

from __future__ import annotations

from enum import Enum, auto

from expertsupport_cli.record import Record


class Verb(Enum):
    """What can be done next. The comments say what the reference of the step is."""

    ACTIVATE = auto()  # (task)
    ADD_SPACE = auto()  # (name)
    ASK_TO_SHARE = auto()  # (account that owns the store)
    BUY = auto()  # (task, or nothing)
    CHECK_STORE = auto()
    CREATE_TABLES = auto()
    CLOSE_REQUEST = auto()  # (requests)
    SHOW_SPACE = auto()  # (space)
    LEARN_TO_BUY = auto()
    LIST_CERTIFICATES = auto()
    LIST_LINKS = auto()
    LIST_MAIL = auto()
    LIST_PARTNERS = auto()
    LIST_REQUESTS = auto()
    LIST_SESSIONS = auto()
    LIST_SETTINGS = auto()
    LIST_SPACES = auto()
    LIST_TASKS = auto()
    NAME_STORE = auto()
    RAISE_TASK_LIMIT = auto()  # (space)
    REOPEN_REQUEST = auto()  # (request)
    REOPEN_TASK = auto()  # (task)
    SET_SETTING = auto()  # (setting)
    SHOW_LINK = auto()  # (link)
    SHOW_REQUEST = auto()  # (request)
    SHOW_TASK = auto()  # (task)
    SIGN_IN = auto()
    TURN_MAIL_ON = auto()
    UNBLOCK_SPACE = auto()  # (space)
    UPGRADE_STORE = auto()
    VACUUM_STORE = auto()
    WAIT_LONGER = auto()


class Step(Record):
    """What to do next: a verb, and the ID or name of its object, if it has one."""

    verb: Verb
    reference: str = ""
