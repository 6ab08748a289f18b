"""The schema, in one place; a version has the same number as in SQLite, and the tables have the same columns.

It uses nothing but what databases that speak PostgreSQL's protocol have too: no extensions, sequences or triggers. Text
is compared by its bytes, so that the order is the same everywhere. Nothing here guards the history against whoever
changes it by hand, as the triggers in SQLite do: the role of the team owns the tables.
"""

from __future__ import annotations

VERSION = 5

# tables whose rows are numbered, each from its own column in `expertsupport`
NUMBERED = (
    *("spaces", "tasks", "certificates", "links", "partners", "requests", "comments", "events", "outbox"),
    *("sign_ins", "sessions"),
)

_TEXT = 'TEXT COLLATE "C"'
_INSTANT = "LIKE '____-__-__T__:__:__Z'"

_BROWSER = f"""
    number     BIGINT PRIMARY KEY,
    digest     {_TEXT} NOT NULL UNIQUE CHECK (length(digest) = 64),
    name       {_TEXT} NOT NULL,
    email      {_TEXT},
    side       {_TEXT} NOT NULL CHECK (side IN ('customer', 'desk', 'owner')),
    space      BIGINT REFERENCES spaces (number),
    created_at {_TEXT} NOT NULL CHECK (created_at {_INSTANT}),
    expires_at {_TEXT} NOT NULL CHECK (expires_at {_INSTANT}),
"""
_WORDS = """
    number BIGINT NOT NULL,
    piece  BIGINT NOT NULL,  -- of the text
    words  TSVECTOR NOT NULL,
    PRIMARY KEY (number, piece)
"""

