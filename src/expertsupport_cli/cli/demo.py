"""A guided demo on a temporary store: it runs the real commands and shows their real output."""

from __future__ import annotations

import os
import shlex
import signal
import subprocess
import sys
import tempfile
from contextlib import contextmanager

from expertsupport_cli.cli.perform import reads
from expertsupport_cli.errors import Fault
from expertsupport_cli.render.terminal.paint import Line
from expertsupport_cli.render.terminal.printer import flush_stdout

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Annotated

    from expertsupport_cli.cli.env import Env
    from expertsupport_cli.cli.options import Option

# (user, narration, command, name for its output); {NAME} in a command stands for an earlier output
STORY = (
    ("owner", "A space, in which tasks live for 10 days; a task in it.", "es space add acme --title 'Acme Ltd'", ""),
    ("ann", "", "es task add 'The printer is on fire' --space acme", ""),
    ("ann", "Ann is stuck. She makes a link to buy a certificate; it works once.", "es purchase-link T-1", "LINK"),
    ("shop", "She pays; the online store redeems the link for a serial number.", "es link redeem {LINK}", "SERIAL"),
    ("shop", "A second time it is refused.", "es link redeem {LINK}", ""),
    ("ann", "The certificate opens a request, and the task no longer expires.", "es activate T-1 {SERIAL}", ""),
    ("ann", "", "es comment ES-1 -m 'It started when I printed page 404.'", ""),
    ("bob", "At the desk, Bob sees what is waiting, and answers with a question.", "es desk queue", ""),
    ("bob", "", "es desk reply ES-1 --waiting -m 'Is it still plugged in?'", ""),
    ("bob", "", "es desk note ES-1 -m 'The third one this week.'", ""),
    ("ann", "Ann gets the reply by mail, and sees it in her terminal; the note is not for her.", "es inbox", ""),
    ("ann", "", "es mail list --fields id,recipient,state", ""),
    ("ann", "The request waits for Ann; when she answers, it is the desk's turn again.", "es list --space acme", ""),
    ("ann", "", "es comment ES-1 -m 'Not any more. That helped!'", ""),
    ("ann", "", "es close ES-1 -m 'Thank you.'", ""),
    ("ann", "A closed request takes no more, and says how to go on.", "es comment ES-1 -m 'One more thing'", ""),
    ("ann", "Its page, without the note that is for the desk only.", "es show ES-1", ""),
    ("ann", "The task's log has the support ticket URL.", "es log T-1 --expand", ""),
    ("owner", "And for a script:", "es list --json", ""),
)


# the parts of the story that change nothing: a browser shows what they show
LOOKING = ("es desk queue", "es inbox", "es list", "es log", "es mail list", "es show")
# what happens after the story, so that there is something to do in the browser
AFTERWARDS = (
    ("owner", "es partner add 'Expert House' https://experts.example/buy", ""),
    ("ann", "es task add 'The scanner hums a tune' --space acme --description 'Only on Fridays.'", ""),
    ("ann", "es task add 'The lights flicker' --space acme", ""),
    ("owner", "es cert issue --note 'for T-2'", "FIRST"),
    ("owner", "es cert issue", "SECOND"),
    ("ann", "es activate T-2 {FIRST} -m 'Is that normal?'", ""),
)
SIDES = {"customer": "ann", "desk": "bob", "owner": "owner"}  # who signs in on which side


@reads()
def demo(
    env: Env,
    serve: Annotated[bool, Option("--serve", help="Show the demo in a browser instead, until interrupted.")] = False,
) -> None:
    """Run a guided demo on a temporary store.

    With --serve, its pages are served, and links sign you in as the customer, the desk and the owner.
    """
    with tempfile.TemporaryDirectory(prefix="es-demo-") as folder:
        if serve:
            _serve(env, folder)
            return
        outputs: dict[str, str] = {}
        for who, narration, command, name in STORY:
            if narration:
                env.printer.lines(iter([[], [(f"# {narration}", "dim")]]))
            shown = command.format(**{key: f"${key}" for key in outputs})
            line: Line = [(f"{who} $ ", "green"), (f"{name}=$({shown})" if name else shown, "bold")]
            env.printer.lines(iter([line]))
            sys.stdout.flush()
            output = _run(command.format(**outputs), folder, who, env, captured=bool(name))
            if name:
                outputs[name] = output
                env.printer.lines(iter([[(f"{who} $ ", "green"), (f'echo "${name}"', "bold")], [(output, "")]]))
    env.printer.lines(iter([[], [("# Nothing of this was kept. Try: es space add NAME", "dim")]]))


