"""The program through PgBouncer in transaction mode, with fewer connections to the server than there are commands."""

from __future__ import annotations

import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
from cluster import Cluster, pooled
from conftest import ES, Es, needs
from sessions import as_json, at_once, wait_until_asleep


@pytest.fixture
def es(tmp_path: Path, program: str, cluster: Cluster) -> Iterator[Es]:
    needs("pgbouncer")
    with pooled(cluster) as through:
        yield Es(tmp_path, ES_STORE=through(cluster.new_database(template="template1")), ES_STORE_TIMEOUT="60s")


def test_the_story_of_many_is_the_same_through_a_pool(es: Es, tmp_path: Path) -> None:
    assert es("db", "init").status == 0
    assert es("space", "add", "acme").status == 0
    task, serial = es("task", "add", "A task", "--space", "acme").id, es("cert", "issue").id
    assert {one.stdout for one in at_once(es, [["activate", task, serial]] * 12)} == {"ES-1\n"}
    command = [ES, "wait", "ES-1", "--json"]
    waiting = subprocess.Popen(command, env=es.env, stdout=subprocess.PIPE, text=True)
    wait_until_asleep(waiting.pid)
    replies = [["desk", "reply", "ES-1", "-m", f"Reply {number}"] for number in range(12)]
    assert {one.status for one in at_once(es.as_("bob"), replies)} == {0}
    assert "Reply" in waiting.communicate(timeout=60)[0]
    assert len(as_json(es("show", "ES-1", "--json"))["comments"]) == 12
    assert es("list", "--search", "reply", "--fields", "id").id == "ES-1"
    file = str(tmp_path / "copy.db")
    assert es("db", "copy", es.env["ES_STORE"], file).status == 0
    assert es("db", "export").stdout == es("--store", file, "db", "export").stdout
    assert es("db", "check").status == 0
    assert es("db", "vacuum").status == 0
