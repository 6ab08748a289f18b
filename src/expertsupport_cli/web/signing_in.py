"""Signing in with a link that works once, and signing out."""

from __future__ import annotations

from http import HTTPStatus

from expertsupport_cli.actions import sessions
from expertsupport_cli.model.sessions import LIFETIME

TYPE_CHECKING = False
if TYPE_CHECKING:
    from starlette.responses import Response

    from expertsupport_cli.web.visit import Visit


def explain(visit: Visit) -> Response:
    """How to sign in."""
    return visit.html("sign_in.html", link=None, here="")


def offer(visit: Visit) -> Response:
    """The page of a link. Looking at it does not use it, whoever looks. Raises Refused if it cannot be used."""
    token = visit.path["token"]
    link = sessions.find_sign_in(visit.store, token, at=visit.at)
    return visit.html("sign_in.html", link=link, here=visit.path_to("sign-in", token))


def sign_in(visit: Visit) -> Response:
    """Use a link, and give the browser its session. Raises Refused."""
    secret, _ = sessions.sign_in(visit.store, visit.path["token"], at=visit.at)
    answer = visit.go_to("")
    answer.set_cookie(
        visit.site.cookie_name,
        secret,
        max_age=LIFETIME,
        path="/",
        secure=visit.site.is_secure,
        httponly=True,
        samesite="lax",
    )
    return answer


def sign_out(visit: Visit) -> Response:
    """End the session."""
    if visit.session:
        sessions.end_session(visit.store, visit.session.id, at=visit.at)
    answer = visit.html(
        "message.html", HTTPStatus.OK, title="Signed out", what="You are signed out.", why="", hint="", draft=""
    )
    answer.delete_cookie(visit.site.cookie_name, path="/", secure=visit.site.is_secure, httponly=True)
    return answer
