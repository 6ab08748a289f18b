"""What stands before the views: what is checked before one is called, and what is added to its answer."""

from __future__ import annotations

import time
from functools import partial
from http import HTTPStatus

from anyio import CapacityLimiter, from_thread, sleep, to_thread
from starlette.background import BackgroundTask
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response

from expertsupport_cli.errors import Fault, NotFound, StoreUnusable
from expertsupport_cli.model.webhooks import is_genuine
from expertsupport_cli.web import api, painting
from expertsupport_cli.web.bodies import BodyRefused, read_body, read_form
from expertsupport_cli.web.guessing import Guesses
from expertsupport_cli.web.log import log_answer, log_error
from expertsupport_cli.web.visit import SignInNeeded, Visit, draft_of, in_public

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping

    from expertsupport_cli.actions.notices import Post
    from expertsupport_cli.store import Store
    from expertsupport_cli.web.site import Site
    from expertsupport_cli.web.stores import Stores

    Viewed = Callable[[Visit], Response]
    Answering = Callable[[Request], Awaitable[Response]]

RETRY_AFTER = "2"  # seconds, until what a store in use has refused may be tried again
WRITERS = 4  # forms that are worked on at once; others wait, and pages are shown meanwhile
# a wrong signature, a wrong address, a wrong serial number
GUESSES = (HTTPStatus.UNAUTHORIZED, HTTPStatus.NOT_FOUND, HTTPStatus.UNPROCESSABLE_ENTITY)
WRONG, BUG = "Something went wrong.", "This is a bug in es. The log of the server has the details."
HEADERS = {
    "Content-Security-Policy": "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self';"
    " connect-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    "Referrer-Policy": "same-origin",
    "X-Content-Type-Options": "nosniff",
    "X-Robots-Tag": "noindex",
    "Cache-Control": "no-store",
}


