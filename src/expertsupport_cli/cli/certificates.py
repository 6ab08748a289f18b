"""Certificates: issue, import, list, check, revoke."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import nullcontext
from functools import partial

from expertsupport_cli import times
from expertsupport_cli.actions import certificates as actions
from expertsupport_cli.actions.certificates import Block
from expertsupport_cli.cli.importing import lines_to_import
from expertsupport_cli.cli.listing import chosen_state, rows_wanted, summarize
from expertsupport_cli.cli.perform import changes, reads
from expertsupport_cli.errors import OutputLost
from expertsupport_cli.model.certificates import CertificateState, Origin
from expertsupport_cli.model.people import Side
from expertsupport_cli.reading import typed_or_on_stdin
from expertsupport_cli.render.conversation import CERTIFICATE_HISTORY, CertificatePage
from expertsupport_cli.render.fields import CERTIFICATE, EVENT, SERIAL
from expertsupport_cli.render.pages import certificate_page
from expertsupport_cli.render.shapes import Named
from expertsupport_cli.text import is_blank

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Annotated

    from expertsupport_cli.cli.env import Env
    from expertsupport_cli.cli.options import Argument, CertificateNote, Limit, Option, Serial, ValidFor

# A block is written at once, so it must not exceed 4,096 bytes: 20 for a serial alone, about 100 with all fields.
KEYS_PER_BLOCK = 200
ROWS_PER_BLOCK = 40


@changes(SERIAL)
def issue(
    env: Env,
    count: Annotated[int, Option("-n", "--count", min=1, max=1_000_000, metavar="N", help="How many.")] = 1,
    valid_for: ValidFor = None,
    note: CertificateNote = "",
) -> None:
    """Issue certificates and print their serials once.

    One serial per line. The store keeps only digests, so a serial cannot be printed again.
    """
    issued = 0

    def hand_over(block: Block) -> None:
        nonlocal issued
        print_serials(env, block)
        issued += len(block)

    try:
        with env.printer.many(SERIAL) if count > 1 else nullcontext():
            actions.issue_certificates(
                env.store,
                count,
                hand_over,
                block_size=KEYS_PER_BLOCK if env.printer.prints_keys_alone else ROWS_PER_BLOCK,
                valid_for=_valid_for(valid_for),
                note=note,
                by=env.actor(Side.OWNER),
                at=env.at,
            )
    except OutputLost as fault:
        fault.why = f"{fault.why} {issued} of {count} certificates issued."
        raise
    if not env.dry_run:
        env.printer.hint("Save them now: they are not shown again. Try: es activate TASK SERIAL")


@changes(SERIAL, asks=True)
def replace(
    env: Env,
    certificate: Annotated[str, Argument(metavar="CERTIFICATE", help="Its ID (C-1) or serial; it must be unused.")],
) -> None:
    """Replace an unused certificate whose serial was lost.

    Prints the new serial once and revokes the old one. Validity, note and purchase link stay the same.
    """
    found = look_up_certificates(env, [certificate], replacing=True)
    env.confirm(f"Replace {found}? Its serial will stop working.")
    actions.replace_certificate(
        env.store, certificate, lambda block: print_serials(env, block), by=env.actor(Side.OWNER), at=env.at
    )
    if not env.dry_run:
        env.printer.hint("Save it now: it is not shown again. Try: es activate TASK SERIAL")


@changes(CERTIFICATE)
def import_(
    env: Env,
    file: Annotated[str, Argument(metavar="FILE", help="A file with one serial per line; - reads stdin.")],
    valid_for: ValidFor = None,
    note: CertificateNote = "",
) -> None:
    """Import serials from another source, all or none.

    A serial is any 16 letters or digits.
    """
    added = actions.import_certificates(
        env.store,
        _serial_lines(file),
        valid_for=_valid_for(valid_for),
        note=note,
        by=env.actor(Side.OWNER),
        at=env.at,
    )
    env.printer.all(CERTIFICATE, added, f"Imported {len(added):,} certificates.")


@reads(CERTIFICATE)
def list_certificates(
    env: Env,
    state: Annotated[
        str | None, Option("--state", metavar="|".join(CertificateState), help="Only in this state.")
    ] = None,
    limit: Limit = None,
) -> None:
    """List certificates, newest first."""
    wanted = chosen_state(state, CertificateState)
    shown = env.printer.list(CERTIFICATE, env.store.certificates(env.at, wanted, rows_wanted(env, limit)))
    summarize(env, shown, lambda: env.store.count_certificates(env.at, wanted), "certificate", "No certificates.")


@reads(CERTIFICATE)
def check(env: Env, serial: Serial) -> None:
    """Check whether a serial could be activated now.

    If it could not, the reason and exit status are those of es activate.
    """
    found = actions.check_certificate(env.store, typed_or_on_stdin(serial, "The serial number"), at=env.at)
    demo = ", demo" if found.origin is Origin.DEMO else ""
    until = f" until {found.expires_at}" if found.expires_at else ""
    env.printer.thing(CERTIFICATE, found, f"{found.masked} ({found.id}{demo}) is unused and valid{until}.")


@reads(CERTIFICATE_HISTORY, EVENT)
def show(
    env: Env, certificate: Annotated[str, Argument(metavar="CERTIFICATE", help="Its ID (C-1) or serial.")]
) -> None:
    """Show a certificate and its history."""
    with env.store.snapshot():
        found = actions.find_certificate(env.store, certificate)
        page = CertificatePage(certificate=found, events=env.store.events_of_certificate(found))
    env.printer.page(CERTIFICATE_HISTORY, page, lambda: certificate_page(page, env.printer.view))


@changes(CERTIFICATE, asks=True)
def revoke(
    env: Env,
    certificates: Annotated[
        list[str],
        Argument(metavar="CERTIFICATE...", help="IDs (C-1) or serials; repeatable; - reads one per line from stdin."),
    ],
) -> None:
    """Revoke unused certificates for good."""
    found = look_up_certificates(env, certificates)
    if found:
        env.confirm(f"Revoke {found}? A revoked certificate cannot be used again.")
    env.for_each(CERTIFICATE, certificates, lambda reference: _revoke(env, reference))


def look_up_certificates(env: Env, references: Sequence[str], *, replacing: bool = False) -> str:
    """Look up the certificates that were named, and describe those that can be revoked for a question.

    Raises as revoking (or `replacing`) them would.
    """

    def revocable(reference: str) -> str:
        certificate = actions.find_certificate(env.store, reference)
        if replacing:
            certificate.refuse_if_invalid(env.at)
        certificate.refuse_if_used()
        return "" if certificate.revoked_at else f"{certificate.id} ({certificate.masked})"

    return env.describe(references, revocable)


def _revoke(env: Env, reference: str) -> None:
    found, changed = actions.revoke_certificate(env.store, reference, by=env.actor(Side.OWNER), at=env.at)
    if not changed:
        env.printer.note(f"Certificate {found.id} is already revoked; nothing was changed.")
    env.printer.thing(CERTIFICATE, found, f"{found.id}  {found.masked}  revoked")


def print_serials(env: Env, block: Block) -> None:
    """Print serials in one unbuffered write. When this returns, the operating system has them."""
    with env.printer.block(partial(setattr, block, "delivered", True)):
        for serial, certificate in block:
            shown = "(none: dry run)" if env.dry_run else serial
            values = {"serial": shown, "id": certificate.id, "expires_at": certificate.expires_at}
            env.printer.thing(SERIAL, Named(values=values), shown)


def _serial_lines(path: str) -> Iterator[tuple[int, str]]:
    for number, line in lines_to_import(path):
        if not is_blank(line):
            yield number, line


def _valid_for(text: str | None) -> int | None:
    return None if text is None else times.parse_duration(text)
