-- Version 1: accounts, their sessions, and the addresses at which clients were seen.
--
-- The database may be read and edited with the sqlite3 shell while porterd runs. Its invariants are therefore enforced
-- by the schema itself, in SQL that the shell can run; nothing relies on foreign_keys, which the shell leaves off.
-- Times are whole seconds since 1970, UTC; the *_list views show them in readable form, and no secrets.

PRAGMA application_id = 1349481076;  -- "Port": identifies the database to `file` and porterd

CREATE TABLE schema_migrations (
    version    INTEGER PRIMARY KEY,  -- the highest one is also PRAGMA user_version
    name       TEXT    NOT NULL,
    applied_at INTEGER NOT NULL
) STRICT;

CREATE TABLE accounts (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id > 0),
    name               TEXT    NOT NULL CHECK (name <> ''),           -- as first registered
    folded_name        TEXT    NOT NULL UNIQUE,                       -- NFKC case-folded: makes two names the same
    password_hash      TEXT    NOT NULL,                              -- Argon2id, with its salt and parameters
    credential_version INTEGER NOT NULL DEFAULT 1 CHECK (credential_version > 0),  -- rises with each new password
    rehash_count       INTEGER NOT NULL DEFAULT 0,                    -- rises when the same password is hashed anew
    created_at         INTEGER NOT NULL DEFAULT (unixepoch()),
    disabled_at        INTEGER,                                       -- set it to shut somebody out, NULL lets in again
    last_login_at      INTEGER,
    last_address       TEXT    NOT NULL DEFAULT '',
    failed_since       INTEGER NOT NULL DEFAULT 0 CHECK (failed_since >= 0),  -- tries since; 0 also lifts a lock
    last_failed_at     INTEGER
) STRICT;

CREATE TABLE sessions (
    id                 INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id > 0),
    account_id         INTEGER NOT NULL REFERENCES accounts (id),
    token_digest       BLOB    NOT NULL UNIQUE CHECK (length(token_digest) = 32),  -- BLAKE2b-256; never the token
    created_at         INTEGER NOT NULL,
    last_used_at       INTEGER NOT NULL,
    expires_at         INTEGER NOT NULL,
    address            TEXT    NOT NULL,                              -- that opened or last resumed it
    transport          TEXT    NOT NULL CHECK (transport IN ('plain', 'tls')),
    credential_version INTEGER NOT NULL                               -- the account's, when it was opened
) STRICT;

CREATE INDEX sessions_by_account ON sessions (account_id);
CREATE INDEX sessions_by_end ON sessions (expires_at);
CREATE INDEX sessions_by_use ON sessions (last_used_at);

