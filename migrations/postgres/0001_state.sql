-- Version 1: what the SQLite file has after its step 6, for many servers.
--
-- The owner of the schema applies a step in one transaction, before the servers that need it start; porterd never does.
-- `porterctl db migrate --database URL` does it, or psql:
--
--     psql --single-transaction --set=ON_ERROR_STOP=1 --command='SET ROLE porter_owner' \
--          --file=migrations/postgres/0001_state.sql DATABASE
--
-- tools/postgres/roles.sql has made the roles and the schema. The database may be read and edited with psql while
-- servers run, so its invariants are enforced here. Times are whole seconds since 1970, UTC, and milliseconds where the
-- name ends in _ms; the views show them in readable form, and no secrets. Each text is COLLATE "C": its order, and so
-- its index, does not change with the C library.

SET LOCAL search_path = porter, pg_temp;
SET LOCAL lock_timeout = '2s';

CREATE TABLE schema_migrations (
    version    bigint PRIMARY KEY,
    name       text   COLLATE "C" NOT NULL,
    works_with bigint NOT NULL,           -- the oldest version of a porterd that can use the schema after this step
    applied_at bigint NOT NULL DEFAULT floor(extract(epoch FROM clock_timestamp()))
);

CREATE FUNCTION unix_time() RETURNS bigint LANGUAGE sql VOLATILE PARALLEL SAFE
RETURN floor(extract(epoch FROM clock_timestamp()))::bigint;

CREATE FUNCTION readable_time(seconds bigint) RETURNS text LANGUAGE sql STABLE PARALLEL SAFE
RETURN to_char(to_timestamp(seconds) AT TIME ZONE 'UTC', 'YYYY-MM-DD HH24:MI:SS');

-- The parameters in an encoded hash, m or t; NULL if it is of another form than crypto_pwhash_str makes.
CREATE FUNCTION hash_parameter(encoded text, position_of integer) RETURNS bigint
LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN (regexp_match(encoded, '^\$argon2id\$v=19\$m=([1-9][0-9]{0,9}),t=([1-9][0-9]{0,9}),p=1\$.{66}$'
                     COLLATE "C"))[position_of]::bigint;

-- ------------------------------------------------------------------------------------------------ accounts

CREATE TABLE accounts (
    id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY CHECK (id > 0),  -- never used again
    name               text   COLLATE "C" NOT NULL CHECK (name <> ''),  -- as first registered
    folded_name        text   COLLATE "C" NOT NULL UNIQUE,  -- NFKC case-folded: makes two names the same
    password_hash      text   COLLATE "C" NOT NULL,         -- Argon2id, with its salt and parameters
    credential_version bigint NOT NULL DEFAULT 1 CHECK (credential_version > 0),  -- rises with each new password
    rehash_count       bigint NOT NULL DEFAULT 0,           -- rises when the same password is hashed anew
    created_at         bigint NOT NULL DEFAULT unix_time(),
    disabled_at        bigint,                              -- set it to shut a user out, NULL admits again
    last_login_at      bigint,
    last_address       text   COLLATE "C" NOT NULL DEFAULT '',
    failed_since       bigint NOT NULL DEFAULT 0 CHECK (failed_since >= 0),  -- attempts since; 0 also lifts a lock
    last_failed_at     bigint,
    attempt_count      bigint NOT NULL DEFAULT 0,           -- incremented when porterd writes failed_since
    memory_kib         bigint GENERATED ALWAYS AS (hash_parameter(password_hash, 1)) STORED,
    passes             bigint GENERATED ALWAYS AS (hash_parameter(password_hash, 2)) STORED,
    -- An account with a wrong key could not log in, or would be a second one of the same name. SQL cannot fold all of
    -- Unicode: an ASCII name is checked exactly.
    CONSTRAINT folded_name_is_folded CHECK (folded_name <> '' AND (name ~ '[^ -~]' OR folded_name = lower(name)))
) WITH (fillfactor = 80);

-- For password_costs.
CREATE INDEX accounts_by_cost ON accounts (memory_kib, passes);

