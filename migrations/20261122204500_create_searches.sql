-- What people have looked for in their history, so that a button, which has no room for words, can go on with it.
CREATE TABLE searches (
    id       INTEGER PRIMARY KEY AUTOINCREMENT,
    platform TEXT NOT NULL,
    user_id  TEXT NOT NULL,
    text     TEXT NOT NULL,
    UNIQUE (platform, user_id, text)
) STRICT;