CREATE TABLE addresses (
    address       TEXT    PRIMARY KEY,                                -- canonical, as in the log
    name          TEXT    NOT NULL CHECK (name <> ''),                -- the last one seen there
    account_id    INTEGER REFERENCES accounts (id),                   -- NULL: the name was said, not proved
    first_seen_at INTEGER NOT NULL,
    last_seen_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX addresses_by_account ON addresses (account_id);

-- The journal of ended sessions, from which porterd learns of each, however it ended. porterd prunes it.
CREATE TABLE ended_sessions (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    session_id INTEGER NOT NULL,
    ended_at   INTEGER NOT NULL
) STRICT;

CREATE TRIGGER session_ended AFTER DELETE ON sessions
BEGIN
    INSERT INTO ended_sessions (session_id, ended_at) VALUES (OLD.id, unixepoch());
END;

-- The sessions and addresses of an account are deleted with it; a disabled account has no sessions.
CREATE TRIGGER account_deleted AFTER DELETE ON accounts
BEGIN
    DELETE FROM sessions WHERE account_id = OLD.id;
    DELETE FROM addresses WHERE account_id = OLD.id;
END;

CREATE TRIGGER account_disabled AFTER UPDATE OF disabled_at ON accounts
WHEN NEW.disabled_at IS NOT NULL
BEGIN
    DELETE FROM sessions WHERE account_id = NEW.id;
END;

-- A session ends with the credential that opened it.
CREATE TRIGGER credential_changed AFTER UPDATE OF credential_version ON accounts
WHEN NEW.credential_version <> OLD.credential_version
BEGIN
    DELETE FROM sessions WHERE account_id = NEW.id AND credential_version <> NEW.credential_version;
END;

-- Another password_hash means another password, unless the same UPDATE marks a rehash by incrementing rehash_count.
-- porterd increments credential_version itself; this does it for a statement typed by hand.
CREATE TRIGGER password_changed_by_hand AFTER UPDATE OF password_hash ON accounts
WHEN NEW.password_hash <> OLD.password_hash
     AND NEW.credential_version = OLD.credential_version
     AND NEW.rehash_count = OLD.rehash_count
BEGIN
    UPDATE accounts SET credential_version = credential_version + 1 WHERE id = NEW.id;
END;

-- An account with a wrong key could not log in, or would be a second one of the same name. SQL cannot fold all of
-- Unicode: an ASCII name is checked exactly, any other new name must have another key than the old one.
-- A duplicate is rejected before SQLite's OR REPLACE can delete the other account without running triggers.
CREATE TRIGGER account_added BEFORE INSERT ON accounts
BEGIN
    SELECT RAISE(ABORT, 'folded_name must be the NFKC case-folded name')
    WHERE coalesce(NEW.folded_name, '') = ''
          OR (NEW.name NOT GLOB '*[^ -~]*' AND NEW.folded_name <> lower(NEW.name));
    SELECT RAISE(ABORT, 'an account with this folded_name exists')
    WHERE EXISTS (SELECT 1 FROM accounts WHERE folded_name = NEW.folded_name);
    SELECT RAISE(ABORT, 'the id of an account is never used again')
    WHERE NEW.id > 0 AND NEW.id <= (SELECT seq FROM sqlite_sequence WHERE name = 'accounts');
END;

CREATE TRIGGER account_renamed BEFORE UPDATE OF name, folded_name ON accounts
BEGIN
    SELECT RAISE(ABORT, 'folded_name must be the NFKC case-folded name: set both')
    WHERE coalesce(NEW.folded_name, '') = ''
          OR (NEW.name NOT GLOB '*[^ -~]*' AND NEW.folded_name <> lower(NEW.name))
          OR (NEW.folded_name = OLD.folded_name AND lower(NEW.name) <> lower(OLD.name));
    SELECT RAISE(ABORT, 'an account with this folded_name exists')
    WHERE EXISTS (SELECT 1 FROM accounts WHERE folded_name = NEW.folded_name AND id <> OLD.id);
END;

CREATE TRIGGER account_greeted_by_new_name AFTER UPDATE OF name ON accounts
BEGIN
    UPDATE addresses SET name = NEW.name WHERE account_id = NEW.id;
END;

-- The log and the journal refer to accounts and sessions by id: an id is never reused and never changes.
CREATE TRIGGER account_keeps_its_id BEFORE UPDATE OF id ON accounts
WHEN NEW.id <> OLD.id
BEGIN
    SELECT RAISE(ABORT, 'the id of an account never changes');
END;

CREATE TRIGGER session_added BEFORE INSERT ON sessions
WHEN NEW.id > 0
BEGIN
    SELECT RAISE(ABORT, 'the id of a session is never used again')
    WHERE NEW.id <= (SELECT seq FROM sqlite_sequence WHERE name = 'sessions');
END;

CREATE TRIGGER session_keeps_its_id BEFORE UPDATE OF id, account_id ON sessions
WHEN NEW.id <> OLD.id OR NEW.account_id <> OLD.account_id
BEGIN
    SELECT RAISE(ABORT, 'a session never becomes another one');
END;

CREATE VIEW account_list AS
SELECT id,
       name,
       iif(disabled_at IS NULL, 'enabled', 'disabled')                        AS state,
       datetime(created_at, 'unixepoch')                                      AS created_utc,
       datetime(disabled_at, 'unixepoch')                                     AS disabled_utc,
       datetime(last_login_at, 'unixepoch')                                   AS last_login_utc,
       last_address,
       failed_since                                                           AS failed_tries,
       (SELECT count(*) FROM sessions WHERE sessions.account_id = accounts.id) AS sessions
FROM accounts
ORDER BY folded_name;

CREATE VIEW session_list AS
SELECT sessions.id,
       accounts.name                                  AS account,
       sessions.address,
       sessions.transport,
       datetime(sessions.created_at, 'unixepoch')     AS created_utc,
       datetime(sessions.last_used_at, 'unixepoch')   AS last_used_utc,
       datetime(sessions.expires_at, 'unixepoch')     AS expires_utc
FROM sessions
JOIN accounts ON accounts.id = sessions.account_id
ORDER BY sessions.id;

CREATE VIEW address_list AS
SELECT address,
       name,
       iif(account_id IS NULL, 'said', 'proved')      AS known_by,
       datetime(first_seen_at, 'unixepoch')           AS first_seen_utc,
       datetime(last_seen_at, 'unixepoch')            AS last_seen_utc
FROM addresses
ORDER BY last_seen_at DESC, address;

-- The accounts with failed password attempts since their last login, those with most attempts first.
CREATE VIEW login_failures AS
SELECT id,
       name,
       failed_since                                   AS failed_tries,
       datetime(last_failed_at, 'unixepoch')          AS last_failed_utc,
       datetime(last_login_at, 'unixepoch')           AS last_login_utc,
       last_address                                   AS last_login_address
FROM accounts
WHERE failed_since > 0
ORDER BY failed_since DESC, id;
