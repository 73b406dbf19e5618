-- What a job needs to know beyond the first release: where it came from, who may see it, how it is picked.
-- `server` is a Discord server or a Telegram group; `chat_id` lies in it.
ALTER TABLE jobs ADD COLUMN server TEXT;
ALTER TABLE jobs ADD COLUMN age_restricted INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN kind TEXT NOT NULL DEFAULT 'draw';
ALTER TABLE jobs ADD COLUMN parent INTEGER REFERENCES jobs (id);
ALTER TABLE jobs ADD COLUMN is_private INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN max_running INTEGER;
ALTER TABLE jobs ADD COLUMN work REAL NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN safety TEXT NOT NULL DEFAULT 'allow';
ALTER TABLE jobs ADD COLUMN withheld INTEGER NOT NULL DEFAULT 0;
ALTER TABLE jobs ADD COLUMN deleted_at_ms INTEGER;
-- A hash of everything that decides the pictures; an unfinished job with the same one draws for both.
ALTER TABLE jobs ADD COLUMN fingerprint TEXT;
ALTER TABLE jobs ADD COLUMN same_as INTEGER REFERENCES jobs (id);
-- Whether the job counts against quotas: until it has failed, was cancelled, or drew nothing that may be seen.
ALTER TABLE jobs ADD COLUMN counts INTEGER NOT NULL DEFAULT 1;
UPDATE jobs SET counts = 0 WHERE outcome IS NOT NULL AND outcome <> 'done';
-- The hash of the picture that the job begins with; its file is needed as long as the row is there.
ALTER TABLE jobs ADD COLUMN source TEXT;

ALTER TABLE images ADD COLUMN kind TEXT NOT NULL DEFAULT 'picture';
ALTER TABLE images ADD COLUMN safety TEXT NOT NULL DEFAULT 'allow';
ALTER TABLE images ADD COLUMN parameters TEXT;
ALTER TABLE images ADD COLUMN is_gone INTEGER NOT NULL DEFAULT 0;

ALTER TABLE users ADD COLUMN name TEXT;
-- What a person has chosen for themselves, as JSON.
ALTER TABLE users ADD COLUMN settings TEXT;

-- Who may not draw. The server '' is everywhere. What was set `by_owner`, an admin of everything, here and below, no admin
-- of one server changes.
CREATE TABLE blocks (
    platform  TEXT NOT NULL,
    server    TEXT NOT NULL DEFAULT '',
    user_id   TEXT NOT NULL,
    reason    TEXT NOT NULL DEFAULT '',
    until_ms  INTEGER,
    by        TEXT NOT NULL,
    by_owner  INTEGER NOT NULL,
    at_ms     INTEGER NOT NULL,
    PRIMARY KEY (platform, server, user_id)
) STRICT, WITHOUT ROWID;

