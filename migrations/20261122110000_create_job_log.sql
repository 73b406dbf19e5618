-- Everybody who ever asked for a picture. last_turn orders the queue: whoever had a turn longest ago is next.
CREATE TABLE users (
    platform  TEXT NOT NULL,
    id        TEXT NOT NULL,
    last_turn INTEGER NOT NULL DEFAULT 0,
    PRIMARY KEY (platform, id)
) STRICT, WITHOUT ROWID;

CREATE INDEX users_by_turn ON users (last_turn);

-- One row for each accepted command. In the state `delivering` the outcome is known and the last message is not sent.
CREATE TABLE jobs (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    platform         TEXT NOT NULL,
    user_id          TEXT NOT NULL,
    chat_id          TEXT NOT NULL,
    locale           TEXT NOT NULL,
    command_key      TEXT,
    reply_address    TEXT NOT NULL,
    draw             TEXT NOT NULL,
    prompt_typed     TEXT NOT NULL,
    state            TEXT NOT NULL DEFAULT 'queued'
        CHECK (state IN ('queued', 'running', 'delivering', 'done', 'failed', 'cancelled', 'expired')),
    outcome          TEXT CHECK (outcome IN ('done', 'failed', 'cancelled', 'expired')),
    error_class      TEXT,
    prompt_truncated INTEGER NOT NULL DEFAULT 0,
    attempt          INTEGER NOT NULL DEFAULT 0,
    lease_until_ms   INTEGER,
    created_at_ms    INTEGER NOT NULL,
    started_at_ms    INTEGER,
    finished_at_ms   INTEGER,
    delivered_at_ms  INTEGER,
    CHECK ((state IN ('queued', 'running')) = (outcome IS NULL)),
    CHECK ((state = 'running') = (lease_until_ms IS NOT NULL)),
    FOREIGN KEY (platform, user_id) REFERENCES users (platform, id)
) STRICT;

CREATE UNIQUE INDEX jobs_by_command_key ON jobs (platform, user_id, command_key) WHERE command_key IS NOT NULL;
CREATE INDEX jobs_by_user ON jobs (platform, user_id, id);
CREATE INDEX jobs_by_user_and_time ON jobs (platform, user_id, created_at_ms);
CREATE INDEX jobs_by_state ON jobs (state, platform, user_id);

-- The pictures of a job. The files lie beside the database under their SHA-256.
CREATE TABLE images (
    job_id INTEGER NOT NULL REFERENCES jobs (id),
    idx    INTEGER NOT NULL,
    hash   TEXT NOT NULL CHECK (length(hash) = 64),
    width  INTEGER NOT NULL,
    height INTEGER NOT NULL,
    bytes  INTEGER NOT NULL,
    seed   INTEGER NOT NULL,
    PRIMARY KEY (job_id, idx)
) STRICT, WITHOUT ROWID;
