"""Somebody to be forgotten, with a word of its own for every place that a person's data can get to."""

from __future__ import annotations

from builders import ANN, AT, BOB, OLGA, a_request, a_space, later

from expertsupport_cli.actions import certificates, following, forgetting, links, outbox, requests, sessions, tasks
from expertsupport_cli.actions.notices import Post
from expertsupport_cli.model.mail import MailState
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.model.requests import Request
from expertsupport_cli.render.notice import notice_text
from expertsupport_cli.store import Store

EVE = Actor(name="Zorblaxine", side=Side.CUSTOMER, email="quixotry@wimblewick.test")
POST = Post(compose=notice_text, desk=["desk@example.com"])
WORDS = {
    "task": "Wombatinus",
    "description": "flumadiddly",
    "first": "borborygmus",
    "comment": "gobemoucherie",
    "reply": "taradiddling",
    "desk note": "skullduggerous",
    "closing": "widdershinsed",
    "reopening": "absquatulate",
    "certificate": "bumfuzzlement",
    "mail error": "cattywampused",
    "unfollowed": "lollygagging@snickersnee.test",
    "follower": "collywobbles@gardyloo.test",
    "purged": "ultracrepidarian",
}
OWN = [*WORDS.values(), EVE.name, str(EVE.email)]


def her_request(store: Store) -> str:
    """A closed request with something of hers in every place that there is."""
    a_space(store, lifetime=None)
    task = tasks.add_task(store, f"{WORDS['task']} leaks", "acme", description=WORDS["description"], by=EVE, at=AT).id
    tasks.close_task(store, task, by=EVE, at=AT)
    tasks.reopen_task(store, task, by=EVE, at=AT)
    token, _ = links.create_link(store, task, lifetime=60, by=EVE, at=AT)
    links.redeem_link(store, token, lambda _: None, by=EVE, at=AT)
    serials: list[str] = []
    note = WORDS["certificate"]
    certificates.issue_certificates(store, 1, lambda block: None, note=note, by=OLGA, at=AT)
    certificates.replace_certificate(store, "C-2", lambda block: serials.append(block[0][0]), by=OLGA, at=AT)
    request = requests.activate(store, task, serials[0], message=WORDS["first"], by=EVE, at=AT, post=POST).request.id
    following.follow(store, request, WORDS["unfollowed"], by=EVE, at=AT)
    following.unfollow(store, request, WORDS["unfollowed"], by=EVE, at=AT)
    following.follow(store, request, WORDS["follower"], by=EVE, at=AT)
    requests.comment(store, request, WORDS["comment"], by=EVE, at=AT, post=POST)
    requests.note(store, request, WORDS["desk note"], by=BOB, at=AT, post=POST)
    requests.reply(store, request, WORDS["purged"], asks=False, by=BOB, at=AT, post=POST)
    requests.close(store, request, WORDS["reply"], by=BOB, at=AT, post=POST)
    requests.reopen(store, request, WORDS["reopening"], by=EVE, at=AT, post=POST)
    requests.close(store, request, WORDS["closing"], by=EVE, at=AT, post=POST)
    following.mark_shown(store, store.request(request), store.last_event(), by=EVE)
    following.mark_shown(store, store.request(request), store.last_event(), by=EVE.replace(email=None))
    some_mail_goes_out(store)
    return request


def some_mail_goes_out(store: Store) -> None:
    """Of the mail so far, some was sent, some of that purged, one failed, one is being sent, and the rest waits."""
    sent, purged, failed, leased, *_ = store.mails()
    with store.transaction():
        for mail in (sent, purged, failed, leased):
            sql = "UPDATE outbox SET lease = 'x', leased_until = ? WHERE number = ?"
            store.change(sql, later(1), mail.number)
        store.settle_mail(purged.replace(state=MailState.SENT, sent_at=later(-9)), "x")
        store.settle_mail(sent.replace(state=MailState.SENT, sent_at=AT), "x")
        store.settle_mail(failed.replace(state=MailState.FAILED, error=f"no: {WORDS['mail error']}"), "x")
    assert outbox.purge(store, 86400, at=AT) == 1


def her_traces(store: Store) -> str:
    """A request of somebody else that she has to do with; the texts on it are not hers."""
    task = tasks.add_task(store, "The roof leaks", "acme", by=EVE, at=AT).id
    links.create_link(store, task, lifetime=60, by=EVE, at=AT)
    request = a_request(store, task=task).id
    following.follow(store, request, str(EVE.email), by=EVE, at=AT)
    following.unfollow(store, request, str(EVE.email), by=EVE, at=AT)
    following.follow(store, request, str(EVE.email).upper(), by=EVE, at=AT)
    requests.comment(store, request, "Is it dry?", by=EVE, at=AT, post=POST)
    requests.reply(store, request, "It is.", asks=False, by=BOB.replace(email=EVE.email), at=AT, post=POST)
    requests.comment(store, request, "Fine.", by=EVE.replace(name=EVE.name.upper()), at=AT, post=POST)
    following.mark_shown(store, store.request(request), store.last_event(), by=EVE)
    with store.transaction():
        store.mark_read(EVE.replace(email=None), store.request(request).number, 1)
    she_signs_in(store)
    some_mail_goes_out(store)
    return request


def she_signs_in(store: Store) -> None:
    """Sessions and unused links: hers, an expert's at her terminal, and ann's."""
    for by in (EVE, EVE.replace(email=None), BOB.replace(email=EVE.email), ANN):
        for _ in range(2):
            token, _ = sessions.create_sign_in(store, by.side, "acme", lifetime=60, by=by, at=AT)
        sessions.sign_in(store, token, at=AT)


def forget(store: Store, *references: str, by: Actor = OLGA) -> list[Request]:
    """Forget requests, nine days later."""
    return forgetting.forget(store, forgetting.find_requests(store, references), by=by, at=later(9))


def forget_person(store: Store, given: str, by: Actor = OLGA) -> list[Request]:
    """Forget a person, nine days later."""
    return forgetting.forget(store, forgetting.find_person(store, given), by=by, at=later(9))
