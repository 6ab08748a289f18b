"""The application: all routes in one list."""

from __future__ import annotations

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.routing import Route

from expertsupport_cli.web import (
    buying,
    certificates,
    hello,
    lists,
    partners,
    requests,
    signing_in,
    spaces,
    tasks,
)
from expertsupport_cli.web.front import Front

TYPE_CHECKING = False
if TYPE_CHECKING:
    from expertsupport_cli.web.front import Viewed
    from expertsupport_cli.web.site import Site
    from expertsupport_cli.web.stores import Stores

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
    ("GET", "/buy/{token}", buying.show),
    ("POST", "/buy/{token}", buying.buy),
    ("POST", "/buy/{token}/activate", buying.activate),
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
    redeem = Route("/api/redeem", front.redeem("/api/redeem"), methods=["POST"])
    app = Starlette(routes=[static, redeem, *routes], exception_handlers={HTTPException: front.unknown})
    app.router.redirect_slashes = False  # it redirects to whatever Host says, before anything is checked
    return app
