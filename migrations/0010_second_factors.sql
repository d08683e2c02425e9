-- Version 10: second factors, one-time codes (TOTP, RFC 6238) and recovery codes.
--
-- To lift that of an account by hand, such as when its phone is lost:
--     DELETE FROM second_factors WHERE account_id = (SELECT id FROM accounts WHERE name = 'Alice');

CREATE TABLE second_factors (
    account_id    INTEGER PRIMARY KEY REFERENCES accounts (id),
    sealed_secret BLOB    NOT NULL CHECK (length(sealed_secret) > 0),  -- encrypted; the key is not in the database
    last_step     INTEGER NOT NULL,                    -- of 30 s since 1970: its code and older ones are not accepted
    last_use      INTEGER NOT NULL DEFAULT 0,          -- the attempt that used it, so that a repetition is recognised
    created_at    INTEGER NOT NULL DEFAULT (unixepoch())
) STRICT;

CREATE TABLE recovery_codes (
    account_id INTEGER NOT NULL REFERENCES second_factors (account_id),
    digest     BLOB    NOT NULL CHECK (length(digest) = 32),  -- BLAKE2b-256; never the code
    used_by    INTEGER,                                       -- the attempt that used it; NULL: it is unused
    used_at    INTEGER,
    PRIMARY KEY (account_id, digest)
) STRICT, WITHOUT ROWID;

CREATE TRIGGER second_factor_removed AFTER DELETE ON second_factors
BEGIN
    DELETE FROM recovery_codes WHERE account_id = OLD.account_id;
END;

CREATE TRIGGER second_factor_of_deleted_account AFTER DELETE ON accounts
BEGIN
    DELETE FROM second_factors WHERE account_id = OLD.id;
END;

CREATE VIEW second_factor_list AS
SELECT accounts.name                                 AS account,
       datetime(second_factors.created_at, 'unixepoch') AS since_utc,
       (SELECT count(*) FROM recovery_codes
        WHERE recovery_codes.account_id = second_factors.account_id AND used_by IS NULL) AS recovery_codes_left
FROM second_factors
JOIN accounts ON accounts.id = second_factors.account_id
ORDER BY accounts.folded_name;
