"""The installed program on a PostgreSQL store: the story, many at once, several senders, a server that restarts."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import time
from collections import Counter
from collections.abc import Iterator
from contextlib import closing
from pathlib import Path

import psycopg2
import pytest
from builders import ANN, AT, BOB
from cluster import Cluster, binaries, running
from conftest import ES, Es
from mail.box import queue
from mail.servers import Letterbox, serving
from sessions import Terminal, an_editor, as_json, at_once, refusal, wait_until_asleep

from expertsupport_cli.actions import requests
from expertsupport_cli.store import Store, check, open_store
from expertsupport_cli.store.postgres.schema import VERSION

PASSWORD = "geh:e/im"  # noqa: S105 -- nobody else's
IN_URL = "geh%3Ae%2Fim"


@pytest.fixture
def es(tmp_path: Path, program: str, cluster: Cluster) -> Es:
    return Es(tmp_path, ES_STORE=cluster.new_database())


@pytest.fixture
def empty(tmp_path: Path, program: str, cluster: Cluster) -> Es:
    """A database without a store."""
    return Es(tmp_path, ES_STORE=cluster.new_database(template="template1"))


def url(es: Es) -> str:
    return es.env["ES_STORE"]


def opened(es: Es) -> Store:
    return open_store(url(es), timeout=10, writes=True, notify=lambda _: None)


def assert_whole(es: Es) -> None:
    with closing(opened(es)) as store:
        assert {rule: found for rule, found in check.findings(store) if found} == {}


def a_task_and_serial(es: Es) -> tuple[str, str]:
    es("space", "add", "acme")
    return es("task", "add", "The printer is on fire", "--space", "acme").id, es("cert", "issue").id


def test_the_whole_story_from_a_new_database_to_a_closed_request(empty: Es) -> None:
    es = empty
    assert refusal(es("list", "--json")) == (5, "store_missing")
    assert es("db", "init").stderr == f"Created a new store: {url(es)}\n"
    assert es("space", "add", "acme").id == "acme"
    task = es("task", "add", "The printer is on fire", "--space", "acme").id
    serial = es("link", "redeem", es("purchase-link", task).id).id
    request = es("activate", task, serial).id
    assert es.as_("bob")("desk", "reply", request, "--waiting", "-m", "Is it plugged in?").id == request
    assert as_json(es("inbox", "--json"))[0]["text"] == "Is it plugged in?"
    assert es("comment", request, "-m", "Not any more.").id == request
    assert es("list", "--search", "plugged", "--fields", "id").id == request
    assert es("close", request, "-m", "Thank you.").id == request
    page = as_json(es("show", request, "--json"))
    assert page["status"] == "Closed"
    assert [comment["body"] for comment in page["comments"]] == ["Is it plugged in?", "Not any more.", "Thank you."]
    assert es("db", "check").status == 0


def test_a_store_is_created_once_and_by_db_init_alone(empty: Es) -> None:
    es = empty
    assert refusal(es("space", "add", "acme", "--json")) == (5, "store_missing")
    assert refusal(es("db", "upgrade", "--json")) == (5, "store_missing")
    assert es("db", "init", "--dry-run").stderr.splitlines()[-1] == "Dry run: nothing was changed."
    assert refusal(es("list", "--json")) == (5, "store_missing")
    ended = at_once(es, [["db", "init"]] * 4)
    created = f"Created a new store: {url(es)}\n"
    noted = "There is a store already; nothing was changed.\n"
    assert Counter((one.status, one.stderr) for one in ended) == {(0, created): 1, (0, noted): 3}
    assert es("db", "upgrade").stderr == "The store has the current version; nothing was changed.\n"


def test_of_20_who_activate_one_certificate_at_once_one_opens_the_request(es: Es) -> None:
    task, serial = a_task_and_serial(es)
    ended = at_once(es, [["activate", task, serial]] * 20)
    assert {(one.status, one.stdout) for one in ended} == {(0, "ES-1\n")}
    (request,) = as_json(es("list", "--json"))
    assert request["id"] == "ES-1"
    assert_whole(es)


def test_several_senders_share_the_mail_and_send_each_once(es: Es) -> None:
    es.env |= {"ES_MAIL_TRANSPORT": "smtp", "ES_MAIL_SMTP_SECURITY": "none", "ES_MAIL_SMTP_HOST": "127.0.0.1"}
    es.env |= {"ES_MAIL_FROM": "support@desk.example", "ES_MAIL_DELIVER": "manual", "ES_EMAIL": "ann@example.org"}
    task, serial = a_task_and_serial(es)
    es("activate", task, serial)
    with closing(opened(es)) as store:
        requests.comment(store, "ES-1", "Hello?", by=ANN, at=AT)
        requests.reply(store, "ES-1", "Hello!", asks=False, by=BOB, at=AT)
        queue(store, 60)
    box = Letterbox()
    with serving(box) as port:
        es.env["ES_MAIL_SMTP_PORT"] = str(port)
        ended = at_once(es, [["mail", "send"]] * 2)
    assert [(one.status, one.stderr) for one in ended] == [(0, "")] * 2
    sent = [id for one in ended for id in one.stdout.split()]
    assert len(sent) == len(set(sent)) == len(box.received)
    assert all(one.stdout for one in ended)


@pytest.fixture
def own_cluster() -> Iterator[Cluster]:
    """A server that the test may stop."""
    programs = binaries()
    if programs is None:
        pytest.skip("PostgreSQL is not installed")
    with running(programs) as started:
        yield started


def test_whoever_waits_and_watches_goes_on_after_the_server_was_restarted(
    tmp_path: Path, program: str, own_cluster: Cluster
) -> None:
    es = Es(tmp_path, ES_STORE=own_cluster.new_database(), ES_STORE_TIMEOUT="5s")
    task, serial = a_task_and_serial(es)
    es("activate", task, serial)
    waiting = [
        subprocess.Popen([ES, *command], env=es.env, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for command in (["wait", "ES-1", "--json"], ["watch", "ES-1"])
    ]
    for process in waiting:
        wait_until_asleep(process.pid)
    own_cluster.stop("fast")
    assert refusal(es("list", "--json")) == (5, "store_unreachable")
    own_cluster.start()
    assert es.as_("bob")("desk", "reply", "ES-1", "-m", "Back again.").status == 0
    stdout, stderr = waiting[0].communicate(timeout=60)
    assert (waiting[0].returncode, stderr) == (0, "")
    assert json.loads(stdout)["text"] == "Back again."
    assert waiting[1].stdout is not None
    assert json.loads(waiting[1].stdout.readline())["text"] == "Back again."
    own_cluster.stop()
    stdout, stderr = waiting[1].communicate(timeout=60)
    assert (waiting[1].returncode, stderr.splitlines()[0]) == (5, "es: The database server cannot be reached.")


def test_ctrl_c_ends_a_command_that_waits_for_its_turn(es: Es) -> None:
    with closing(psycopg2.connect(url(es))) as other, other.cursor() as cursor:
        cursor.execute("SELECT 1 FROM expertsupport FOR UPDATE")
        waiting = subprocess.Popen([ES, "space", "add", "acme"], env=es.env, stderr=subprocess.PIPE)
        while True:
            cursor.execute("SELECT pg_stat_clear_snapshot(), count(*) FROM pg_locks WHERE NOT granted")
            if cursor.fetchall()[0][1]:
                break
            time.sleep(0.01)
        waiting.send_signal(signal.SIGINT)
        assert waiting.communicate(timeout=5)[1] == b""
        assert waiting.returncode == 130
    assert es("space", "list").stdout == ""


def test_a_copy_to_a_database_and_back_is_the_same(es: Es, tmp_path: Path) -> None:
    task, serial = a_task_and_serial(es)
    es("activate", task, serial, "-m", "It burns 🔥 'quoted' \\ and 100 % 火災")
    es.as_("bob")("desk", "note", "ES-1", "-m", "Not again.")
    file = str(tmp_path / "file.db")
    assert es("db", "copy", url(es), file).status == 0
    own = es("db", "export").stdout
    assert es("--store", file, "db", "export").stdout == own
    assert refusal(es("db", "copy", file, url(es), "--json")) == (4, "refused")
    assert_whole(es)


def test_a_store_of_another_version_is_refused(es: Es, cluster: Cluster) -> None:
    database = url(es).rpartition("/es_")[2].partition("?")[0]
    for version, code in ((VERSION - 1, "store_too_old"), (VERSION + 1, "store_too_new")):
        cluster.execute(f"UPDATE expertsupport SET version = {version}", database=f"es_{database}")
        for command in ("list", "space add acme", "db init"):
            assert refusal(es(*command.split(), "--json")) == (5, code)
    assert "es db upgrade" not in es("list").stderr


def test_the_tables_of_another_program_are_left_alone(empty: Es, cluster: Cluster) -> None:
    database = url(empty).rpartition("/es_")[2].partition("?")[0]
    cluster.execute("CREATE TABLE tasks (id INTEGER)", database=f"es_{database}")
    for command in ("list", "db init"):
        assert refusal(empty(*command.split(), "--json")) == (5, "store_foreign")


# --- passwords


def test_a_password_is_taken_from_the_url_in_the_environment_and_never_printed(es: Es) -> None:
    es.env["ES_STORE"] = url(es).replace("es@", f"es:{IN_URL}@")
    shown = url(es).replace(f":{IN_URL}", "")
    assert es("db", "path").id == shown
    assert es("config", "get", "store").id == shown
    for command in ("config list", "config list --json", "db path --json", "--debug show ES-9", "db backup x"):
        done = es(*command.split())
        assert shown in done.stdout + done.stderr or done.status == 3
        assert IN_URL not in done.stdout + done.stderr
        assert PASSWORD not in done.stdout + done.stderr
    other = es("--debug", "list", env={"ES_STORE": url(es).replace("/es_", "/nobody_")})
    assert other.status == 5
    assert IN_URL not in other.stderr


def test_no_editor_inherits_the_password_of_the_database(es: Es, tmp_path: Path) -> None:
    task, serial = a_task_and_serial(es)
    assert es("activate", task, serial).id == "ES-1"
    es.env["ES_STORE"] = url(es).replace("es@", f"es:{IN_URL}@")
    seen = tmp_path / "seen"
    look = f"import os\npathlib.Path({str(seen)!r}).write_text(os.environ['ES_STORE'])\npath.write_text('x')"
    assert Terminal(es, "comment", "ES-1", ES_EDITOR=an_editor(tmp_path, look)).ends() == 0
    assert seen.read_text() == url(es).replace(f":{IN_URL}", "")


def test_a_url_with_a_password_is_refused_where_others_can_read_it(es: Es, tmp_path: Path) -> None:
    for secret in (url(es).replace("es@", f"es:{IN_URL}@"), f"{url(es)}&password={IN_URL}"):
        for command in (
            ["--store", secret, "list"],
            ["db", "copy", secret, "new.db"],
            ["db", "copy", "new.db", secret],
            ["config", "set", "store", secret],
        ):
            done = es(*command)
            assert (done.status, done.stdout) == (2, "")
            assert done.stderr.splitlines()[0] == "es: The URL of the store has a password."
            assert IN_URL not in done.stderr
    file = tmp_path / "config" / "expertsupport" / "config.toml"
    file.parent.mkdir(parents=True)
    file.write_text(f'[store]\npath = "{secret}"\n')
    del es.env["ES_STORE"]
    done = es("list")
    assert (done.status, IN_URL in done.stderr) == (2, False)


# --- what a store in a database does not have


def test_what_needs_a_file_says_what_to_do_instead(es: Es) -> None:
    for command, instead in {
        "db backup x": f"Try: pg_dump --format=custom --file=FILE '{url(es)}'",
        "db restore x --yes": f"Try: pg_restore --clean --dbname='{url(es)}' FILE",
        "db share --group 0": "Everybody who may use its role has access. Let them in, or out, on the server.",
        "db unshare": "Everybody who may use its role has access. Let them in, or out, on the server.",
    }.items():
        done = es(*command.split())
        assert (done.status, done.stderr.splitlines()[-1].strip()) == (4, instead)
    assert es("db", "vacuum").status == 0


def test_without_a_transport_activate_says_that_no_mail_is_sent(es: Es, tmp_path: Path) -> None:
    task, serial = a_task_and_serial(es)
    es.env["ES_EMAIL"] = "ann@example.org"
    explicit = {"ES_MAIL_TRANSPORT": "maildir"}
    assert refusal(es("activate", task, serial, "--json", env=explicit)) == (2, "usage")
    assert es("activate", task, serial).stderr.startswith(
        "No mail is sent: mail.maildir or an SMTP server is not set.\n"
    )
    es.env["ES_MAIL_MAILDIR"] = str(tmp_path / "mail")
    assert es.as_("bob")("desk", "reply", "ES-1", "-m", "x").stderr == ""
    assert os.listdir(tmp_path / "mail") == ["ann@example.org"]
