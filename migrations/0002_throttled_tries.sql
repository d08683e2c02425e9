-- Version 2: failed tries slow down further ones.
--
-- What stands here decides, porterd keeps no copy: a row that is deleted by hand lifts at once what it stood for. A
-- network is what limits count by: an IPv4 address or the /64 of an IPv6 address, as in 192.0.2.7 or 2001:db8:0:1::/64.

ALTER TABLE accounts ADD COLUMN try_count INTEGER NOT NULL DEFAULT 0;  -- rises when porterd writes failed_since

-- From where an account was accessed, by password or by token. Tries from there count on a ladder of their own.
CREATE TABLE account_networks (
    account_id    INTEGER NOT NULL REFERENCES accounts (id),
    network       TEXT    NOT NULL CHECK (network <> ''),
    first_seen_at INTEGER NOT NULL,
    last_seen_at  INTEGER NOT NULL,
    PRIMARY KEY (account_id, network)
) STRICT, WITHOUT ROWID;

-- Failed password tries in a row: the more, the longer the pause before the next, and after 100 there is no next one.
-- Unknown names have their ladders in porterd's memory.
CREATE TABLE password_ladders (
    account_id INTEGER NOT NULL REFERENCES accounts (id),
    network    TEXT    NOT NULL,                     -- one that the account knows; '': all others together
    failed     INTEGER NOT NULL CHECK (failed > 0),
    last_ms    INTEGER NOT NULL,                     -- when the last was, in milliseconds: a pause may last a second
    PRIMARY KEY (account_id, network)
) STRICT, WITHOUT ROWID;

-- Failures of each network in the last ten minutes, whatever was tried there: 20 are enough.
CREATE TABLE network_failures (
    id        INTEGER PRIMARY KEY AUTOINCREMENT,
    network   TEXT    NOT NULL,
    failed_at INTEGER NOT NULL
) STRICT;

CREATE INDEX network_failures_by_network ON network_failures (network, failed_at);
CREATE INDEX network_failures_by_time ON network_failures (failed_at);

-- Tries that are counted above and not yet decided: their passwords are being hashed. What is needed to give them back;
-- porterd does so at its start with what it finds here. Few rows: one for each hash that is waited for.
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

-- What is known of the time before: IPv4 addresses. Those of IPv6 are learnt at the next access.
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

-- To enable an account is to let its owner in: it lifts a lock, too.
CREATE TRIGGER account_enabled AFTER UPDATE OF disabled_at ON accounts
WHEN NEW.disabled_at IS NULL
BEGIN
    DELETE FROM password_ladders WHERE account_id = NEW.id;
END;

-- Failures set to 0 by hand are forgotten; porterd, which raises try_count in the same UPDATE, knows what it does.
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

-- The accounts with failed password tries since their last login, or with a lock that is older, the most tried first.
-- locked_for: from where no password is taken any more; 'strangers' is everywhere but where the account is known.
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

-- The networks with failures in the last ten minutes, the most of them first. At 20 nothing is taken from there.
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
