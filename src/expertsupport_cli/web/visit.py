"""One visit of a browser, as the views see it, and the answers that they give."""

from __future__ import annotations

from contextlib import suppress
from http import HTTPStatus
from urllib.parse import urlencode

from starlette.responses import JSONResponse, RedirectResponse, Response

from expertsupport_cli.actions import sessions
from expertsupport_cli.errors import (
    BadUsage,
    CertificateUnknown,
    Fault,
    NotFound,
    OutputLost,
    SerialMistyped,
    StoreBusy,
    StoreUnusable,
)
from expertsupport_cli.model.people import Actor, Side, Via
from expertsupport_cli.model.requests import Request
from expertsupport_cli.render.shapes import View
from expertsupport_cli.web import painting
from expertsupport_cli.web.log import log
from expertsupport_cli.web.painting import readable

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from expertsupport_cli.actions.certificates import Block
    from expertsupport_cli.model.sessions import Session
    from expertsupport_cli.store import Store
    from expertsupport_cli.web.site import Site


PLACE = ("before", "after", "key", "unanswered")  # what the query says about the place in a list


class SignInNeeded(Exception):  # noqa: N818 -- an answer, not an error
    """The page needs a session that the browser does not have."""


class Visit:
    """What a browser asks for: the parts of the address, the form, the session, the store, and one instant."""

    def __init__(
        self,
        site: Site,
        store: Store,
        *,
        method: str,
        path: Mapping[str, str],
        query: Mapping[str, str],
        form: Mapping[str, str],
        wants_json: bool,
        etag: str,
        cookie: str,
        is_gone: Callable[[], bool],
    ) -> None:
        self.site = site
        self.store = store
        self.method = method
        self.path = path
        self.query = query
        self.form = form
        self.wants_json = wants_json
        self.etag = etag
        self.at = site.clock()
        self.view = View(page_url=site.url, now=self.at)
        self.cookie = cookie
        self.is_gone = is_gone  # whether the browser has hung up, as far as the server knows
        self.session = sessions.find_session(store, cookie, at=self.at)
        if self.session:
            with suppress(StoreUnusable):  # a page matters more than the time of the last visit
                sessions.touch(store, self.session, at=self.at)
        self.post = site.new_post() if method == "POST" else None

    def needs(self, *sides: Side) -> Session:
        """The session, which must be for one of these sides. Raises SignInNeeded, or NotFound for another side."""
        if self.session is None:
            raise SignInNeeded
        if self.session.side not in sides:
            raise NotFound("Page not found.", "This session is for another side.")
        return self.session

    def path_to(self, *parts: str) -> str:
        """The path of a page of this site."""
        return "/".join((self.site.prefix, *parts))

    def html(self, template: str, status: int = HTTPStatus.OK, **values: object) -> Response:
        """A page."""
        text = painting.render(template, visit=self, site=self.site, session=self.session, view=self.view, **values)
        return Response(text, status, media_type="text/html")

    def json(self, value: object, **headers: str) -> Response:
        return JSONResponse(value, headers=headers)

    def go_to(self, *parts: str) -> Response:
        """Lead to another page after a form, or to the one where somebody belongs."""
        return RedirectResponse(self.path_to(*parts), HTTPStatus.SEE_OTHER)

    def token(self, length: int) -> str:
        """The token in the address. Raises NotFound for what cannot be one of this length."""
        token = self.path["token"].lower()
        if len(token) != length or not all(character in "0123456789abcdef" for character in token):
            raise NotFound("Page not found.")
        return token

    @property
    def body(self) -> str:
        """The message in a form."""
        return self.lines("body")

    def lines(self, name: str) -> str:
        """A field of a form that has several lines."""
        return self.form.get(name, "").replace("\r\n", "\n")

    def text(self, name: str) -> str:
        """A field of a form that has one line, without the blanks around it."""
        return self.form.get(name, "").strip()

    def kept(self, name: str, default: str = "") -> str:
        """A field of a form, to be shown once more: what is not text in it is marked. The default, if none was sent."""
        return readable(self.lines(name)) if self.form else default

    def further(self, **place: object) -> str:
        """The address of the page that goes on with a list, with the same filters. It is relative to the list."""
        query = {name: value for name, value in self.query.items() if name not in PLACE}
        return self.with_query({**query, **place})

    def with_query(self, query: Mapping[str, object]) -> str:
        """The address of the same page with another query."""
        return "?" + urlencode({name: readable(str(value)) for name, value in query.items()})

    def hand_over(self, block: Block) -> None:
        """Hand over the serial numbers that the answer shows. Raises OutputLost if nobody waits for it any more."""
        if self.is_gone():
            raise OutputLost("The answer could not be sent.", "Nobody has seen the serial number.")
        block.delivered = True

    def actor(self, request: Request, side: Side) -> Actor:
        """Who acts on a page of a request: the session, or whoever holds the address of the customer's page.

        The page says for which side: the owner who replies on the desk's page does what the desk does.
        """
        if self.session:
            return self.session.actor.replace(side=side)
        return Actor(
            name=request.initiator,
            email=request.initiator_email,
            side=Side.CUSTOMER,
            via=Via.WEB,
            certain=False,
        )


def draft_of(form: Mapping[str, str]) -> str:
    """The long text in a form, to be shown once more: a message, or the description of a task."""
    return readable((form.get("body") or form.get("description", "")).replace("\r\n", "\n"))


def refusal(fault: Fault | None) -> tuple[Fault | None, int]:
    """What a page says about a form that was refused, and the status of the answer."""
    if fault is None:
        return None, HTTPStatus.OK
    if isinstance(fault, StoreUnusable):
        return in_public(fault), HTTPStatus.SERVICE_UNAVAILABLE
    if isinstance(fault, CertificateUnknown | SerialMistyped):  # a guess, which whoever answers counts
        return fault, HTTPStatus.UNPROCESSABLE_ENTITY
    statuses = {BadUsage.exit_status: HTTPStatus.BAD_REQUEST, NotFound.exit_status: HTTPStatus.NOT_FOUND}
    return fault, statuses.get(fault.exit_status, HTTPStatus.CONFLICT)


def in_public(fault: StoreUnusable) -> StoreUnusable:
    """What is said in public about a store that fails: not where it is. Unless it is busy, the log has the rest."""
    if isinstance(fault, StoreBusy):
        return StoreBusy(fault.what, "Try again in a moment.")
    log(f"{fault.what} {fault.why}")
    return type(fault)(fault.what, "Report it to the owner of this site.")
