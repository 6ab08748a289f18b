"""Who may ask, and what is added to every answer: Host, Origin, methods, headers, and the one 404."""

from __future__ import annotations

import re

from conftest import Es
from web.serving import Answer, Server, a_request_in, path_of, state

from expertsupport_cli.model.requests import Status

POLICY = (
    "default-src 'none'; style-src 'self'; script-src 'self'; img-src 'self'; connect-src 'self';"
    " form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HEADERS = {
    "content-security-policy": POLICY,
    "referrer-policy": "same-origin",
    "cache-control": "no-store",
    "x-content-type-options": "nosniff",
    "x-robots-tag": "noindex",
}
UNKNOWN = "/requests/" + "0" * 32


def without_date(answer: Answer) -> Answer:
    return answer._replace(headers=[(name, value) for name, value in answer.headers if name != "date"])


def test_only_the_names_of_the_server_itself_are_answered(server: Server) -> None:
    port = server.port
    ours = ("127.0.0.1", "localhost", "LOCALHOST", "[::1]")
    foreign = (
        "evil.example",
        f"evil.example:{port}",
        "127.0.0.1",
        "localhost",
        f"127.0.0.1:{port + 1}",
        f"127.0.0.1.evil.example:{port}",
        f"evil@127.0.0.1:{port}",
        f"127.0.0.1:{port}, evil.example",
        f"localhost.:{port}",
        "",
    )
    for path in ("/sign-in", UNKNOWN, "/no-such-page", "/desk/", "/static/no"):
        for name in ours:
            assert server.get(path, Host=f"{name}:{port}").status != 421, (path, name)
        for host in foreign:
            answer = server.get(path, Host=host, X_Forwarded_Host=f"localhost:{port}")
            assert (answer.status, answer.header("location")) == (421, None), (path, host)


def test_a_form_of_another_site_is_refused_and_one_without_an_origin_is_taken(server: Server, shared_es: Es) -> None:
    request, own = a_request_in(shared_es), server.url
    cases: list[tuple[dict[str, str], int]] = [
        ({}, 303),
        ({"Origin": own}, 303),
        ({"Origin": own.replace("127.0.0.1", "localhost")}, 303),
        ({"Sec_Fetch_Site": "same-origin"}, 303),
        ({"Sec_Fetch_Site": "same-origin", "Origin": own}, 303),
        ({"Origin": "https://evil.example"}, 403),
        ({"Origin": "null"}, 403),
        ({"Origin": ""}, 403),
        ({"Origin": own.replace("http:", "https:")}, 403),
        ({"Origin": f"http://127.0.0.1:{server.port + 1}"}, 403),
        ({"Origin": f"{own}.evil.example"}, 403),
        ({"Sec_Fetch_Site": "cross-site"}, 403),
        ({"Sec_Fetch_Site": "same-site"}, 403),
        ({"Sec_Fetch_Site": "none"}, 403),
        ({"Sec_Fetch_Site": "cross-site", "Origin": own}, 403),
        ({"Sec_Fetch_Site": "same-origin", "Origin": "https://evil.example"}, 403),
    ]
    taken = []
    for number, (headers, status) in enumerate(cases):
        answer = server.post(f"{path_of(request)}/comment", {"body": f"case {number}"}, **headers)
        assert answer.status == status, headers
        taken += [f"case {number}"] if status == 303 else []
    assert state(shared_es, request) == (Status.NEW, taken)


def test_a_cross_site_form_neither_signs_in_nor_out(server: Server) -> None:
    link, desk = server.sign_in_link(), server.sign_in()
    for path in (link, "/sign-out"):
        answer = server.post(path, cookie=desk, Sec_Fetch_Site="cross-site")
        assert (answer.status, answer.header("set-cookie")) == (403, None)
    assert server.get("/desk", cookie=desk).status == 200
    assert server.get(link).status == 200


def test_every_answer_has_all_headers_and_says_nothing_of_the_server(server: Server, shared_es: Es) -> None:
    path, desk = path_of(a_request_in(shared_es)), server.sign_in()
    answers = {
        200: server.get(path),
        303: server.post(f"{path}/close"),
        304: server.get(f"{path}/last", If_None_Match=str(server.get(f"{path}/last").header("etag"))),
        400: server.post(f"{path}/comment", {"body": "\0"}),
        403: server.post(f"{path}/comment", {"body": "x"}, Origin="https://evil.example"),
        404: server.get("/no-such-page"),
        405: server.ask("DELETE", path),
        409: server.post(f"{path}/comment", {"body": "x"}),
        413: server.post(f"{path}/comment", {"body": "x" * 12_000_000}),
        421: server.get(path, Host="evil.example"),
    }
    answers |= {1: server.get("/desk"), 2: server.get("/desk", cookie=desk), 3: server.get(UNKNOWN)}
    for status, answer in answers.items():
        assert status < 10 or answer.status == status, answer
        for name, value in HEADERS.items():
            assert answer.header(name) == value, (status, name)
        assert {"server", "x-powered-by", "set-cookie"}.isdisjoint(name for name, _ in answer.headers)


