"""The application: all routes, what is checked before a view is called, and what is added to its answer."""

from __future__ import annotations

import time
from http import HTTPStatus
from urllib.parse import parse_qsl

from anyio import CapacityLimiter, sleep, to_thread
from starlette.applications import Starlette
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import ClientDisconnect, Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from expertsupport_cli.errors import Fault, NotFound, StoreUnusable
from expertsupport_cli.web import certificates, hello, lists, painting, partners, requests, signing_in, spaces, tasks
from expertsupport_cli.web.guessing import Guesses
from expertsupport_cli.web.log import log_answer, log_error
from expertsupport_cli.web.visit import SignInNeeded, Visit, draft_of, in_public

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from expertsupport_cli.actions.notices import Post
    from expertsupport_cli.store import Store
    from expertsupport_cli.web.site import Site
    from expertsupport_cli.web.stores import Stores

    Viewed = Callable[[Visit], Response]

MAX_FIELDS = 20
MAX_FORM = 12_000_000  # bytes: a message of a million characters, each of up to 12 bytes in a form
RETRY_AFTER = "2"  # seconds, until what a store in use has refused may be tried again
WRITERS = 4  # forms that are worked on at once; others wait, and pages are shown meanwhile
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
}

ROUTES: tuple[tuple[str, str, Viewed], ...] = (
    ("GET", "/", lists.home),
    ("GET", "/hello/{nonce}", hello.hello),
    ("GET", "/sign-in", signing_in.explain),
    ("GET", "/sign-in/{token}", signing_in.offer),
    ("POST", "/sign-in/{token}", signing_in.sign_in),
    ("POST", "/sign-out", signing_in.sign_out),
    ("GET", "/requests/{token}", requests.show_by_token),
    ("GET", "/requests/{token}/last", requests.last_by_token),
    ("POST", "/requests/{token}/{act}", requests.act_by_token),
    ("GET", "/spaces", spaces.show_all),
    ("POST", "/spaces", spaces.add),
    ("GET", "/spaces/{space}", spaces.show),
    ("POST", "/spaces/{space}/tasks", spaces.add_one_task),
    ("GET", "/tasks/{id}", tasks.show),
    ("GET", "/tasks/{id}/log", tasks.log),
    ("GET", "/tasks/{id}/expert-support", tasks.support),
    ("POST", "/tasks/{id}/activate", tasks.activate),
    ("POST", "/tasks/{id}/purchase-link", tasks.purchase),
    ("POST", "/tasks/{id}/reopen", tasks.reopen),
    ("GET", "/certificates", certificates.show_all),
    ("POST", "/certificates", certificates.issue),
    ("GET", "/certificates/{id}", certificates.show),
    ("POST", "/certificates/{id}/{act}", certificates.act),
    ("GET", "/partners", partners.show_all),
    ("POST", "/partners", partners.add),
    ("POST", "/partners/remove", partners.remove),
    ("GET", "/spaces/{space}/requests", lists.of_space),
    ("GET", "/spaces/{space}/requests/{id}", requests.show_by_id),
    ("GET", "/spaces/{space}/requests/{id}/last", requests.last_by_id),
    ("POST", "/spaces/{space}/requests/{id}/{act}", requests.act_by_id),
    ("GET", "/desk", lists.queue),
    ("GET", "/desk/requests/{id}", requests.show_for_desk),
    ("GET", "/desk/requests/{id}/last", requests.last_for_desk),
    ("POST", "/desk/requests/{id}/{act}", requests.act_for_desk),
)


def create_app(site: Site, stores: Stores) -> Starlette:
    """The application of a site."""
    front = Front(site, stores)
    routes = [Route(path, front.endpoint(path, view), methods=[method]) for method, path, view in ROUTES]
    static = Route("/static/{name}", front.static)
    app = Starlette(routes=[static, *routes], exception_handlers={HTTPException: front.unknown})
    app.router.redirect_slashes = False  # it redirects to whatever Host says, before anything is checked
    return app


class FormRefused(Exception):  # noqa: N818 -- an answer, not an error
    """A form that is not read to its end; with the status and the sentence of the answer."""

    def __init__(self, status: int, what: str) -> None:
        super().__init__(what)
        self.status = status
        self.what = what


