"""Signing in: a link that works once opens a session of a browser; a session ends by itself or by command."""

from __future__ import annotations

import hmac
import os
from hashlib import sha256

from expertsupport_cli import times
from expertsupport_cli.actions.repeating import repeatable
from expertsupport_cli.errors import BadUsage, NotFound, Refused
from expertsupport_cli.model.people import Actor, Side
from expertsupport_cli.model.sessions import LIFETIME, Session, SignIn
from expertsupport_cli.steps import Step, Verb
from expertsupport_cli.store import Store

TOKEN_BYTES = 32
LINK_BYTES = 16  # of a sign-in link, which fits into a line of a terminal


@repeatable
def create_sign_in(
    store: Store, side: Side, space: str | None, *, lifetime: int, by: Actor, at: str
) -> tuple[str, SignIn]:
    """Create a link that opens one session under the actor's name. Returns its token, which is not kept, and the link.

    A customer's session is for one space. Raises NotFound (the space), or BadUsage.
    """
    if side is Side.CUSTOMER and space is None:
        raise BadUsage("A customer's session needs a space.", hint="Try: es sign-in --space NAME")
    token = os.urandom(LINK_BYTES).hex()
    with store.transaction():
        store.forget_sessions(at)
        link = SignIn(
            number=0,
            name=by.name,
            email=by.email,
            side=side,
            space=store.space(space).name if space and side is Side.CUSTOMER else None,
            created_at=at,
            expires_at=times.after(at, lifetime),
            used_at=None,
        )
        store.add_sign_in(link, digest(token))
    return token, link


def find_sign_in(store: Store, token: str, *, at: str) -> SignIn:
    """The link with a token, which can still be used. Looking at it does not use it. Raises NotFound, or Refused."""
    link = store.sign_in_by_digest(digest(token))
    if link is None:  # a guess, which whoever answers counts
        raise NotFound("Sign-in link not found.", "It is incomplete, or it has expired.", Step(verb=Verb.SIGN_IN))
    if not link.is_valid(at):
        raise _spent()
    return link


@repeatable
def sign_in(store: Store, token: str, *, at: str) -> tuple[str, Session]:
    """Use a link. Returns the token of the new session, which is not kept, and the session.

    Raises NotFound, or Refused.
    """
    secret = os.urandom(TOKEN_BYTES).hex()
    with store.transaction():
        link = find_sign_in(store, token, at=at)
        store.use_sign_in(link.number, at)
        session = Session(
            number=0,
            name=link.name,
            email=link.email,
            side=link.side,
            space=link.space,
            created_at=at,
            seen_at=at,
            expires_at=times.after(at, LIFETIME),
            ended_at=None,
        )
        return secret, store.add_session(session, digest(secret))


def find_session(store: Store, token: str, *, at: str) -> Session | None:
    """The session with a token, if it can be used."""
    session = store.session_by_digest(digest(token)) if token else None
    return session if session and session.is_active(at) else None


def touch(store: Store, session: Session, *, at: str) -> None:
    """Note that a session was used, unless that was noted a short time ago. Raises StoreUnusable."""
    if session.is_stale(at):
        with store.transaction(patient=False):
            store.touch_session(session.number, at)


@repeatable
def end_session(store: Store, id: str, *, at: str) -> tuple[Session, bool]:
    """End a session. Returns it, and whether it had not ended before. Raises NotFound."""
    with store.transaction():
        session = store.session(id)
        return session.replace(ended_at=session.ended_at or at), store.end_session(session.number, at)


@repeatable
def prepare_to_serve(store: Store) -> None:
    """Create the store, if there is none, and the key by which a server proves that it serves this store."""
    with store.transaction():
        store.add_key("hello", os.urandom(TOKEN_BYTES).hex())


def proof(store: Store, nonce: str) -> str | None:
    """What a server of this store answers to a nonce, which only who can read the store knows. None: never served."""
    key = store.key("hello")
    return None if key is None else hmac.new(bytes.fromhex(key), nonce.encode("ascii"), "sha256").hexdigest()


def digest(token: str) -> str:
    """What is kept of a token."""
    return sha256(token.encode("utf-8", "surrogatepass")).hexdigest()


def _spent() -> Refused:
    return Refused(
        "This sign-in link cannot be used.",
        "It was used already, or has expired.",
        Step(verb=Verb.SIGN_IN),
    )
