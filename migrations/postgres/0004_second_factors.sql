-- Version 4: second factors, one-time codes (TOTP, RFC 6238) and recovery codes.
--
-- A porterd made for an earlier version goes on beside this step, and asks for no code: replace all servers before users
-- are told of second factors. To lift that of an account by hand, such as when its phone is lost:
--     DELETE FROM second_factors WHERE account_id = (SELECT id FROM accounts WHERE name = 'Alice');

SET LOCAL search_path = porter, pg_temp;
SET LOCAL lock_timeout = '2s';

CREATE TABLE second_factors (
    account_id    bigint PRIMARY KEY REFERENCES accounts ON DELETE CASCADE,
    sealed_secret bytea  NOT NULL CHECK (octet_length(sealed_secret) > 0),  -- encrypted; the key is not in the database
    last_step     bigint NOT NULL,                     -- of 30 s since 1970: its code and older ones are not accepted
    last_use      bigint NOT NULL DEFAULT 0,           -- the attempt that used it, so that a repetition is recognised
    created_at    bigint NOT NULL DEFAULT unix_time()
) WITH (fillfactor = 80);

CREATE TABLE recovery_codes (
    account_id bigint NOT NULL REFERENCES second_factors ON DELETE CASCADE,
    digest     bytea  NOT NULL CHECK (octet_length(digest) = 32),  -- BLAKE2b-256; never the code
    used_by    bigint,                                 -- the attempt that used it; NULL: it is unused
    used_at    bigint,
    PRIMARY KEY (account_id, digest)
);

CREATE VIEW second_factor_list AS
SELECT accounts.name                            AS account,
       readable_time(second_factors.created_at) AS since_utc,
       (SELECT count(*) FROM recovery_codes
        WHERE recovery_codes.account_id = second_factors.account_id AND used_by IS NULL) AS recovery_codes_left
FROM second_factors
JOIN accounts ON accounts.id = second_factors.account_id
ORDER BY accounts.folded_name;

GRANT SELECT, INSERT, UPDATE, DELETE ON second_factors, recovery_codes TO porter_node;
-- porterctl lifts a second factor; it adds none.
GRANT SELECT, DELETE ON second_factors TO porter_administrator;
GRANT SELECT ON recovery_codes TO porter_administrator;
GRANT SELECT ON second_factor_list TO porter_reader, porter_administrator, porter_node;

INSERT INTO schema_migrations (version, name, works_with) VALUES (4, 'second_factors', 1);