-- Limits that an admin has set while the service ran; they win over those of the configuration for the same people.
CREATE TABLE limit_overrides (
    scope    TEXT NOT NULL PRIMARY KEY,
    limits   TEXT NOT NULL,
    by_owner INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

-- Words that an admin has forbidden while the service ran. The platform and server '' are everywhere.
CREATE TABLE words (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    platform TEXT NOT NULL DEFAULT '',
    server   TEXT NOT NULL DEFAULT '',
    rule     TEXT NOT NULL,
    by_owner INTEGER NOT NULL
) STRICT;

-- Who changed what.
CREATE TABLE audit (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    at_ms    INTEGER NOT NULL,
    platform TEXT NOT NULL,
    server   TEXT,
    actor    TEXT NOT NULL,
    action   TEXT NOT NULL,
    detail   TEXT NOT NULL
) STRICT;

-- Small facts about the service that outlive it: whether it is paused, how fast this machine draws.
CREATE TABLE facts (
    name  TEXT NOT NULL PRIMARY KEY,
    value TEXT NOT NULL
) STRICT, WITHOUT ROWID;

-- Jobs that count against quotas and whose rows were removed because their owner wished it. A day later they are
-- removed, too.
CREATE TABLE spent (
    platform      TEXT NOT NULL,
    user_id       TEXT NOT NULL,
    created_at_ms INTEGER NOT NULL
) STRICT;
CREATE INDEX spent_by_user ON spent (platform, user_id, created_at_ms);
CREATE INDEX spent_by_time ON spent (created_at_ms);

-- The words of a job, typed and used, in lower case. They lie in the order of users, so that a search through all jobs
-- of one user reads few pages.
CREATE TABLE prompts (
    platform TEXT NOT NULL,
    user_id  TEXT NOT NULL,
    job_id   INTEGER NOT NULL,
    text     TEXT NOT NULL,
    PRIMARY KEY (platform, user_id, job_id)
) STRICT, WITHOUT ROWID;
INSERT INTO prompts (platform, user_id, job_id, text)
SELECT platform, user_id, id, lower(prompt_typed || char(10) || coalesce(json_extract(draw, '$.prompt'), '')) FROM jobs;

-- How many jobs there are in each state, so that nobody has to count a million rows.
CREATE TABLE job_counts (
    platform TEXT NOT NULL,
    state    TEXT NOT NULL,
    jobs     INTEGER NOT NULL,
    PRIMARY KEY (platform, state)
) STRICT, WITHOUT ROWID;
INSERT INTO job_counts (platform, state, jobs) SELECT platform, state, count(*) FROM jobs GROUP BY platform, state;

CREATE TRIGGER job_counts_insert AFTER INSERT ON jobs BEGIN
    INSERT INTO job_counts (platform, state, jobs) VALUES (new.platform, new.state, 1)
    ON CONFLICT (platform, state) DO UPDATE SET jobs = jobs + 1;
END;
CREATE TRIGGER job_counts_update AFTER UPDATE OF state ON jobs WHEN old.state <> new.state BEGIN
    UPDATE job_counts SET jobs = jobs - 1 WHERE platform = old.platform AND state = old.state;
    INSERT INTO job_counts (platform, state, jobs) VALUES (new.platform, new.state, 1)
    ON CONFLICT (platform, state) DO UPDATE SET jobs = jobs + 1;
END;
CREATE TRIGGER job_counts_delete AFTER DELETE ON jobs BEGIN
    UPDATE job_counts SET jobs = jobs - 1 WHERE platform = old.platform AND state = old.state;
END;

-- Few jobs are unfinished at a time: the indexes for them leave the others out.
DROP INDEX jobs_by_state;
CREATE INDEX jobs_unfinished ON jobs (platform, user_id, state) WHERE outcome IS NULL;
CREATE INDEX jobs_in_line ON jobs (state, same_as) WHERE outcome IS NULL;
CREATE INDEX jobs_by_fingerprint ON jobs (fingerprint) WHERE outcome IS NULL;
CREATE INDEX jobs_undelivered ON jobs (state) WHERE state = 'delivering';

DROP INDEX jobs_by_user_and_time;
CREATE INDEX jobs_that_count ON jobs (platform, user_id, created_at_ms) WHERE counts = 1;
CREATE INDEX jobs_by_time ON jobs (created_at_ms);
CREATE INDEX jobs_by_parent ON jobs (parent) WHERE parent IS NOT NULL;
CREATE INDEX jobs_by_leader ON jobs (same_as) WHERE same_as IS NOT NULL;
CREATE INDEX jobs_by_source ON jobs (source) WHERE source IS NOT NULL;
CREATE INDEX images_by_hash ON images (hash) WHERE is_gone = 0;
CREATE INDEX audit_by_server ON audit (server, id);

-- Everything that counts against quotas.
CREATE VIEW uses AS
SELECT platform, user_id, created_at_ms FROM jobs WHERE counts = 1
UNION ALL
SELECT platform, user_id, created_at_ms FROM spent;
