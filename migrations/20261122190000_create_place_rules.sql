-- What admins have set for servers and their channels, by kind, as JSON. The channel '' is the whole server.
CREATE TABLE place_rules (
    platform TEXT NOT NULL,
    server   TEXT NOT NULL,
    channel  TEXT NOT NULL DEFAULT '',
    kind     TEXT NOT NULL,
    value    TEXT NOT NULL,
    by_owner INTEGER NOT NULL,
    PRIMARY KEY (platform, server, channel, kind)
) STRICT, WITHOUT ROWID;

-- Those whose jobs are private when they say nothing else: read whole at the start.
CREATE INDEX users_private ON users (platform, id) WHERE json_extract(settings, '$.private');
