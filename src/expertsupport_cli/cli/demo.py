"""A guided demo on a temporary store: it runs the real commands and shows their real output."""

from __future__ import annotations

import os
import shlex
import subprocess
import sys
import tempfile

from expertsupport_cli.cli.perform import reads
from expertsupport_cli.errors import Fault
from expertsupport_cli.render.terminal.paint import Line

TYPE_CHECKING = False
if TYPE_CHECKING:
    from expertsupport_cli.cli.env import Env


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


@reads()
def demo(env: Env) -> None:
    """Run a guided demo on a temporary store."""
    with tempfile.TemporaryDirectory(prefix="es-demo-") as folder:
        outputs: dict[str, str] = {}
        for who, narration, command, name in STORY:
            if narration:
                env.printer.lines(iter([[], [(f"# {narration}", "dim")]]))
            shown = command.format(**{key: f"${key}" for key in outputs})
            line: Line = [(f"{who} $ ", "green"), (f"{name}=$({shown})" if name else shown, "bold")]
            env.printer.lines(iter([line]))
            sys.stdout.flush()
            output = _run(shlex.split(command.format(**outputs)), folder, who, env, capture=bool(name))
            if name:
                outputs[name] = output
                env.printer.lines(iter([[(f"{who} $ ", "green"), (f'echo "${name}"', "bold")], [(output, "")]]))
    env.printer.lines(iter([[], [("# Nothing of this was kept. Try: es space add NAME", "dim")]]))


def _run(arguments: list[str], folder: str, who: str, env: Env, *, capture: bool) -> str:
    """Run one command as this person, isolated from the user's own settings and store.

    Returns its output if `capture`, else ''; then the output goes to stdout.
    """
    clean = {key: value for key, value in os.environ.items() if not key.startswith("ES_")}
    homes = {f"XDG_{kind}_HOME": os.path.join(folder, kind) for kind in ("CONFIG", "DATA", "STATE")}
    environment = {**clean, **homes, "ES_STORE": os.path.join(folder, "store.db")}
    environment |= {"ES_USER": who, "ES_EMAIL": f"{who}@example.org", "PYTHONUNBUFFERED": "1"}
    options = ["--color", "always" if env.printer.colour else "never", "--no-input"]
    result = subprocess.run(
        [sys.executable, "-P", "-m", "expertsupport_cli", *options, *arguments[1:]],
        env=environment,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE if capture else None,
        stderr=None if capture or env.printer.on_terminal else subprocess.STDOUT,
        text=True,
        check=False,
    )
    if result.returncode not in (0, 4):
        raise Fault(f"The demo stopped: {shlex.join(arguments)} ended with status {result.returncode}.")
    return (result.stdout or "").strip()
