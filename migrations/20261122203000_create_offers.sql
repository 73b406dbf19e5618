-- Prompts that somebody has typed in another chat, for the buttons below what was offered for them. They are kept for a
-- week.
CREATE TABLE offers (
    platform TEXT NOT NULL,
    id       TEXT NOT NULL,
    user_id  TEXT NOT NULL,
    prompt   TEXT NOT NULL,
    at_ms    INTEGER NOT NULL,
    PRIMARY KEY (platform, id)
) STRICT, WITHOUT ROWID;
CREATE INDEX offers_by_time ON offers (at_ms);
CREATE INDEX offers_by_user ON offers (platform, user_id);