class Front:
    """What stands before the views: who may ask, how much, and what becomes of errors."""

    def __init__(self, site: Site, stores: Stores) -> None:
        self._site = site
        self._stores = stores
        self._writers = CapacityLimiter(WRITERS)
        self._guesses = Guesses()

    def endpoint(self, template: str, view: Viewed) -> Answering:
        """The coroutine that answers a route."""

        async def answer(request: Request) -> Response:
            response = self._refusal(request)
            if response is None:
                response = await self._answer(request, view)
            return response

        return self._finished(template, answer)

    def redeem(self, template: str) -> Answering:
        """The coroutine that answers an online store: only what is signed gets as far as the store."""

        async def answer(request: Request) -> Response:
            if not self._is_for_this_site(request):
                return api.failed(HTTPStatus.MISDIRECTED_REQUEST, "misdirected", "This address is not served here.")
            try:
                body, key = await read_body(request, api.MAX_BODY, "The body"), self._site.shop.key
            except BodyRefused as refused:
                return api.failed(refused.status, "usage", refused.what)
            if key is not None and is_genuine(key, request.headers, body, self._site.clock()):
                view = partial(api.redeem, event_id=request.headers["webhook-id"], body=body)
                try:
                    return await to_thread.run_sync(self._view, request, view, {}, limiter=self._writers)
                except Exception as error:
                    log_error(error)
                    return api.failed(HTTPStatus.INTERNAL_SERVER_ERROR, "internal_error", f"{WRONG} {BUG}")
            response = api.failed(*(api.NO_KEY if key is None else api.NOT_GENUINE))
            await self._slow_down(request, response.status_code)
            return response

        return self._finished(template, answer)

    def _finished(self, template: str, answer: Answering) -> Answering:
        """The same coroutine, which also adds to all answers what they have in common, and logs them."""

        async def finish(request: Request) -> Response:
            started = time.monotonic()
            response = await answer(request)
            if response.status_code == HTTPStatus.SERVICE_UNAVAILABLE:
                response.headers["Retry-After"] = RETRY_AFTER
            response.headers.update(HEADERS)
            log_answer(request, template, response.status_code, started)
            return response

        return finish

    async def _answer(self, request: Request, view: Viewed) -> Response:
        """What a view answers; what the form holds is in the answer again if anything goes wrong."""
        form: Mapping[str, str] = {}
        try:
            form = await read_form(request) if request.method == "POST" else {}
            limiter = self._writers if request.method == "POST" else None
            response = await to_thread.run_sync(self._view, request, view, form, limiter=limiter)
            await self._slow_down(request, response.status_code)
        except BodyRefused as refused:
            return self._message(refused.status, refused.what)
        except Exception as error:
            log_error(error)
            return self._message(HTTPStatus.INTERNAL_SERVER_ERROR, WRONG, BUG, draft=draft_of(form))
        return response

    async def _slow_down(self, request: Request, status: int) -> None:
        """Answer late if an address was guessed: outside of the worker threads, and with no store open."""
        if status in GUESSES and request.client:
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
        if _is_api(request):
            response = api.failed(response.status_code, "not_found" if unknown else "usage", what)
        response.headers.update(HEADERS)
        if response.status_code == HTTPStatus.METHOD_NOT_ALLOWED and isinstance(error, HTTPException):
            response.headers.update(error.headers or {})
        log_answer(request, "-", response.status_code, started)
        return response

    def _refusal(self, request: Request) -> Response | None:
        """The answer to a request that is not for this site, or a form that another site has sent."""
        if not self._is_for_this_site(request):
            return self._message(HTTPStatus.MISDIRECTED_REQUEST, "This address is not served here.")
        if request.method == "POST":
            fetched, origin = request.headers.get("sec-fetch-site"), request.headers.get("origin")
            foreign = fetched not in (None, "same-origin")
            if foreign or (origin is not None and origin.lower() not in self._site.origins):
                return self._message(HTTPStatus.FORBIDDEN, "This form was not sent from a page of this site.")
        return None

    def _is_for_this_site(self, request: Request) -> bool:
        return request.headers.get("host", "").lower() in self._site.hosts

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
                if visit.post is not None and store.queued_mails > queued_before:
                    response.background = BackgroundTask(self._deliver, visit.post)
                return response
        except Fault as fault:
            return self._of_fault(request, fault, draft_of(form))

    def _deliver(self, post: Post) -> None:
        """Deliver what a form has queued, after the answer was sent: nobody is left to see an error."""
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
            is_gone=lambda: from_thread.run(_is_gone, request),
        )

    def _of_fault(self, request: Request, fault: Fault, draft: str) -> Response:
        if isinstance(fault, StoreUnusable):
            fault = in_public(fault)
        if isinstance(fault, NotFound) and not _is_api(request):  # its text says what there is instead
            fault = NotFound("Page not found.")
        if "application/json" in request.headers.get("accept", "") or _is_api(request):
            return api.failed(_status(fault), fault.code, fault.message)
        return self._message(_status(fault), fault.what, fault.why, draft=draft)

    def _message(self, status: int, what: str, why: str = "", *, draft: str = "") -> Response:
        text = painting.render(
            "message.html", site=self._site, session=None, title=what, what=what, why=why, hint="", draft=draft
        )
        return Response(text, status, media_type="text/html")


def _is_api(request: Request) -> bool:
    return str(request.scope["path"]).startswith(api.PATH)


def _status(fault: Fault) -> int:
    """The status of HTTP for an error, by its exit status."""
    statuses = {
        2: HTTPStatus.BAD_REQUEST,
        3: HTTPStatus.NOT_FOUND,
        4: HTTPStatus.CONFLICT,
        5: HTTPStatus.SERVICE_UNAVAILABLE,
    }
    return statuses.get(fault.exit_status, HTTPStatus.INTERNAL_SERVER_ERROR)


async def _is_gone(request: Request) -> bool:
    """Whether the browser has hung up. Reading was paused after the form, so that a turn of the loop must pass."""
    for _ in range(3):
        if await request.is_disconnected():
            return True
        await sleep(0)
    return False
