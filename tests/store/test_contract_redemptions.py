"""What every store must do with the events of an online store, whatever it is kept in."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import closing

import pytest
from builders import ANN, AT, a_new_certificate, a_new_link, a_task

from expertsupport_cli.actions import links
from expertsupport_cli.errors import NotFound
from expertsupport_cli.model.certificates import Origin, Redemption
from expertsupport_cli.store import Store


@pytest.fixture
def store(opener: Callable[[], Store]) -> Iterator[Store]:
    with closing(opener()) as opened:
        yield opened


def test_an_event_is_kept_with_what_came_of_it_until_it_is_forgotten(store: Store) -> None:
    task = a_task(store).id
    event = Redemption(event_id="evt_1", link=1, request=None, refused="task_closed")
    with store.transaction():
        link = store.add_link(a_new_link(task))
        certificate = store.add_certificate(a_new_certificate())
        store.use_link(link.number, certificate.number, AT)
        store.add_redemption(event)
    assert store.redemption("evt_1") == event
    assert store.redemption("EVT_1") is None
    with store.transaction():
        store.forget_redemption(link.number)
    assert store.redemption("evt_1") is None


def test_a_link_names_its_certificate_once_it_is_used(store: Store) -> None:
    task = a_task(store).id
    with store.transaction():
        link = store.add_link(a_new_link(task))
        certificate = store.add_certificate(a_new_certificate().replace(origin=Origin.DEMO))
    with pytest.raises(NotFound, match="L-1 has no certificate"):
        store.certificate_of_link(link)
    with store.transaction():
        store.use_link(link.number, certificate.number, AT)
    assert store.certificate_of_link(link).id == "C-1"
    assert store.link("L-1").certificate_origin is Origin.DEMO


def test_the_address_of_whoever_created_a_link_is_known_from_the_history(store: Store) -> None:
    task = a_task(store).id
    for email in ("ann@example.org", None):
        _, link = links.create_link(store, task, lifetime=60, by=ANN.replace(email=email), at=AT)
        assert store.email_of_creator(link.number) == email
    assert store.email_of_creator(99) is None
