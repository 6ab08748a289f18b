"""What is on a page, as a test reads it; and a store in which every page has something to show."""

from __future__ import annotations

import html
import re
from collections.abc import Mapping
from html.parser import HTMLParser
from typing import Any, NamedTuple
from urllib.parse import urlencode

from builders import AT, OLGA, a_certificate, a_request, a_space, a_task, dump
from conftest import Es
from web.serving import FORM, Answer, Server, opened

from expertsupport_cli.actions import spaces, tasks


class Form(NamedTuple):
    """A form of a page: where it goes, and its fields with their values."""

    action: str | None
    method: str
    fields: dict[str, str]


class Seen(HTMLParser):
    """The links, forms and IDs of a page, as a browser reads them."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.forms: list[Form] = []
        self.tags: list[str] = []
        self.ids: list[str] = []
        self._open = ""  # the field whose text is being read
        self._form = Form(None, "", {})
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        values = {name: value or "" for name, value in attrs}
        self.tags.append(tag)
        self.ids += [values["id"]] if "id" in values else []
        self.links += [values[name] for name in ("href", "src") if name in values]
        if tag == "form":
            self._form = Form(values.get("action"), values.get("method", "get"), {})
            self.forms.append(self._form)
        elif tag == "input":
            self._form.fields[values["name"]] = values.get("value", "")
        elif tag in ("textarea", "select"):
            self._open = values.get("name", "")
            self._form.fields[self._open] = ""
        elif tag == "option" and "selected" in values:
            self._form.fields[self._open] = values.get("value", "")
        elif tag == "button" and "formaction" in values:
            self.forms.append(Form(values["formaction"], "post", {}))

    def handle_endtag(self, tag: str) -> None:
        if tag in ("textarea", "select"):
            self._open = ""

    def handle_data(self, data: str) -> None:
        if self._open and self.tags[-1] == "textarea":
            self._form.fields[self._open] += data

    def form(self, action: str) -> dict[str, str]:
        """The fields of the form that goes there. A browser drops the first line break of a text."""
        (found,) = (form for form in self.forms if form.action == action)
        return {name: value.removeprefix("\n") for name, value in found.fields.items()}


def error_in(answer: Answer) -> str:
    """What a page says about a form that was refused; nothing if it was not."""
    found = re.search(r'role="alert">(.*?)</div>', answer.text, re.DOTALL)
    return " ".join(html.unescape(re.sub(r"<[^>]+>", "", found[1])).split()) if found else ""


def rows_in(answer: Answer) -> list[str]:
    """The IDs of the rows of a list."""
    return re.findall(r'<th scope="row" data-label="(?:ID|Name)"><a [^>]*>([^<]+)</a>', answer.text)


def send(server: Server, path: str, fields: Mapping[str, str | bytes], cookie: str = "", source: str = "") -> Answer:
    """Send a form, whose fields may be bytes that are no text."""
    headers = {"Content-Type": FORM, **({"Cookie": cookie} if cookie else {})}
    return server.ask("POST", path, urlencode(fields).encode(), headers, source or None)


def kept(es: Es) -> dict[str, list[tuple[object, ...]]]:
    """All that is in the store but for when sessions were seen: to see that nothing was changed."""
    with opened(es) as store:
        return {name: rows for name, rows in dump(store).items() if name not in ("sessions", "sign_ins")}


class Rooms(NamedTuple):
    """IDs in a store in which each page has something to show, in spaces of their own."""

    open: str  # a task without a request
    started: str  # a task with an open request
    closed: str  # a closed task
    expired: str  # an expired task
    blocked: str  # a task in a blocked space
    request: str
    unused: str  # a certificate
    used: str
    serial: str  # of the unused one
    used_serial: str


def furnish(es: Es) -> Rooms:
    """Fill the spaces acme, beta and blocked."""
    with opened(es) as store:
        for space in ("acme", "beta"):
            if not store.has_space(space):
                a_space(store, space)
            spaces.edit_space(store, space, {"task_lifetime": None}, by=OLGA, at=AT)
        a_space(store, "blocked", lifetime=None)
        a_space(store, "brief", lifetime=60)
        made: dict[str, Any] = {
            "open": a_task(store, "Nothing was tried yet", description="Two lines\nof text").id,
            "expired": a_task(store, "It took too long", space="brief").id,
            "blocked": a_task(store, "Not now", space="blocked").id,
        }
        spaces.edit_space(store, "blocked", {"blocked": True}, by=OLGA, at=AT)
        serial, unused = a_certificate(store)
        request = a_request(store)
        used_serial, used = a_certificate(store)
        made |= {"request": request.id, "started": request.task, "unused": unused.id, "serial": serial}
        from builders import ANN

        from expertsupport_cli.actions import requests

        done = a_task(store, "Done")
        other = requests.activate(store, done.id, used_serial, by=ANN, at=AT).request
        requests.close(store, other.id, None, by=ANN, at=AT)
        tasks.close_task(store, done.id, by=OLGA, at=AT)
        made |= {"closed": done.id, "used": used.id, "used_serial": used_serial}
        if not store.partners():
            spaces.add_partner(store, "Tools & Co", "https://tools.example/buy?a=1&b=2", by=OLGA, at=AT)
        return Rooms(**made)