-- The costs of the stored password hashes, so that every check of a password can cost the same. There are few: each is
-- found by one step in the index. (A table with counts would make registrations wait for each other.)
CREATE VIEW password_costs AS
WITH RECURSIVE cost AS (
    (SELECT memory_kib, passes FROM accounts WHERE memory_kib IS NOT NULL
     ORDER BY memory_kib DESC, passes DESC LIMIT 1)
    UNION ALL
    SELECT lower.memory_kib, lower.passes
    FROM cost
    CROSS JOIN LATERAL (SELECT memory_kib, passes FROM accounts
                        WHERE (accounts.memory_kib, accounts.passes) < (cost.memory_kib, cost.passes)
                        ORDER BY memory_kib DESC, passes DESC LIMIT 1) AS lower)
SELECT memory_kib, passes FROM cost;

-- ------------------------------------------------------------------------------------------------ sessions

-- No index on last_used_at: an update of an indexed column writes four times as much. Idle sessions are found by ranges
-- of ids.
CREATE TABLE sessions (
    id                 bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY CHECK (id > 0),  -- never used again
    account_id         bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
    token_digest       bytea  NOT NULL UNIQUE CHECK (octet_length(token_digest) = 32),  -- BLAKE2b-256; never the token
    created_at         bigint NOT NULL,
    last_used_at       bigint NOT NULL,
    expires_at         bigint NOT NULL,
    address            text   COLLATE "C" NOT NULL,  -- that opened or last resumed it
    transport          text   COLLATE "C" NOT NULL CHECK (transport IN ('plain', 'tls')),
    credential_version bigint NOT NULL,              -- the account's, when it was opened
    -- The account's history before this session: the answer to a request that is repeated after a lost reply.
    before_login_at    bigint,
    before_address     text   COLLATE "C" NOT NULL DEFAULT '',
    before_failed      bigint NOT NULL DEFAULT 0
) WITH (fillfactor = 80);

CREATE INDEX sessions_by_account ON sessions (account_id, id);
CREATE INDEX sessions_by_end ON sessions (expires_at);

-- Whether this transaction has opened the session with this digest. What an opening does besides is done under this
-- condition, so that one that is repeated after a lost reply has no further effect.
CREATE FUNCTION opened_now(digest bytea) RETURNS boolean LANGUAGE sql STABLE
RETURN EXISTS (SELECT FROM sessions WHERE token_digest = digest AND xmin = pg_current_xact_id_if_assigned()::xid);

-- ------------------------------------------------------------------------------------------------ addresses

CREATE TABLE addresses (
    address       text   COLLATE "C" PRIMARY KEY,                       -- canonical, as in the log
    network       text   COLLATE "C" NOT NULL DEFAULT '',               -- the /64 of an IPv6 address; '': IPv4
    site          text   COLLATE "C" NOT NULL DEFAULT '',               -- its /48
    name          text   COLLATE "C" NOT NULL CHECK (name <> ''),       -- the last one seen there
    account_id    bigint REFERENCES accounts ON DELETE CASCADE,         -- NULL: the name was said, not proved
    first_seen_at bigint NOT NULL,
    last_seen_at  bigint NOT NULL
);

CREATE INDEX addresses_by_account ON addresses (account_id);
CREATE INDEX addresses_by_network ON addresses (network, last_seen_at) WHERE network <> '';
CREATE INDEX addresses_by_site ON addresses (site, last_seen_at) WHERE site <> '';
CREATE INDEX addresses_by_time ON addresses (last_seen_at);

-- The networks from which an account was accessed, by password or by token. Each has its own failure counter.
CREATE TABLE account_networks (
    account_id    bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
    network       text   COLLATE "C" NOT NULL CHECK (network <> ''),
    first_seen_at bigint NOT NULL,
    last_seen_at  bigint NOT NULL,
    PRIMARY KEY (account_id, network)
);

-- ------------------------------------------------------------------------------------------------ attempts

