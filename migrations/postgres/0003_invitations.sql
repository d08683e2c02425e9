-- Version 3: invitations to register, and resets of forgotten passwords. A porterd made for version 1 or 2 goes on
-- beside this step, and knows no codes.
--
-- porterctl shows a code once; here is only its digest, so neither can be made by hand. To shorten one, set expires_at;
-- to take it back, delete its row. The servers delete the rows of codes that have expired or are spent.

SET LOCAL search_path = porter, pg_temp;
SET LOCAL lock_timeout = '2s';

CREATE TABLE invitations (
    id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY CHECK (id > 0),
    code_digest bytea  NOT NULL UNIQUE CHECK (octet_length(code_digest) = 32),  -- BLAKE2b-256; never the code
    name        text   COLLATE "C" NOT NULL DEFAULT '',  -- the only account that it may register; '': any
    folded_name text   COLLATE "C" NOT NULL DEFAULT '',  -- the key of that name
    uses        bigint NOT NULL DEFAULT 1 CHECK (uses > 0),                   -- accounts that it may register
    used        bigint NOT NULL DEFAULT 0 CHECK (used BETWEEN 0 AND uses),    -- those that it has registered
    created_at  bigint NOT NULL DEFAULT unix_time(),
    expires_at  bigint NOT NULL,
    CONSTRAINT name_has_its_key CHECK ((name = '') = (folded_name = ''))
);

CREATE INDEX invitations_by_end ON invitations (expires_at);

-- One for an account: another one replaces it. It is changed while the row of the account is locked.
CREATE TABLE password_resets (
    account_id  bigint PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    code_digest bytea  NOT NULL UNIQUE CHECK (octet_length(code_digest) = 32),
    created_at  bigint NOT NULL DEFAULT unix_time(),
    expires_at  bigint NOT NULL
);

CREATE INDEX password_resets_by_end ON password_resets (expires_at);

-- A new password spends the reset, whoever set it: by its code, by the old password, or by hand.
CREATE FUNCTION spend_password_reset() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM porter.password_resets WHERE account_id = NEW.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER password_reset_spent AFTER UPDATE ON accounts
FOR EACH ROW WHEN (NEW.credential_version <> OLD.credential_version) EXECUTE FUNCTION spend_password_reset();

CREATE VIEW invitation_list AS
SELECT id,
       name,
       CASE WHEN used >= uses THEN 'spent'
            WHEN expires_at <= unix_time() THEN 'expired'
            ELSE 'valid' END      AS state,
       used,
       uses,
       readable_time(created_at)  AS created_utc,
       readable_time(expires_at)  AS expires_utc
FROM invitations
ORDER BY id;

CREATE VIEW password_reset_list AS
SELECT accounts.name                              AS account,
       CASE WHEN expires_at <= unix_time() THEN 'expired' ELSE 'valid' END AS state,
       readable_time(password_resets.created_at)  AS created_utc,
       readable_time(expires_at)                  AS expires_utc
FROM password_resets
JOIN accounts ON accounts.id = account_id
ORDER BY expires_at, account;

-- A server makes no code: it counts the uses of an invitation, and deletes rows.
GRANT SELECT, UPDATE, DELETE ON invitations TO porter_node;
GRANT SELECT, DELETE ON password_resets TO porter_node;
GRANT SELECT, INSERT, UPDATE, DELETE ON invitations, password_resets TO porter_administrator;
GRANT SELECT ON invitation_list, password_reset_list TO porter_reader, porter_administrator, porter_node;

INSERT INTO schema_migrations (version, name, works_with) VALUES (3, 'invitations', 1);