class Front:
    """What stands before the views: who may ask, how much, and what becomes of errors."""

    def __init__(self, site: Site, stores: Stores) -> None:
        self._site = site
        self._stores = stores
        self._writers = CapacityLimiter(WRITERS)
        self._guesses = Guesses()

    def endpoint(self, template: str, view: Viewed) -> Callable[[Request], object]:
        """The coroutine that answers a route."""

        async def answer(request: Request) -> Response:
            started = time.monotonic()
            response = self._refusal(request)
            if response is None:
                response = await self._answer(request, view)
            if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
                response.headers["Retry-After"] = RETRY_AFTER
            response.headers.update(HEADERS)
            log_answer(request, template, response.status_code, started)
            return response

        return answer

    async def _answer(self, request: Request, view: Viewed) -> Response:
        """What a view answers; what the form holds is in the answer again if anything goes wrong."""
        form: Mapping[str, str] = {}
        try:
            form = await _form(request) if request.method == "POST" else {}
            limiter = self._writers if request.method == "POST" else None
            response = await to_thread.run_sync(self._view, request, view, form, limiter=limiter)
            await self._slow_down(request, response.status_code)
        except FormRefused as refused:
            return self._message(refused.status, refused.what)
        except Exception as error:
            log_error(error)
            why = "This is a bug in es. The log of the server has the details."
            return self._message(HTTPStatus.INTERNAL_SERVER_ERROR, "Something went wrong.", why, draft=draft_of(form))
        return response

    async def _slow_down(self, request: Request, status: int) -> None:
        """Answer late if an address was guessed: outside of the worker threads, and with no store open."""
        guessed = status == HTTPStatus.NOT_FOUND or getattr(request.state, "guessed", False)
        if guessed and request.client:
            await sleep(self._guesses.delay_after_failure(request.client.host))

    async def static(self, request: Request) -> Response:
        """One of the files that pages load; its name changes with its content."""
        found = painting.static_files().get(request.path_params["name"])
        if found is None or self._refusal(request):
            return await self.unknown(request, HTTPException(HTTPStatus.NOT_FOUND))
        headers = {**HEADERS, "Cache-Control": "public, max-age=31536000, immutable"}
        return Response(found[0], media_type=found[1], headers=headers)

    async def unknown(self, request: Request, error: Exception) -> Response:
        """The one answer to all addresses that do not exist, and to methods that a page does not take."""
        started = time.monotonic()
        status = error.status_code if isinstance(error, HTTPException) else HTTPStatus.INTERNAL_SERVER_ERROR
        unknown = status == HTTPStatus.NOT_FOUND
        what = "Page not found." if unknown else "This page cannot be asked for in this way."
        response = self._refusal(request) or self._message(status, what)
        response.headers.update(HEADERS)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and isinstance(error, HTTPException):
            response.headers.update(error.headers or {})
        log_answer(request, "-", response.status_code, started)
        return response

    def _refusal(self, request: Request) -> Response | None:
        """The answer to a request that is not for this site, or a form that another site has sent."""
        if request.headers.get("host", "").lower() not in self._site.hosts:
            return self._message(HTTPStatus.MISDIRECTED_REQUEST, "This address is not served here.")
        if request.method == "POST":
            fetched, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
            foreign = fetched not in (None, "same-origin")
            if foreign or (origin is not None and origin.lower() not in self._site.origins):
                return self._message(HTTPStatus.FORBIDDEN, "This form was not sent from a page of this site.")
        return None

    def _view(self, request: Request, view: Viewed, form: Mapping[str, str]) -> Response:
        """Call a view with the store of this worker thread, and turn errors into answers."""
        try:
            with self._stores.store() as store:
                queued_before = store.queued_mails
                visit = self._visit(request, store, form)
                try:
                    response = view(visit)
                except SignInNeeded:
                    if visit.method != "GET":
                        return self._message(HTTPStatus.FORBIDDEN, "You are not signed in.", draft=draft_of(form))
                    return visit.go_to("sign-in")
                request.state.guessed = visit.guessed
                if visit.post is not None and store.queued_mails > queued_before:
                    response.background = BackgroundTask(self._deliver, visit.post)
                return response
        except Fault as fault:
            return self._of_fault(request, fault, draft_of(form))

    def _deliver(self, post: Post) -> None:
        """Deliver what a form has queued, after the answer was sent: nobody waits to hear of an error."""
        try:
            with self._stores.store() as store:
                self._site.deliver(store, post)
        except Exception as error:
            log_error(error)

    def _visit(self, request: Request, store: Store, form: Mapping[str, str]) -> Visit:
        return Visit(
            self._site,
            store,
            method="GET" if request.method == "HEAD" else request.method,
            path=request.path_params,
            query=request.query_params,
            form=form,
            wants_json="application/json" in request.headers.get("accept", ""),
            etag=request.headers.get("if-none-match", ""),
            cookie=request.cookies.get(self._site.cookie_name, ""),
        )

    def _of_fault(self, request: Request, fault: Fault, draft: str) -> Response:
        if isinstance(fault, StoreUnusable):
            fault = in_public(fault)
        if isinstance(fault, NotFound):  # whose text tells what there is instead
            fault = NotFound("Page not found.")
        if "application/json" in request.headers.get("accept", ""):
            error = {"code": fault.code, "message": fault.message, "hint": None}
            return JSONResponse({"error": error}, _status(fault))
        return self._message(_status(fault), fault.what, fault.why, draft=draft)

    def _message(self, status: int, what: str, why: str = "", *, draft: str = "") -> Response:
        text = painting.render(
            "message.html", site=self._site, session=None, title=what, what=what, why=why, hint="", draft=draft
        )
        return Response(text, status, media_type="text/html")


def _status(fault: Fault) -> int:
    """The status of HTTP for an error, by its exit status."""
    statuses = {
        2: HTTPStatus.BAD_REQUEST,
        3: HTTPStatus.NOT_FOUND,
        4: HTTPStatus.CONFLICT,
        5: HTTPStatus.SERVICE_UNAVAILABLE,
    }
    return statuses.get(fault.exit_status, HTTPStatus.INTERNAL_SERVER_ERROR)


async def _form(request: Request) -> dict[str, str]:
    """The fields of a form, counted while they come. Bytes that are not UTF-8 become surrogates. Raises FormRefused."""
    data = bytearray()
    try:
        async for part in request.stream():
            data += part
            if len(data) > MAX_FORM:
                raise FormRefused(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "The form is too large.")
    except ClientDisconnect:
        raise FormRefused(HTTPStatus.BAD_REQUEST, "The form is incomplete.") from None
    text, errors = data.decode("utf-8", "surrogateescape"), "surrogateescape"
    try:
        return dict(parse_qsl(text, keep_blank_values=True, errors=errors, max_num_fields=MAX_FIELDS))
    except ValueError:
        raise FormRefused(HTTPStatus.BAD_REQUEST, "The form has too many fields.") from None