-- Failed password attempts in a row. The more, the longer the pause before the next; 100 lock the account.
CREATE TABLE failure_counters (
    account_id bigint NOT NULL REFERENCES accounts ON DELETE CASCADE,
    network    text   COLLATE "C" NOT NULL,          -- one that the account knows; '': all others together
    failed     bigint NOT NULL CHECK (failed > 0),
    last_ms    bigint NOT NULL,                      -- when the last was
    PRIMARY KEY (account_id, network)
);

-- The same of names that no account has, so that they behave like those of accounts on every server. By digest, because
-- users type passwords as names. porterd keeps the latest.
CREATE TABLE unknown_failure_counters (
    digest  bytea  PRIMARY KEY CHECK (octet_length(digest) BETWEEN 16 AND 32),  -- keyed by the servers' common secret
    failed  bigint NOT NULL CHECK (failed > 0),
    last_ms bigint NOT NULL
);

CREATE INDEX unknown_failure_counters_by_time ON unknown_failure_counters (last_ms);

-- The attempts of the last ten minutes that failed or are pending, at any account: 20 throttle a network. A pending one
-- is counted while its password is being hashed, with what is needed to roll it back. One that is pending for a minute
-- by begun_ms, whatever the clocks of servers say, is of a server that stopped, and any server rolls it back. porterd
-- deletes rows older than an hour.
CREATE TABLE attempts (
    id                    bigint  PRIMARY KEY CHECK (id > 0),  -- random, chosen by porterd: finds it after a lost reply
    network               text    COLLATE "C" NOT NULL,
    at_ms                 bigint  NOT NULL,
    begun_ms              bigint  NOT NULL DEFAULT floor(extract(epoch FROM clock_timestamp()) * 1000),
    is_pending            boolean NOT NULL,
    account_id            bigint,                     -- the failure counter that counts it is this account's; no key:
    counter_network       text    COLLATE "C" NOT NULL DEFAULT '',  -- a deleted account's attempts still count
    unknown_name          bytea,                      -- or that of this digest
    last_ms_before        bigint  NOT NULL DEFAULT 0, -- of the failure counter, before this attempt
    last_failed_at_before bigint                      -- of the account, before this attempt
);

CREATE INDEX attempts_by_network ON attempts (network, at_ms);
CREATE INDEX attempts_by_time ON attempts (at_ms);
CREATE INDEX attempts_pending ON attempts (account_id, counter_network) WHERE is_pending;
CREATE INDEX attempts_pending_at_unknown_names ON attempts (unknown_name) WHERE is_pending;

-- The registrations of the last hour, including pending ones, by network. porterd accepts
-- --max-registrations-per-address from a network and deletes rows older than an hour.
CREATE TABLE registrations (
    attempt_id    bigint PRIMARY KEY,                -- the id of its attempt, whose row is deleted when it succeeds
    network       text   COLLATE "C" NOT NULL,       -- an IPv4 address or the /64 of an IPv6 address
    site          text   COLLATE "C" NOT NULL,       -- the same IPv4 address or the /48
    registered_at bigint NOT NULL
);

CREATE INDEX registrations_by_network ON registrations (network, registered_at);
CREATE INDEX registrations_by_site ON registrations (site, registered_at);
CREATE INDEX registrations_by_time ON registrations (registered_at);

-- ------------------------------------------------------------------------------------------------ servers

-- Each porterd writes its row twice a second. That the write is committed shows that its server is the primary.
CREATE TABLE nodes (
    id             bigint PRIMARY KEY,               -- random, chosen by porterd when it starts
    name           text   COLLATE "C" NOT NULL,      -- of the machine
    version        text   COLLATE "C" NOT NULL,      -- of porterd
    schema_version bigint NOT NULL,                  -- that it is made for
    started_at     bigint NOT NULL,
    seen_at_ms     bigint NOT NULL                   -- by the clock of the database
) WITH (fillfactor = 50);

-- The journal of ended sessions, from which each porterd learns of them, however they ended. It reads what is visible
-- now and was not in its last snapshot: transactions become visible in another order than that of any number that they
-- take. A number of a transaction is worth something on one server alone, and comes again after a failover.
CREATE TABLE ended_sessions (
    xid          xid8   NOT NULL DEFAULT pg_current_xact_id(),
    session_id   bigint NOT NULL,
    ended_at     bigint NOT NULL DEFAULT unix_time(),
    account_name text   COLLATE "C" NOT NULL,
    cause        text   COLLATE "C" NOT NULL
);

