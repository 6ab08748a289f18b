"""Certificates: issue, import, list, check, revoke."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import nullcontext
from typing import Annotated

import typer

from expertsupport_cli import times
from expertsupport_cli.actions import certificates as actions
from expertsupport_cli.cli.env import Env
from expertsupport_cli.cli.listing import rows_wanted, tell_of_the_rest
from expertsupport_cli.cli.options import Changes, Limit, Reads, chosen_state, group, prints
from expertsupport_cli.files import read_text
from expertsupport_cli.model.certificates import Certificate, CertificateState
from expertsupport_cli.model.people import Side
from expertsupport_cli.render.fields import CERTIFICATE, SERIAL
from expertsupport_cli.render.shapes import Named
from expertsupport_cli.render.terminal.printer import flush_stdout

cert = group("Certificates: paid rights to one request each.")

ValidFor = Annotated[
    str | None, typer.Option("--valid-for", metavar="365d", help="How long it can be used (without end unless told).")
]
Note = Annotated[str, typer.Option("--note", metavar="TEXT", help="A note for yourself.")]
Serial = Annotated[str, typer.Argument(metavar="SERIAL", help="The serial number; - reads it from stdin.")]


@cert.command("issue", cls=Changes)
@prints(SERIAL)
def issue(
    ctx: typer.Context,
    count: Annotated[int, typer.Option("-n", "--count", min=1, max=1_000_000, metavar="N", help="How many.")] = 1,
    valid_for: ValidFor = None,
    note: Note = "",
) -> None:
    """Issue certificates and print their serials, one a line, this once.

    The store does not keep them: what is printed here is all there is.
    """
    env = Env.of(ctx)
    with env.printer.many(SERIAL) if count > 1 else nullcontext():
        actions.issue_certificates(
            env.store,
            count,
            lambda batch: hand_over(env, batch),
            valid_for=_valid_for(valid_for),
            note=note,
            by=env.actor(Side.OWNER),
            at=env.now(),
        )
    if not env.dry_run:
        env.printer.hint("Keep them: they are not shown again. To use one: es activate TASK SERIAL")


@cert.command("import", cls=Changes)
@prints(CERTIFICATE)
def import_(
    ctx: typer.Context,
    file: Annotated[str, typer.Argument(metavar="FILE", help="Serials, one a line; - is stdin.")],
    valid_for: ValidFor = None,
    note: Note = "",
) -> None:
    """Take in serials of other origin from a file, all or none: any 16 letters or digits."""
    env = Env.of(ctx)
    added = actions.import_certificates(
        env.store,
        _serial_lines(file),
        valid_for=_valid_for(valid_for),
        note=note,
        by=env.actor(Side.OWNER),
        at=env.now(),
    )
    env.printer.all(CERTIFICATE, added, f"{len(added):,} certificates were imported.")


@cert.command("list", cls=Reads)
@prints(CERTIFICATE)
def list_certificates(
    ctx: typer.Context,
    state: Annotated[
        str | None, typer.Option("--state", metavar="|".join(CertificateState), help="Only in this state.")
    ] = None,
    limit: Limit = None,
) -> None:
    """List certificates, newest first."""
    env = Env.of(ctx)
    wanted = chosen_state(state, CertificateState)
    shown = env.printer.list(CERTIFICATE, env.store.certificates(env.now(), wanted, rows_wanted(env, limit)))
    tell_of_the_rest(
        env, shown, lambda: env.store.count_certificates(env.now(), wanted), "certificate", "No certificates."
    )


@cert.command("check", cls=Reads)
@prints(CERTIFICATE)
def check(ctx: typer.Context, serial: Serial) -> None:
    """Check that a serial would open a request now.

    If not, say why, and end as activation would.
    """
    env = Env.of(ctx)
    found = actions.check_certificate(env.store, _serial(serial), at=env.now())
    until = f" until {found.valid_until}" if found.valid_until else ""
    env.printer.thing(CERTIFICATE, found, f"{found.masked} ({found.id}) is unused and can be activated{until}.")


@cert.command("revoke", cls=Changes)
@prints(CERTIFICATE)
def revoke(
    ctx: typer.Context,
    certificates: Annotated[
        list[str], typer.Argument(metavar="CERTIFICATE...", help="IDs (C-1) or serials; several, or - for stdin.")
    ],
) -> None:
    """Revoke unused certificates, for good."""
    env = Env.of(ctx)
    env.confirm("A revoked certificate cannot be used again. Revoke?")
    env.each(CERTIFICATE, certificates, lambda reference: _revoke(env, reference))


def _revoke(env: Env, reference: str) -> None:
    found, changed = actions.revoke_certificate(env.store, reference, by=env.actor(Side.OWNER), at=env.now())
    if not changed:
        env.printer.note(f"Certificate {found.id} is revoked already; nothing was changed.")
    env.printer.thing(CERTIFICATE, found, f"{found.id}  {found.masked}  revoked")


def hand_over(env: Env, batch: list[tuple[str, Certificate]]) -> None:
    """Print serials; when this returns, they are out of our hands."""
    for serial, certificate in batch:
        shown = "(none: a dry run)" if env.dry_run else serial
        values = {"serial": shown, "id": certificate.id, "valid_until": certificate.valid_until}
        env.printer.thing(SERIAL, Named(values=values), shown)
    flush_stdout()


def _serial(text: str) -> str:
    return read_text("-", "The serial number") if text == "-" else text


def _serial_lines(path: str) -> Iterator[tuple[int, str]]:
    for number, line in enumerate(read_text(path, "The file").splitlines(), start=1):
        if line.strip():
            yield number, line


def _valid_for(text: str | None) -> int | None:
    return None if text is None else times.parse_duration(text)
