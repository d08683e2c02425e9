-- Version 9: invitations to register, and resets of forgotten passwords.
--
-- porterctl shows a code once; here is only its digest, so neither can be made by hand. To shorten one, set expires_at;
-- to take it back, delete its row. porterd deletes the rows of codes that have expired or are spent.
CREATE TABLE invitations (
    id          INTEGER PRIMARY KEY AUTOINCREMENT CHECK (id > 0),
    code_digest BLOB    NOT NULL UNIQUE CHECK (length(code_digest) = 32),  -- BLAKE2b-256; never the code
    name        TEXT    NOT NULL DEFAULT '',         -- the only account that it may register; '': any
    folded_name TEXT    NOT NULL DEFAULT '',         -- the key of that name
    uses        INTEGER NOT NULL DEFAULT 1 CHECK (uses > 0),               -- accounts that it may register
    used        INTEGER NOT NULL DEFAULT 0 CHECK (used BETWEEN 0 AND uses),  -- those that it has registered
    created_at  INTEGER NOT NULL DEFAULT (unixepoch()),
    expires_at  INTEGER NOT NULL,
    CHECK ((name = '') = (folded_name = ''))
) STRICT;

CREATE INDEX invitations_by_end ON invitations (expires_at);

-- One for an account: another one replaces it.
CREATE TABLE password_resets (
    account_id  INTEGER PRIMARY KEY REFERENCES accounts (id),
    code_digest BLOB    NOT NULL UNIQUE CHECK (length(code_digest) = 32),
    created_at  INTEGER NOT NULL DEFAULT (unixepoch()),
    expires_at  INTEGER NOT NULL
) STRICT;

CREATE INDEX password_resets_by_end ON password_resets (expires_at);

-- A new password spends the reset, whoever set it: by its code, by the old password, or by hand.
CREATE TRIGGER password_reset_spent AFTER UPDATE OF credential_version ON accounts
WHEN NEW.credential_version <> OLD.credential_version
BEGIN
    DELETE FROM password_resets WHERE account_id = NEW.id;
END;

CREATE TRIGGER account_deleted_with_its_reset AFTER DELETE ON accounts
BEGIN
    DELETE FROM password_resets WHERE account_id = OLD.id;
END;

CREATE VIEW invitation_list AS
SELECT id,
       name,
       CASE WHEN used >= uses THEN 'spent'
            WHEN expires_at <= unixepoch() THEN 'expired'
            ELSE 'valid' END                        AS state,
       used,
       uses,
       datetime(created_at, 'unixepoch')            AS created_utc,
       datetime(expires_at, 'unixepoch')            AS expires_utc
FROM invitations
ORDER BY id;

CREATE VIEW password_reset_list AS
SELECT accounts.name                                AS account,
       CASE WHEN expires_at <= unixepoch() THEN 'expired' ELSE 'valid' END AS state,
       datetime(password_resets.created_at, 'unixepoch') AS created_utc,
       datetime(expires_at, 'unixepoch')            AS expires_utc
FROM password_resets
JOIN accounts ON accounts.id = account_id
ORDER BY expires_at, account;