CREATE INDEX ended_sessions_by_transaction ON ended_sessions (xid);

-- ------------------------------------------------------------------------------------------------ triggers

-- Porter's programs say why a session ends by SELECT set_config('porter.end_cause', CAUSE, true) in the same
-- transaction; otherwise the cause is what the row shows, or 'removed'. It runs as the owner: no other role can write
-- the journal.
CREATE FUNCTION note_ended_sessions() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = porter, pg_temp AS $$
BEGIN
    INSERT INTO ended_sessions (session_id, account_name, cause)
    SELECT ended.id,
           coalesce(owner.name, ''),
           coalesce(nullif(current_setting('porter.end_cause', true), ''),
                    CASE WHEN owner.id IS NULL THEN 'account_deleted'
                         WHEN owner.disabled_at IS NOT NULL THEN 'account_disabled'
                         WHEN owner.credential_version <> ended.credential_version THEN 'password_changed'
                         WHEN ended.expires_at <= unix_time() THEN 'expired'
                         ELSE 'removed' END)
    FROM ended
    LEFT JOIN accounts AS owner ON owner.id = ended.account_id;
    RETURN NULL;
END
$$;

-- Else a reader could make it the trigger of a temporary table, and so end sessions.
REVOKE EXECUTE ON FUNCTION note_ended_sessions FROM PUBLIC;

CREATE TRIGGER session_ended AFTER DELETE ON sessions REFERENCING OLD TABLE AS ended
FOR EACH STATEMENT EXECUTE FUNCTION note_ended_sessions();

-- TRUNCATE runs no trigger for rows: sessions would end without an entry in the journal.
CREATE FUNCTION reject_truncate() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'TRUNCATE would end sessions that no server learns of: use DELETE';
END
$$;

CREATE TRIGGER sessions_are_not_truncated BEFORE TRUNCATE ON sessions
FOR EACH STATEMENT EXECUTE FUNCTION reject_truncate();
CREATE TRIGGER accounts_are_not_truncated BEFORE TRUNCATE ON accounts
FOR EACH STATEMENT EXECUTE FUNCTION reject_truncate();

-- The sessions of a deleted account end before its row is gone, so that the journal has its name. Its other rows follow
-- by their keys.
CREATE FUNCTION end_sessions_of_deleted() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
    cause_before text := coalesce(current_setting('porter.end_cause', true), '');
BEGIN
    PERFORM set_config('porter.end_cause', 'account_deleted', true);
    DELETE FROM porter.sessions WHERE account_id = OLD.id;
    PERFORM set_config('porter.end_cause', cause_before, true);
    RETURN OLD;
END
$$;

CREATE TRIGGER account_deleted BEFORE DELETE ON accounts
FOR EACH ROW EXECUTE FUNCTION end_sessions_of_deleted();

-- Another password_hash means another password, unless the same UPDATE marks a rehash by incrementing rehash_count.
-- porterd increments credential_version itself; this does it for a statement typed by hand. An account never becomes
-- another one, because the log and the journal refer to it by its id.
CREATE FUNCTION check_account_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    IF NEW.id <> OLD.id THEN
        RAISE EXCEPTION 'the id of an account never changes';
    END IF;
    IF NEW.folded_name = OLD.folded_name AND lower(NEW.name) <> lower(OLD.name) THEN
        RAISE EXCEPTION 'folded_name must be the NFKC case-folded name: set both';
    END IF;
    IF NEW.password_hash <> OLD.password_hash AND NEW.credential_version = OLD.credential_version
       AND NEW.rehash_count = OLD.rehash_count THEN
        NEW.credential_version := OLD.credential_version + 1;
    END IF;
    RETURN NEW;
END
$$;

CREATE TRIGGER account_change_checked BEFORE UPDATE OF id, name, folded_name, password_hash ON accounts
FOR EACH ROW EXECUTE FUNCTION check_account_change();