def test_the_files_of_the_pages_may_be_kept_since_their_names_change_with_them(server: Server) -> None:
    names = re.findall(r'(?:href|src)="(/static/[^"]+)"', server.get("/sign-in").text)
    types = []
    for name in names:
        answer = server.get(name)
        types.append(answer.header("content-type"))
        assert answer.status == 200
        assert answer.header("cache-control") == "public, max-age=31536000, immutable"
        assert answer.header("x-content-type-options") == "nosniff"
    assert types == ["image/svg+xml", "text/css; charset=utf-8"]


def test_head_answers_as_get_does_without_a_body(server: Server, shared_es: Es) -> None:
    path = path_of(a_request_in(shared_es))
    for place in (path, f"{path}/last", "/sign-in", server.sign_in_link(), UNKNOWN, "/no-such-page", "/desk"):
        got, head = without_date(server.get(place)), without_date(server.ask("HEAD", place))
        assert (head.status, head.headers, head.body) == (got.status, got.headers, b""), place


def test_there_is_one_404_for_the_unknown_the_mistyped_and_what_is_of_others(server: Server, shared_es: Es) -> None:
    request = a_request_in(shared_es)
    shared_es.inside("space", "add", "beta")
    token, id, beta = request.token, request.id, server.sign_in("customer", space="beta", who="ben")
    wrong = token[:-1] + ("0" if token[-1] != "0" else "1")
    places = [
        ("/no-such-page", ""),
        (UNKNOWN, ""),
        (f"/requests/{wrong}", ""),
        (f"/requests/{token[:-1]}", ""),
        (f"/requests/{token}0", ""),
        (f"/requests/{id}", ""),
        ("/requests/é", ""),
        (f"/requests/{wrong}/last", ""),
        ("/sign-in/" + "0" * 64, ""),
        ("/hello/short", ""),
        ("/static/pages.css", ""),
        (f"/spaces/acme/requests/{id}", beta),
        (f"/spaces/beta/requests/{id}", beta),
        ("/spaces/acme/requests", beta),
        ("/spaces/no-such-space/requests", beta),
        ("/spaces/beta/requests/ES-999", beta),
        ("/spaces/beta/requests/banana", beta),
        ("/desk", beta),
        (f"/desk/requests/{id}", beta),
    ]
    expected = without_date(server.get("/no-such-page-either"))
    assert expected.status == 404
    for place, cookie in places:
        quoted = place.replace("é", "%C3%A9")
        assert without_date(server.get(quoted, cookie=cookie)) == expected, place


def test_a_form_to_what_is_unknown_or_of_others_changes_nothing(server: Server, shared_es: Es) -> None:
    request = a_request_in(shared_es)
    shared_es.inside("space", "add", "gamma")
    gamma = server.sign_in("customer", space="gamma", who="gus")
    for path, cookie in (
        (f"{UNKNOWN}/close", ""),
        (f"{path_of(request)}/acknowledge", ""),
        (f"{path_of(request)}/note", ""),
        (f"{path_of(request)}/erase", ""),
        (f"/spaces/acme/requests/{request.id}/close", gamma),
        (f"/desk/requests/{request.id}/close", gamma),
    ):
        assert server.post(path, {"body": "x"}, cookie=cookie).status == 404, path
    for path in (f"/spaces/acme/requests/{request.id}/close", f"/desk/requests/{request.id}/close"):
        assert server.post(path, {"body": "x"}).status == 403, path
    assert state(shared_es, request) == (Status.NEW, [])


def test_a_method_that_a_page_does_not_take_is_refused_and_the_others_are_named(server: Server, shared_es: Es) -> None:
    path = path_of(a_request_in(shared_es))
    for method in ("PUT", "DELETE", "PATCH", "OPTIONS", "TRACE", "PROPFIND", "POST"):
        answer = server.ask(method, path)
        assert (answer.status, sorted(str(answer.header("allow")).split(", "))) == (405, ["GET", "HEAD"]), method
    assert server.get(f"{path}/close").status == 405
    assert server.get("/sign-out").header("allow") == "POST"