TABLES = {
    # One row. Whoever writes locks it first, so there is one writer at a time; it has the last number in each table.
    "expertsupport": f"""
        only_row BOOLEAN PRIMARY KEY CHECK (only_row),
        version  BIGINT NOT NULL,  -- of the schema
        changes  BIGINT NOT NULL,  -- how many transactions have changed something
        {", ".join(f"{table} BIGINT NOT NULL" for table in NUMBERED)}
    """,
    "spaces": f"""
        number        BIGINT PRIMARY KEY,
        name          {_TEXT} NOT NULL,
        name_key      {_TEXT} NOT NULL UNIQUE,  -- the name as it is compared, and so for every key
        title         {_TEXT} NOT NULL,
        task_lifetime BIGINT CHECK (task_lifetime > 0),
        task_limit    BIGINT CHECK (task_limit >= 0),
        blocked       BOOLEAN NOT NULL,
        created_at    {_TEXT} NOT NULL CHECK (created_at {_INSTANT})
    """,
    "tasks": f"""
        number      BIGINT PRIMARY KEY,
        id          {_TEXT} NOT NULL,
        id_key      {_TEXT} NOT NULL UNIQUE,
        counted     BIGINT UNIQUE,  -- the n of an ID T-n, from which the next one is counted
        space       BIGINT NOT NULL REFERENCES spaces (number),
        name        {_TEXT} NOT NULL CHECK (name <> ''),
        description {_TEXT} NOT NULL,
        creator     {_TEXT} NOT NULL,
        created_at  {_TEXT} NOT NULL CHECK (created_at {_INSTANT}),
        closed_at   {_TEXT} CHECK (closed_at {_INSTANT}),
        expires_at  {_TEXT} CHECK (expires_at {_INSTANT}),
        UNIQUE (number, space)
    """,
    "certificates": f"""
        number     BIGINT PRIMARY KEY,
        digest     {_TEXT} NOT NULL UNIQUE CHECK (length(digest) = 64),
        last_group {_TEXT} NOT NULL CHECK (length(last_group) = 4),
        origin     {_TEXT} NOT NULL CHECK (origin IN ('issued', 'imported', 'bought', 'demo')),
        note       {_TEXT} NOT NULL,
        created_at {_TEXT} NOT NULL CHECK (created_at {_INSTANT}),
        expires_at {_TEXT} CHECK (expires_at {_INSTANT}),
        revoked_at {_TEXT} CHECK (revoked_at {_INSTANT}),
        used_at    {_TEXT} CHECK (used_at {_INSTANT}),
        CHECK (revoked_at IS NULL OR used_at IS NULL)
    """,
    "links": f"""
        number      BIGINT PRIMARY KEY,
        digest      {_TEXT} NOT NULL UNIQUE CHECK (length(digest) = 64),
        task        BIGINT NOT NULL REFERENCES tasks (number),
        creator     {_TEXT} NOT NULL,
        created_at  {_TEXT} NOT NULL CHECK (created_at {_INSTANT}),
        expires_at  {_TEXT} NOT NULL CHECK (expires_at {_INSTANT}),
        used_at     {_TEXT} CHECK (used_at {_INSTANT}),
        revoked_at  {_TEXT} CHECK (revoked_at {_INSTANT}),
        certificate BIGINT UNIQUE REFERENCES certificates (number),
        CHECK (revoked_at IS NULL OR used_at IS NULL),
        CHECK ((used_at IS NULL) = (certificate IS NULL))
    """,
    "partners": f"""
        number     BIGINT PRIMARY KEY,
        name       {_TEXT} NOT NULL,
        name_key   {_TEXT} NOT NULL UNIQUE,
        url        {_TEXT} NOT NULL,
        created_at {_TEXT} NOT NULL CHECK (created_at {_INSTANT})
    """,
    "requests": f"""
        number           BIGINT PRIMARY KEY,
        token            {_TEXT} NOT NULL UNIQUE CHECK (length(token) >= 22),
        task             BIGINT NOT NULL,
        task_key         {_TEXT} NOT NULL,  -- of the task's ID
        task_name_key    {_TEXT} NOT NULL,
        space            BIGINT NOT NULL,
        space_key        {_TEXT} NOT NULL,
        certificate      BIGINT NOT NULL UNIQUE REFERENCES certificates (number),
        status           {_TEXT} NOT NULL CHECK (status IN ('New', 'Acknowledged', 'Waiting', 'Closed')),
        initiator        {_TEXT} NOT NULL,
        initiator_key    {_TEXT} NOT NULL,
        initiator_email  {_TEXT},
        email_key        {_TEXT},
        created_at       {_TEXT} NOT NULL CHECK (created_at {_INSTANT}),
        updated_at       {_TEXT} NOT NULL CHECK (updated_at {_INSTANT}),
        closed_at        {_TEXT} CHECK (closed_at {_INSTANT}),
        turn_since       {_TEXT} NOT NULL CHECK (turn_since {_INSTANT}),
        last_by          {_TEXT} NOT NULL,  -- who spoke last
        last_side        {_TEXT} NOT NULL CHECK (last_side IN ('customer', 'desk')),
        last_at          {_TEXT} NOT NULL CHECK (last_at {_INSTANT}),
        unanswered_since {_TEXT} CHECK (unanswered_since {_INSTANT}),  -- NULL after the desk has spoken
        FOREIGN KEY (task, space) REFERENCES tasks (number, space),
        CHECK ((initiator_email IS NULL) = (email_key IS NULL)),
        CHECK ((status = 'Closed') = (closed_at IS NOT NULL))
    """,
    # the events of the online store
    "redemptions": f"""
        link     BIGINT PRIMARY KEY REFERENCES links (number),
        event_id {_TEXT} NOT NULL UNIQUE CHECK (event_id <> ''),
        request  BIGINT UNIQUE REFERENCES requests (number),
        refused  {_TEXT},
        CHECK (request IS NULL OR refused IS NULL)
    """,
    "comments": f"""
        number     BIGINT PRIMARY KEY,
        request    BIGINT NOT NULL REFERENCES requests (number),
        author     {_TEXT} NOT NULL,
        side       {_TEXT} NOT NULL CHECK (side IN ('customer', 'desk')),
        kind       {_TEXT} NOT NULL CHECK (kind IN ('comment', 'note')),
        body       {_TEXT} NOT NULL CHECK (body <> ''),
        created_at {_TEXT} NOT NULL CHECK (created_at {_INSTANT}),
        CHECK (kind = 'comment' OR side = 'desk')
    """,
    "events": f"""
        number      BIGINT PRIMARY KEY,
        at          {_TEXT} NOT NULL CHECK (at {_INSTANT}),
        actor       {_TEXT} NOT NULL,
        actor_email {_TEXT},
        side        {_TEXT} NOT NULL CHECK (side IN ('customer', 'desk', 'owner')),
        via         {_TEXT} NOT NULL CHECK (via IN ('cli', 'web', 'mail')),
        kind        {_TEXT} NOT NULL,
        old         {_TEXT},
        new         {_TEXT},
        space       BIGINT REFERENCES spaces (number),
        task        BIGINT REFERENCES tasks (number),
        request     BIGINT REFERENCES requests (number),
        certificate BIGINT REFERENCES certificates (number),
        link        BIGINT REFERENCES links (number),
        comment     BIGINT UNIQUE REFERENCES comments (number)
    """,
    "outbox": f"""
        number        BIGINT PRIMARY KEY,
        event         BIGINT NOT NULL REFERENCES events (number),
        request       BIGINT NOT NULL REFERENCES requests (number),
        recipient     {_TEXT} NOT NULL,
        recipient_key {_TEXT} NOT NULL,
        message_id    {_TEXT} NOT NULL UNIQUE,
        subject       {_TEXT} NOT NULL,
        body          {_TEXT},  -- NULL once it was purged
        state         {_TEXT} NOT NULL CHECK (state IN ('queued', 'sent', 'failed', 'dead')),
        attempts      BIGINT NOT NULL CHECK (attempts >= 0),
        error         {_TEXT},
        created_at    {_TEXT} NOT NULL CHECK (created_at {_INSTANT}),
        due_at        {_TEXT} NOT NULL CHECK (due_at {_INSTANT}),
        sent_at       {_TEXT} CHECK (sent_at {_INSTANT}),
        lease         {_TEXT},
        leased_until  {_TEXT} CHECK (leased_until {_INSTANT}),
        UNIQUE (event, recipient_key),
        CHECK ((state = 'sent') = (sent_at IS NOT NULL)),
        CHECK ((lease IS NULL) = (leased_until IS NULL)),
        CHECK (body IS NOT NULL OR state = 'sent')
    """,
    "followers": f"""
        request     BIGINT NOT NULL REFERENCES requests (number),
        address     {_TEXT} NOT NULL,
        address_key {_TEXT} NOT NULL,
        created_at  {_TEXT} NOT NULL CHECK (created_at {_INSTANT}),
        PRIMARY KEY (request, address_key)
    """,
    "readings": f"""
        reader  {_TEXT} NOT NULL,  -- the key of a name
        request BIGINT NOT NULL REFERENCES requests (number),
        event   BIGINT NOT NULL,  -- the last one that the reader has seen
        PRIMARY KEY (reader, request)
    """,
    # counts that belong to the store, such as wrong serials in a row
    "counters": f"name {_TEXT} PRIMARY KEY, value BIGINT NOT NULL",
    # links that open a session of a browser, and sessions
    "sign_ins": f"""{_BROWSER}
        used_at {_TEXT} CHECK (used_at {_INSTANT}),
        CHECK ((side = 'customer') = (space IS NOT NULL))
    """,
    "sessions": f"""{_BROWSER}
        seen_at  {_TEXT} NOT NULL CHECK (seen_at {_INSTANT}),
        ended_at {_TEXT} CHECK (ended_at {_INSTANT}),
        CHECK ((side = 'customer') = (space IS NOT NULL))
    """,
    # secrets of the store
    "keys": f"name {_TEXT} PRIMARY KEY, value {_TEXT} NOT NULL",
    # the search index: pieces of texts as words that the program has folded
    "tasks_words": _WORDS,
    "comments_words": _WORDS,
}