-- A session ends with the credential that opened it, and a disabled account has none.
CREATE FUNCTION end_sessions_without_credential() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM porter.sessions
    WHERE account_id = NEW.id AND (NEW.disabled_at IS NOT NULL OR credential_version <> NEW.credential_version);
    RETURN NULL;
END
$$;

CREATE TRIGGER credential_changed AFTER UPDATE ON accounts
FOR EACH ROW WHEN (NEW.credential_version <> OLD.credential_version
                   OR (NEW.disabled_at IS NOT NULL AND OLD.disabled_at IS NULL))
EXECUTE FUNCTION end_sessions_without_credential();

CREATE FUNCTION rename_addresses() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    UPDATE porter.addresses SET name = NEW.name WHERE account_id = NEW.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER account_greeted_by_new_name AFTER UPDATE OF name ON accounts
FOR EACH ROW WHEN (NEW.name <> OLD.name) EXECUTE FUNCTION rename_addresses();

-- Enabling an account also unlocks it. So does setting failed_since to 0 by hand; porterd increments attempt_count in
-- the same UPDATE.
CREATE FUNCTION reset_failure_counters() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM porter.failure_counters WHERE account_id = NEW.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER account_enabled AFTER UPDATE OF disabled_at ON accounts
FOR EACH ROW WHEN (NEW.disabled_at IS NULL) EXECUTE FUNCTION reset_failure_counters();
CREATE TRIGGER failures_zeroed_by_hand AFTER UPDATE OF failed_since ON accounts
FOR EACH ROW WHEN (NEW.failed_since = 0 AND NEW.attempt_count = OLD.attempt_count)
EXECUTE FUNCTION reset_failure_counters();

CREATE FUNCTION forget_counter_of_network() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM porter.failure_counters WHERE account_id = OLD.account_id AND network = OLD.network;
    RETURN NULL;
END
$$;

CREATE TRIGGER network_forgotten AFTER DELETE ON account_networks
FOR EACH ROW EXECUTE FUNCTION forget_counter_of_network();

CREATE FUNCTION reject_other_session() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'a session never becomes another one';
END
$$;

CREATE TRIGGER session_keeps_its_id BEFORE UPDATE OF id, account_id ON sessions
FOR EACH ROW WHEN (NEW.id <> OLD.id OR NEW.account_id <> OLD.account_id) EXECUTE FUNCTION reject_other_session();

-- A session whose expires_at is set to the past ends. When it is set to the future, porterd ends the session within a
-- second after that time.
CREATE FUNCTION end_session_of_the_past() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    DELETE FROM porter.sessions WHERE id = NEW.id;
    RETURN NULL;
END
$$;

CREATE TRIGGER session_end_moved AFTER UPDATE OF expires_at ON sessions
FOR EACH ROW WHEN (NEW.expires_at <= unix_time()) EXECUTE FUNCTION end_session_of_the_past();

-- ------------------------------------------------------------------------------------------------ views for people

CREATE VIEW account_list AS
SELECT id,
       name,
       CASE WHEN disabled_at IS NOT NULL THEN 'disabled'
            WHEN EXISTS (SELECT FROM failure_counters
                         WHERE account_id = accounts.id AND network = '' AND failed >= 100) THEN 'locked'
            ELSE 'enabled' END                                                 AS state,
       readable_time(created_at)                                               AS created_utc,
       readable_time(disabled_at)                                              AS disabled_utc,
       readable_time(last_login_at)                                            AS last_login_utc,
       last_address,
       failed_since                                                            AS failed_attempts,
       (SELECT count(*) FROM sessions WHERE sessions.account_id = accounts.id) AS sessions
FROM accounts
ORDER BY folded_name;

CREATE VIEW session_list AS
SELECT sessions.id,
       accounts.name                        AS account,
       sessions.address,
       sessions.transport,
       readable_time(sessions.created_at)   AS created_utc,
       readable_time(sessions.last_used_at) AS last_used_utc,
       readable_time(sessions.expires_at)   AS expires_utc
FROM sessions
JOIN accounts ON accounts.id = sessions.account_id
ORDER BY sessions.id;

