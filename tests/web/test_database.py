"""The pages of a store in a PostgreSQL database, with few connections."""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing
from pathlib import Path
from urllib.request import urlopen

import psycopg2
import pytest
from builders import a_request
from cluster import Cluster
from conftest import Es
from sessions import Terminal
from web.serving import path_of, serving

from expertsupport_cli.errors import NotFound, StoreBusy
from expertsupport_cli.store import Store, open_store
from expertsupport_cli.web.stores import Pool


def opened(url: str) -> Store:
    return open_store(url, timeout=10, writes=True, notify=lambda _: None)


def test_many_visitors_share_a_few_connections_and_a_restart_of_the_server_is_survived(
    cluster: Cluster, tmp_path: Path, program: str
) -> None:
    url = cluster.new_database()
    es = Es(tmp_path, ES_STORE=url, ES_SERVE_CONNECTIONS="2")
    with closing(opened(url)) as store:
        request = a_request(store)
    path = path_of(request)
    with serving(es) as server, closing(psycopg2.connect(url)) as connection, connection.cursor() as cursor:
        connection.autocommit = True
        with ThreadPoolExecutor(16) as visitors:
            answers = visitors.map(lambda n: server.post(f"{path}/comment", {"body": f"Comment {n}"}), range(32))
            assert {answer.status for answer in answers} == {303}
        others = "FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        cursor.execute(f"SELECT count(*) {others}")
        assert cursor.fetchall()[0][0] <= 2
        cursor.execute(f"SELECT pg_terminate_backend(pid, 5000) {others}")
        assert server.get(path).text.count("Comment ") >= 32
        cursor.execute(f"SELECT pg_terminate_backend(pid, 5000) {others}")
        assert server.post(f"{path}/close").status == 303
    with closing(opened(url)) as store:
        assert (len(store.comments(request, notes=True)), store.request(request.id).status) == (32, "Closed")


def test_who_finds_no_connection_left_is_refused_after_a_while(cluster: Cluster) -> None:
    url = cluster.new_database()
    pool = Pool(1, 0.01, lambda: opened(url))
    with pool.store() as first, pytest.raises(StoreBusy, match="busy"), pool.store():
        pass
    with pool.store() as again:
        assert again is first
    with pytest.raises(NotFound), pool.store() as again:
        again.space("nowhere")
    with pool.store() as again:
        assert again is first
    with pytest.raises(ZeroDivisionError), pool.store():
        raise ZeroDivisionError
    with pool.store() as another:
        assert another is not first
        another.close()


def test_on_the_store_of_a_team_the_session_is_for_the_desk(cluster: Cluster, tmp_path: Path, program: str) -> None:
    terminal = Terminal(Es(tmp_path, ES_STORE=cluster.new_database()), "serve", "--port", "0")
    link = re.search(r"http://\S+/sign-in/\w+", terminal.sees("Serving until Ctrl-C.").raw)
    assert link
    with urlopen(link[0]) as answer:  # noqa: S310 -- http, on loopback
        assert "for the desk" in answer.read().decode()
    assert terminal.presses_ctrl_c().ends() == 0