def _serve(env: Env, folder: str) -> None:
    """Play the story silently, and serve its pages until interrupted."""
    env.printer.note("Preparing the demo.")
    outputs: dict[str, str] = {}
    story = [(who, command, name) for who, _, command, name in STORY if not command.startswith(LOOKING)]
    for who, command, name in (*story, *AFTERWARDS):
        outputs[name] = _run(command.format(**outputs), folder, who, env, captured=True, quiet=True)
    with open(os.path.join(folder, "serve.log"), "wb") as log:
        server = subprocess.Popen(
            _command(env, ["serve", "--port", "0"]),
            env=_environment(folder, "owner"),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            process_group=0,  # so that Ctrl-C reaches only this process, which passes it on
        )
    with server, _passed_on(server):
        assert server.stdout is not None
        address = server.stdout.readline().strip()
        if address:
            _welcome(env, folder, address, outputs["SECOND"])
        status = server.wait()
    if status:
        raise Fault(f"The demo stopped: es serve ended with status {status}.")


@contextmanager
def _passed_on(server: subprocess.Popen[str]) -> Iterator[None]:
    """Pass signals that end a program on to the server, which ends in good order."""
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = {number: signal.signal(number, lambda got, _: server.send_signal(got)) for number in numbers}
    try:
        yield
    except BaseException:
        server.terminate()
        raise
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _welcome(env: Env, folder: str, address: str, serial: str) -> None:
    """Say where the pages are, and give links that sign in."""
    write = env.printer.write
    write(f"The pages of the demo are at {address}. Each of these links signs one browser in, once:\n")
    for side, who in SIDES.items():
        space = " --space acme" if side == "customer" else ""
        command = f"es sign-in --side {side}{space} --valid-for 1d"
        link = _run(command, folder, who, env, captured=True, quiet=True, ES_PAGE_URL=address)
        write(f"  {side:10}{link}\n")
    write(f"A serial number to activate on T-3: {serial}\n")
    flush_stdout()
    env.printer.note("Serving until Ctrl-C. Nothing of this is kept.")


def _run(line: str, folder: str, who: str, env: Env, *, captured: bool, quiet: bool = False, **more: str) -> str:
    """Run one command as this person, isolated from the user's own settings and store.

    Returns its output if `captured`, else ''; then the output goes to stdout. If `quiet`, nothing is seen of its
    messages. `more` are further variables.
    """
    seen = None if captured or env.printer.on_terminal else subprocess.STDOUT
    result = subprocess.run(
        _command(env, shlex.split(line)[1:]),
        env={**_environment(folder, who), **more},
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if captured else None,
        stderr=subprocess.PIPE if quiet else seen,
        text=True,
        check=False,
    )
    if result.returncode not in (0, 4):
        raise Fault(f"The demo stopped: {line} ended with status {result.returncode}.")
    return (result.stdout or "").strip()


def _command(env: Env, arguments: list[str]) -> list[str]:
    """The command line of this program, as it runs now."""
    options = ["--color", "always" if env.printer.colour else "never", "--no-input"]
    return [sys.executable, "-P", "-m", "expertsupport_cli", *options, *arguments]


def _environment(folder: str, who: str) -> dict[str, str]:
    """The variables for a person of the demo, whose settings and store are in a folder."""
    clean = {key: value for key, value in os.environ.items() if not key.startswith("ES_")}
    homes = {f"XDG_{kind}_HOME": os.path.join(folder, kind) for kind in ("CONFIG", "DATA", "STATE")}
    person = {"ES_USER": who, "ES_EMAIL": f"{who}@example.org", "PYTHONUNBUFFERED": "1"}
    return {**clean, **homes, **person, "ES_STORE": os.path.join(folder, "store.db")}
