-- Version 2: failed attempts slow down further ones.
--
-- porterd decides by these tables and keeps no copy: deleting a row by hand takes effect at once. A network is the unit
-- that limits count: an IPv4 address or the /64 of an IPv6 address, such as 192.0.2.7 or 2001:db8:0:1::/64.

ALTER TABLE accounts ADD COLUMN try_count INTEGER NOT NULL DEFAULT 0;  -- incremented when porterd writes failed_since

-- The networks from which an account was accessed, by password or by token. Each has its own failure counter.
CREATE TABLE account_networks (
    account_id    INTEGER NOT NULL REFERENCES accounts (id),
    network       TEXT    NOT NULL CHECK (network <> ''),
    first_seen_at INTEGER NOT NULL,
    last_seen_at  INTEGER NOT NULL,
    PRIMARY KEY (account_id, network)
) STRICT, WITHOUT ROWID;

-- Failure counters: failed password attempts in a row. The more, the longer the pause before the next; 100 lock the
-- account. The counters of unknown names are in porterd's memory.
CREATE TABLE password_ladders (
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    network    TEXT    NOT NULL,                     -- one that the account knows; '': all others together
    failed     INTEGER NOT NULL CHECK (failed > 0),
    last_ms    INTEGER NOT NULL,                     -- when the last was, in milliseconds: a pause may last a second
    PRIMARY KEY (account_id, network)
) STRICT, WITHOUT ROWID;

-- The failures of each network in the last ten minutes, at any account: 20 throttle the network.
CREATE TABLE network_failures (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    network   TEXT    NOT NULL,
    failed_at INTEGER NOT NULL
) STRICT;

CREATE INDEX network_failures_by_network ON network_failures (network, failed_at);
CREATE INDEX network_failures_by_time ON network_failures (failed_at);

-- Pending attempts: counted above while their passwords are being hashed, with what is needed to roll them back, as
-- porterd does at its start with those it finds here. One row for each pending hash.
CREATE TABLE undecided_tries (
    failure_id            INTEGER PRIMARY KEY,  -- in network_failures
    network               TEXT    NOT NULL,
    account_id            INTEGER,              -- on whose ladder it counts
    is_known_network      INTEGER NOT NULL,     -- it counts on the network's own ladder
    at_ms                 INTEGER NOT NULL,
    last_ms_before        INTEGER NOT NULL,     -- of the ladder, before this try
    last_failed_at_before INTEGER               -- of the account, before this try
) STRICT;

CREATE TRIGGER failure_forgotten AFTER DELETE ON network_failures
BEGIN
    DELETE FROM undecided_tries WHERE failure_id = OLD.id;
END;

-- The networks known from version 1: IPv4 addresses. IPv6 networks are added at the next access.
INSERT INTO account_networks (account_id, network, first_seen_at, last_seen_at)
SELECT account_id, address, min(first_seen_at), max(last_seen_at)
FROM (SELECT account_id, address, first_seen_at, last_seen_at FROM addresses WHERE account_id IS NOT NULL
      UNION ALL
      SELECT account_id, address, created_at, last_used_at FROM sessions)
WHERE address GLOB '*.*.*.*'
GROUP BY account_id, address;

CREATE TRIGGER account_deleted_with_its_ladders AFTER DELETE ON accounts
BEGIN
    DELETE FROM password_ladders WHERE account_id = OLD.id;
    DELETE FROM account_networks WHERE account_id = OLD.id;
END;

CREATE TRIGGER network_forgotten AFTER DELETE ON account_networks
BEGIN
    DELETE FROM password_ladders WHERE account_id = OLD.account_id AND network = OLD.network;
END;

-- Enabling an account also unlocks it.
CREATE TRIGGER account_enabled AFTER UPDATE OF disabled_at ON accounts
WHEN NEW.disabled_at IS NULL
BEGIN
    DELETE FROM password_ladders WHERE account_id = NEW.id;
END;

-- Setting failed_since to 0 by hand resets the failure counters; porterd increments try_count in the same UPDATE.
CREATE TRIGGER failures_zeroed_by_hand AFTER UPDATE OF failed_since ON accounts
WHEN NEW.failed_since = 0 AND NEW.try_count = OLD.try_count
BEGIN
    DELETE FROM password_ladders WHERE account_id = NEW.id;
END;

DROP VIEW account_list;
CREATE VIEW account_list AS
SELECT id,
       name,
       CASE WHEN disabled_at IS NOT NULL THEN 'disabled'
            WHEN EXISTS (SELECT 1 FROM password_ladders
                         WHERE account_id = accounts.id AND network = '' AND failed >= 100) THEN 'locked'
            ELSE 'enabled' END                                                AS state,
       datetime(created_at, 'unixepoch')                                      AS created_utc,
       datetime(disabled_at, 'unixepoch')                                     AS disabled_utc,
       datetime(last_login_at, 'unixepoch')                                   AS last_login_utc,
       last_address,
       failed_since                                                           AS failed_tries,
       (SELECT count(*) FROM sessions WHERE sessions.account_id = accounts.id) AS sessions
FROM accounts
ORDER BY folded_name;

-- The accounts with failed password attempts since their last login, or with an older lock, those with most attempts
-- first. locked_for: the networks from which no password is accepted; 'strangers': all that the account does not know.
DROP VIEW login_failures;
CREATE VIEW login_failures AS
SELECT id,
       name,
       failed_since                                   AS failed_tries,
       datetime(last_failed_at, 'unixepoch')          AS last_failed_utc,
       datetime(last_login_at, 'unixepoch')           AS last_login_utc,
       last_address                                   AS last_login_address,
       (SELECT group_concat(iif(network = '', 'strangers', network), ', ') FROM password_ladders
        WHERE account_id = accounts.id AND failed >= 100) AS locked_for
FROM accounts
WHERE failed_since > 0
      OR EXISTS (SELECT 1 FROM password_ladders WHERE account_id = accounts.id AND failed >= 100)
ORDER BY failed_since DESC, id;

-- The networks with failures in the last ten minutes, those with most first. 20 throttle a network.
CREATE VIEW network_failure_list AS
SELECT network,
       count(*)                                       AS failures,
       iif(count(*) >= 20, 'throttled', 'open')       AS state,
       datetime(min(failed_at), 'unixepoch')          AS first_failed_utc,
       datetime(max(failed_at), 'unixepoch')          AS last_failed_utc
FROM network_failures
WHERE failed_at > unixepoch() - 600
GROUP BY network
ORDER BY failures DESC, network;