INDEXES = {
    "tasks_of_space": "ON tasks (space, number)",
    "links_of_task": "ON links (task)",
    "requests_of_task": "ON requests (task, number)",
    "requests_by_task": "ON requests (task_key, number)",
    "requests_by_task_name": "ON requests (task_name_key, number)",
    "requests_of_space": "ON requests (space_key, number)",
    "requests_of_space_by_task_name": "ON requests (space_key, task_name_key, number)",
    "requests_of_space_by_task": "ON requests (space_key, task_key, number)",
    "requests_of_space_by_initiator": "ON requests (space_key, initiator_key, number)",
    "requests_of_space_by_status": "ON requests (space_key, status, number)",
    "open_requests_of_space": "ON requests (space_key, number) WHERE status <> 'Closed'",
    "requests_of_initiator": "ON requests (initiator_key, number)",
    "requests_of_email": "ON requests (email_key, number)",
    "requests_by_change": "ON requests (updated_at, number)",
    "requests_unanswered": "ON requests (unanswered_since, number)"
    " WHERE status IN ('New', 'Acknowledged') AND unanswered_since IS NOT NULL",
    "requests_at_the_desk": "ON requests (turn_since, number) WHERE status IN ('New', 'Acknowledged')",
    "comments_of_request": "ON comments (request, number)",
    "events_of_task": "ON events (task, number)",
    "events_of_request": "ON events (request, number)",
    "events_of_certificate": "ON events (certificate, number) WHERE certificate IS NOT NULL",
    "events_of_link": "ON events (link, number) WHERE link IS NOT NULL",
    "outbox_due": "ON outbox (due_at, number) WHERE state IN ('queued', 'failed')",
    "outbox_leased": "ON outbox (lease, number) WHERE lease IS NOT NULL",
    "outbox_of_request": "ON outbox (request, number)",
    "outbox_to_purge": "ON outbox (sent_at) WHERE state = 'sent' AND body IS NOT NULL",
    "followed_by": "ON followers (address_key, request)",
    "tasks_words_found": "ON tasks_words USING gin (words)",
    "comments_words_found": "ON comments_words USING gin (words)",
}
UNIQUE_INDEXES = {"one_open_request_a_task": "ON requests (task) WHERE status <> 'Closed'"}
