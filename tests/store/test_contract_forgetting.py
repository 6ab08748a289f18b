"""What every store must do when a request or a person is forgotten; see test_contract."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from builders import ANN, AT, BOB, OLGA, a_request, a_task, later
from forgotten import EVE, POST, WORDS, forget, forget_person, her_request, her_traces, she_signs_in

from expertsupport_cli.actions import following, forgetting, requests
from expertsupport_cli.errors import NotFound, Refused
from expertsupport_cli.model.forgetting import NAME, TEXT
from expertsupport_cli.model.history import LogEntry
from expertsupport_cli.model.mail import MailState
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.store import Store, Wanted, check


@pytest.fixture
def store(opener: Callable[[], Store]) -> Iterator[Store]:
    with closing(opener()) as opened:
        yield opened


def events(store: Store, request: str) -> list[LogEntry]:
    return store.events_of_request(store.request(request), notes=True)


def broken(store: Store) -> list[str]:
    return [rule for rule, found in check.findings(store) if found]


def closed_request(store: Store, *, by: Actor = ANN, task: str | None = None) -> str:
    id = a_request(store, by=by, task=task).id
    requests.close(store, id, None, by=by, at=AT)
    return id


def test_texts_and_names_of_customers_are_replaced_and_experts_keep_theirs(store: Store) -> None:
    id = her_request(store)
    (request,) = forget(store, id)
    assert (request.task_name, request.initiator, request.initiator_email, request.last_by) == (TEXT, NAME, None, NAME)
    task = store.task(request.task)
    assert (task.name, task.description, task.creator) == (TEXT, TEXT, NAME)
    comments = store.comments(request, notes=True)
    assert {comment.body for comment in comments} == {TEXT}
    assert {(comment.author, comment.side) for comment in comments} == {(NAME, "customer"), (BOB.name, "desk")}
    assert {(event.actor, event.side) for event in store.events_of_task(task.id)} == {
        (NAME, "customer"),
        (BOB.name, "desk"),
        (OLGA.name, "owner"),
    }
    assert [link.creator for link in store.links()] == [NAME]
    assert [(each.id, each.note) for each in store.certificates(AT)] == [("C-3", TEXT), ("C-2", TEXT), ("C-1", "")]
    assert store.followers(request) == []
    assert store.last_read(EVE, request.number) == 0
    assert broken(store) == []


def test_numbers_kinds_times_and_statuses_stay_and_an_event_says_what_happened(store: Store) -> None:
    id = her_request(store)
    request, before = store.request(id), events(store, id)
    forget(store, id)
    *after, last = events(store, id)
    kept = ("number", "at", "side", "via", "kind", "request", "certificate", "link", "comment")
    assert [[getattr(event, name) for name in kept] for event in after] == [
        [getattr(event, name) for name in kept] for event in before
    ]
    moves = [(event.old, event.new) for event in before if event.kind.moves_status]
    assert [(event.old, event.new) for event in after if event.kind.moves_status] == moves
    addresses = [(event.kind.value, event.old, event.new) for event in after if event.kind.value.endswith("followed")]
    assert addresses == [("followed", None, TEXT), ("unfollowed", TEXT, None), ("followed", None, TEXT)]
    assert (last.kind, last.actor, last.side, last.at) == ("forgotten", "olga", "owner", later(9))
    now = store.request(id)
    for name in ("status", "created_at", "updated_at", "closed_at", "turn_since", "last_at", "certificate", "space"):
        assert getattr(now, name) == getattr(request, name)


def test_the_old_address_of_the_page_leads_to_nothing(store: Store) -> None:
    old = store.request(her_request(store))
    (new,) = forget(store, old.id)
    assert store.request(new.token).id == old.id
    with pytest.raises(NotFound):
        store.request(old.token)


def test_no_search_finds_what_was_forgotten_and_every_search_finds_the_rest(store: Store) -> None:
    id = her_request(store)
    other = closed_request(store, task=a_task(store, f"{WORDS['task']} works").id)
    assert len(list(store.requests(Wanted(words=[WORDS["task"][:4]])))) == 2
    forget(store, id)
    assert [each.id for each in store.requests(Wanted(words=[WORDS["task"][:4]]))] == [other]
    assert list(store.requests(Wanted(words=[WORDS["comment"][:6]]))) == []
    assert [each.id for each in store.requests(Wanted(words=["t-1"]))] == [id]
    assert list(store.requests(Wanted(initiator=EVE.name))) == []


def test_its_mail_is_emptied_and_what_was_not_sent_never_is(store: Store) -> None:
    id = her_request(store)
    before = {mail.id: mail for mail in store.mails()}
    forget(store, id)
    for mail in store.mails():
        was = before[mail.id]
        assert (mail.subject, mail.recipient) == (TEXT, f"{NAME}-{mail.number}")
        assert mail.body == (None if was.body is None else TEXT)
        assert mail.error == (None if was.error is None else TEXT)
        assert mail.state == (was.state if was.state is MailState.SENT else MailState.DEAD)
        assert (mail.message_id, mail.event, mail.leased_until) == (was.message_id, was.event, None)
    assert store.due_mails(later(99)) == store.leased_mails("x") == []


def test_what_is_forgotten_is_not_forgotten_again_unless_something_has_happened_since(store: Store) -> None:
    id = her_request(store)
    forget(store, id)
    again = forgetting.find_requests(store, [id, "1", "T-1"])
    assert ([each.id for each in again.forgotten], again.is_empty) == ([id], True)
    requests.reopen(store, id, WORDS["comment"], by=EVE, at=later(10))
    requests.close(store, id, None, by=EVE, at=later(10))
    forget(store, id)
    assert {comment.body for comment in store.comments(store.request(id), notes=True)} == {TEXT}
    assert forgetting.find_requests(store, [id]).is_empty
    assert forgetting.find_person(store, NAME).is_empty


def test_an_open_request_is_not_forgotten_nor_one_whose_task_has_an_open_one(store: Store) -> None:
    first = closed_request(store)
    second = a_request(store, task="T-1").id
    third = a_request(store).id
    for references, refused in (([third, second], "ES-3, ES-2 are not"), ([first], "ES-2 is not")):
        with pytest.raises(Refused, match=f"{refused} closed"):
            forget(store, *references)
    with pytest.raises(Refused, match="ES-2, ES-3 are not closed"):
        forget_person(store, "ann")
    assert store.request(first).initiator == "ann"
    assert [event.kind for event in events(store, first)] == ["activated", "closed"]


def test_a_closed_request_on_the_same_task_loses_the_texts_that_they_share_and_no_more(store: Store) -> None:
    carl = Actor(name="carl", side=Side.CUSTOMER, email="carl@example.org")
    first = closed_request(store)
    second = a_request(store, by=carl, task="T-1").id
    requests.comment(store, second, "Mine.", by=carl, at=AT, post=POST)
    requests.close(store, second, None, by=carl, at=AT)
    forget(store, first)
    other = store.request(second)
    assert (other.task_name, other.initiator, other.last_by) == (TEXT, "carl", "carl")
    assert [comment.body for comment in store.comments(other, notes=True)] == ["Mine."]
    (mail,) = store.mails()
    assert (mail.subject, mail.body, mail.recipient) == (TEXT, TEXT, "desk@example.com")
    assert not forgetting.find_requests(store, [second]).is_empty
    assert broken(store) == []


def test_a_person_is_forgotten_wherever_else_the_name_and_the_address_stand(store: Store) -> None:
    her_request(store)
    other = store.request(her_traces(store))
    assert [each.id for each in forget_person(store, EVE.name)] == ["ES-1"]
    now = store.request(other.id)
    assert (now.initiator, now.initiator_email, now.token) == (other.initiator, other.initiator_email, other.token)
    assert (now.last_by, now.task_name, store.task(now.task).creator) == (NAME, "The roof leaks", NAME)
    comments = store.comments(now, notes=True)
    assert [(each.author, each.body) for each in comments] == [(NAME, "Is it dry?"), ("bob", "It is."), (NAME, "Fine.")]
    assert [link.creator for link in store.links(now.task)] == [NAME]
    assert (store.followers(now), store.last_read(EVE, now.number)) == ([], 0)
    assert "forgotten" not in [event.kind for event in events(store, other.id)]
    assert [session.name for session in store.sessions()] == ["ann"]
    assert broken(store) == []


def test_who_has_no_request_can_be_forgotten_and_nobody_is_not_found(store: Store) -> None:
    id = a_request(store).id
    following.follow(store, id, "fran@example.org", by=ANN, at=AT)
    requests.reply(store, id, "Hello.", asks=False, by=BOB, at=AT)
    assert forget_person(store, "Fran@example.org") == forget_person(store, "BOB") == []
    assert store.followers(store.request(id)) == []
    assert [each.author for each in store.comments(store.request(id), notes=True)] == [NAME]
    for given in ("fran@example.org", "bob", "nobody"):
        with pytest.raises(NotFound, match="not found"):
            forget_person(store, given)


def test_who_has_done_nothing_but_sign_in_can_be_forgotten(store: Store) -> None:
    closed_request(store)
    she_signs_in(store)
    assert forget_person(store, EVE.name) == []
    assert [session.name for session in store.sessions()] == ["ann"]
    with pytest.raises(NotFound, match="not found"):
        forget_person(store, EVE.name)


def test_an_expert_at_the_terminal_of_the_person_keeps_the_name(store: Store) -> None:
    id = a_request(store).id
    requests.reply(store, id, "Hello.", asks=False, by=BOB.replace(email=ANN.email), at=AT)
    requests.close(store, id, None, by=ANN, at=AT)
    forget_person(store, "ann@example.org")
    assert {event.actor for event in events(store, id)} == {NAME, "bob", "olga"}
    with pytest.raises(NotFound):
        forgetting.find_person(store, "ann@example.org")


def test_a_namesake_with_another_address_is_somebody_else_if_the_address_was_given(store: Store) -> None:
    namesake = ANN.replace(email="ann@elsewhere.example")
    mine, theirs, unknown = (closed_request(store, by=by) for by in (ANN, namesake, ANN.replace(email=None)))
    found = forgetting.find_person(store, "Ann@Example.org")
    assert ([each.id for each in found.requests], [each.id for each in found.others]) == ([mine], [unknown])
    forgetting.forget(store, found, by=OLGA, at=AT)
    assert {event.actor for event in events(store, theirs)} == {"ann"}
    assert {event.actor for event in events(store, unknown)} == {NAME}  # nothing says that it was somebody else
    assert [each.id for each in forgetting.find_person(store, "ann").requests] == [theirs, unknown]


@pytest.mark.parametrize("by", [ANN, ANN.replace(side=Side.OWNER)])
def test_whoever_forgets_their_own_request_is_not_named_for_it(by: Actor, store: Store) -> None:
    first, second = closed_request(store), closed_request(store)
    forget(store, first, by=by)
    forget_person(store, "ann", by=by)
    assert [events(store, id)[-1].actor for id in (first, second)] == [NAME, NAME]


def test_a_rebuilt_store_has_all_that_it_had(store: Store, opener: Callable[[], Store]) -> None:
    request = a_request(store)
    store.vacuum()
    with closing(opener()) as other:
        assert other.request(request.id) == request
    assert broken(store) == []
