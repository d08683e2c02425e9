-- Version 8: networks that an administrator has banned.
--
-- porterctl bans add writes a network in canonical form. By hand any spelling will do, such as
--     INSERT INTO bans (network, expires_at) VALUES ('192.0.2.0/24', unixepoch('now', '+7 days'));
-- porterd logs (bans_changed) how many rows it cannot read.
CREATE TABLE bans (
    network    TEXT    PRIMARY KEY CHECK (network <> ''),     -- 192.0.2.7, 192.0.2.0/24, 2001:db8:1::/48
    expires_at INTEGER,                                       -- NULL: it stays until it is removed
    is_silent  INTEGER NOT NULL DEFAULT 0 CHECK (is_silent IN (0, 1)),  -- 1: connections close without a message
    reason     TEXT    NOT NULL DEFAULT '',                   -- for administrators: no client is told
    created_at INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT, WITHOUT ROWID;

CREATE INDEX bans_by_end ON bans (expires_at) WHERE expires_at IS NOT NULL;

-- Rises with each change of a ban, so that porterd reads the bans again only then.
CREATE TABLE ban_changes (
    id     INTEGER PRIMARY KEY CHECK (id = 1),
    number INTEGER NOT NULL
) STRICT;

INSERT INTO ban_changes (id, number) VALUES (1, 0);

CREATE TRIGGER ban_added AFTER INSERT ON bans
BEGIN
    UPDATE ban_changes SET number = number + 1;
END;

CREATE TRIGGER ban_changed AFTER UPDATE ON bans
BEGIN
    UPDATE ban_changes SET number = number + 1;
END;

CREATE TRIGGER ban_removed AFTER DELETE ON bans
BEGIN
    UPDATE ban_changes SET number = number + 1;
END;

CREATE VIEW ban_list AS
SELECT network,
       CASE WHEN expires_at <= unixepoch() THEN 'expired' ELSE 'active' END AS state,
       datetime(expires_at, 'unixepoch')                                    AS expires_utc,
       CASE WHEN is_silent THEN 'silent' ELSE 'told' END                    AS clients_are,
       reason,
       datetime(created_at, 'unixepoch')                                    AS created_utc
FROM bans
ORDER BY created_at DESC, network;