CREATE VIEW address_list AS
SELECT address,
       name,
       CASE WHEN account_id IS NULL THEN 'said' ELSE 'proved' END AS known_by,
       readable_time(first_seen_at)                               AS first_seen_utc,
       readable_time(last_seen_at)                                AS last_seen_utc
FROM addresses
ORDER BY last_seen_at DESC, address;

-- The accounts with failed password attempts since their last login, or with an older lock, those with most attempts
-- first. locked_for: the networks from which no password is accepted; 'unknown': all that the account does not know.
CREATE VIEW login_failure_list AS
SELECT id,
       name,
       failed_since                  AS failed_attempts,
       readable_time(last_failed_at) AS last_failed_utc,
       readable_time(last_login_at)  AS last_login_utc,
       last_address                  AS last_login_address,
       locked.networks               AS locked_for
FROM accounts
CROSS JOIN LATERAL (SELECT string_agg(CASE WHEN network = '' THEN 'unknown' ELSE network END, ', ' ORDER BY network)
                           AS networks
                    FROM failure_counters WHERE account_id = accounts.id AND failed >= 100) AS locked
WHERE failed_since > 0 OR locked.networks IS NOT NULL
ORDER BY failed_since DESC, id;

-- The networks with failures in the last ten minutes, those with most first. 20 throttle a network.
CREATE VIEW network_failure_list AS
SELECT network,
       count(*)                                                      AS failures,
       CASE WHEN count(*) >= 20 THEN 'throttled' ELSE 'open' END     AS state,
       readable_time(min(at_ms) / 1000)                              AS first_failed_utc,
       readable_time(max(at_ms) / 1000)                              AS last_failed_utc
FROM attempts
WHERE at_ms > (unix_time() - 600) * 1000
GROUP BY network
ORDER BY failures DESC, network;

-- The networks with registrations in the last hour, those with most first.
CREATE VIEW registration_list AS
SELECT network,
       count(*)                          AS registrations,
       readable_time(min(registered_at)) AS first_registered_utc,
       readable_time(max(registered_at)) AS last_registered_utc
FROM registrations
WHERE registered_at > unix_time() - 3600
GROUP BY network
ORDER BY registrations DESC, network;

CREATE VIEW ended_session_list AS
SELECT session_id, account_name AS account, cause, readable_time(ended_at) AS ended_utc
FROM ended_sessions
ORDER BY ended_at DESC, session_id DESC;

CREATE VIEW node_list AS
SELECT name,
       version,
       readable_time(started_at)                                              AS started_utc,
       readable_time(seen_at_ms / 1000)                                       AS seen_utc,
       CASE WHEN seen_at_ms > (unix_time() - 3) * 1000 THEN 'up' ELSE 'down' END AS state
FROM nodes
ORDER BY name, started_at;

-- ------------------------------------------------------------------------------------------------ privileges

GRANT USAGE ON SCHEMA porter TO porter_node, porter_administrator, porter_reader;

GRANT SELECT, INSERT, UPDATE, DELETE
ON accounts, sessions, addresses, account_networks, failure_counters, unknown_failure_counters, attempts, registrations,
   nodes
TO porter_node;
GRANT SELECT ON password_costs, schema_migrations TO porter_node;
-- The journal is written by its trigger, and pruned by the servers.
GRANT SELECT, DELETE ON ended_sessions TO porter_node;

-- porterctl opens no session and counts no attempt: it ends sessions, and resets counters.
GRANT SELECT, INSERT, UPDATE, DELETE ON accounts, addresses TO porter_administrator;
GRANT SELECT, DELETE ON sessions, failure_counters, attempts, registrations TO porter_administrator;
GRANT SELECT ON account_networks, nodes, ended_sessions, schema_migrations TO porter_administrator;
GRANT SELECT ON SEQUENCE accounts_id_seq, sessions_id_seq TO porter_administrator;

GRANT SELECT
ON account_list, session_list, address_list, login_failure_list, network_failure_list, registration_list,
   ended_session_list, node_list, schema_migrations
TO porter_reader, porter_administrator, porter_node;

INSERT INTO schema_migrations (version, name, works_with) VALUES (1, 'state', 1);
