-- Version 11: who changed what, in rows that cannot be changed or cut away without a trace.
--
-- The triggers at the end append a row for each change, by whatever program. (Without SQLite's JSON: its functions are
-- not among those that an untrusted schema may call.) porterd and porterctl replace the actor
-- 'shell' by their own in the same transaction. porterd numbers and seals each row under a key that is not in this
-- file: audit verify of porterctl names the place where a sealed row was changed or is missing.
CREATE TABLE audit (
    id         INTEGER PRIMARY KEY AUTOINCREMENT,
    at         INTEGER NOT NULL DEFAULT (unixepoch()),
    actor      TEXT    NOT NULL DEFAULT 'shell',  -- also porterd, 'porterctl USER', or user: the account's own
    action     TEXT    NOT NULL,
    account_id INTEGER,                           -- NULL: it concerns no account
    account    TEXT    NOT NULL DEFAULT '',       -- its name at that time
    object     TEXT    NOT NULL DEFAULT '',       -- such as a session's number, an address or a network
    before     TEXT    NOT NULL DEFAULT '',       -- such as name='Alice' state=enabled; no secret
    after      TEXT    NOT NULL DEFAULT '',
    number     INTEGER,                           -- its place in the chain, from 1 on; NULL: not sealed yet
    seal       BLOB                               -- keyed BLAKE2b-256 of the previous seal, the number and the row
) STRICT;

CREATE INDEX audit_by_account ON audit (account_id, at);

-- The end of the chain, and where it begins after porterd has deleted old rows.
CREATE TABLE audit_head (
    id            INTEGER PRIMARY KEY CHECK (id = 1),
    pruned_number INTEGER NOT NULL,  -- of the last deleted row; 0: none was
    pruned_seal   BLOB    NOT NULL,
    last_id       INTEGER NOT NULL,  -- of the last sealed row
    last_number   INTEGER NOT NULL,
    last_seal     BLOB    NOT NULL,
    tag           BLOB               -- keyed BLAKE2b-256 of the others; NULL: no porterd has begun the chain
) STRICT;

INSERT INTO audit_head (id, pruned_number, pruned_seal, last_id, last_number, last_seal)
VALUES (1, 0, zeroblob(32), 0, 0, zeroblob(32));

-- A slip of the hand changes no sealed row. (One with intent drops these triggers: audit verify finds it.)
CREATE TRIGGER audit_is_not_changed BEFORE UPDATE OF id, at, actor, action, account_id, account, object, before, after
ON audit WHEN OLD.seal IS NOT NULL
BEGIN
    SELECT RAISE(ABORT, 'a sealed row of audit never changes');
END;

CREATE TRIGGER audit_is_not_deleted BEFORE DELETE ON audit
WHEN OLD.number > (SELECT pruned_number FROM audit_head)
BEGIN
    SELECT RAISE(ABORT, 'porterd deletes rows of audit after --audit-keep');
END;

CREATE TRIGGER audit_head_is_not_deleted BEFORE DELETE ON audit_head
BEGIN
    SELECT RAISE(ABORT, 'the head of the chain of audit is not deleted');
END;

CREATE VIEW audit_list AS
SELECT id,
       datetime(at, 'unixepoch')                       AS at_utc,
       actor,
       action,
       account,
       object,
       before,
       after,
       CASE WHEN seal IS NULL THEN 'no' ELSE 'yes' END AS is_sealed
FROM audit
ORDER BY id DESC;

-- ------------------------------------------------------------------------------------------------ accounts

CREATE TRIGGER audit_account_added AFTER INSERT ON accounts
BEGIN
    INSERT INTO audit (action, account_id, account, after)
    VALUES ('account_added', NEW.id, NEW.name,
            'name=' || quote(NEW.name) || ' state=' || iif(NEW.disabled_at IS NULL, 'enabled', 'disabled'));
END;

-- Before: the rows of its sessions follow, and take the name from this one.
CREATE TRIGGER audit_account_deleted BEFORE DELETE ON accounts
BEGIN
    INSERT INTO audit (action, account_id, account, before)
    VALUES ('account_deleted', OLD.id, OLD.name,
            'name=' || quote(OLD.name) || ' state=' || iif(OLD.disabled_at IS NULL, 'enabled', 'disabled'));
END;

-- porterctl renames by way of a name that begins with the character 1: both steps in a transaction are one change.
CREATE TRIGGER audit_account_renamed AFTER UPDATE OF name ON accounts
WHEN NEW.name <> OLD.name AND unicode(OLD.name) <> 1
BEGIN
    INSERT INTO audit (action, account_id, account, before, after)
    VALUES ('account_renamed', NEW.id, NEW.name, 'name=' || quote(OLD.name), 'name=' || quote(NEW.name));
END;

CREATE TRIGGER audit_account_renamed_by_two_steps AFTER UPDATE OF name ON accounts
WHEN NEW.name <> OLD.name AND unicode(OLD.name) = 1
BEGIN
    -- The row of the first step is sealed if that was typed earlier: then the second step is a row of its own.
    INSERT INTO audit (action, account_id, account, before, after)
    SELECT 'account_renamed', NEW.id, NEW.name, 'name=' || quote(OLD.name), 'name=' || quote(NEW.name)
    WHERE NOT EXISTS (SELECT 1 FROM audit WHERE account_id = NEW.id AND action = 'account_renamed' AND seal IS NULL
                                                AND after = 'name=' || quote(OLD.name));
    UPDATE audit SET account = NEW.name, after = 'name=' || quote(NEW.name)
    WHERE account_id = NEW.id AND action = 'account_renamed' AND seal IS NULL AND after = 'name=' || quote(OLD.name);
END;

-- A name with letters beyond ASCII can get the key of another one: its user logs in by that.
CREATE TRIGGER audit_account_key_changed AFTER UPDATE OF folded_name ON accounts
WHEN NEW.folded_name <> OLD.folded_name AND NEW.name = OLD.name
BEGIN
    INSERT INTO audit (action, account_id, account, before, after)
    VALUES ('account_key_changed', NEW.id, NEW.name, 'folded_name=' || quote(OLD.folded_name),
            'folded_name=' || quote(NEW.folded_name));
END;

-- Of a password hash only that it is another one.
CREATE TRIGGER audit_password_changed AFTER UPDATE OF password_hash ON accounts
WHEN NEW.password_hash <> OLD.password_hash
BEGIN
    INSERT INTO audit (action, account_id, account)
    VALUES (iif(NEW.rehash_count <> OLD.rehash_count AND NEW.credential_version = OLD.credential_version,
                'password_rehashed', 'password_changed'),
            NEW.id, NEW.name);
END;

CREATE TRIGGER audit_account_state AFTER UPDATE OF disabled_at ON accounts
WHEN (NEW.disabled_at IS NULL) <> (OLD.disabled_at IS NULL)
BEGIN
    INSERT INTO audit (action, account_id, account, before, after)
    VALUES (iif(NEW.disabled_at IS NULL, 'account_enabled', 'account_disabled'), NEW.id, NEW.name,
            'state=' || iif(OLD.disabled_at IS NULL, 'enabled', 'disabled'),
            'state=' || iif(NEW.disabled_at IS NULL, 'enabled', 'disabled'));
END;

-- A failure counter locks at 100. Its other steps are attempts, and no changes in this sense.
CREATE TRIGGER audit_account_locked AFTER UPDATE OF failed ON password_ladders
WHEN NEW.failed >= 100 AND OLD.failed < 100
BEGIN
    INSERT INTO audit (action, account_id, account, object, after)
    SELECT 'account_locked', id, name, iif(NEW.network = '', 'unknown networks', NEW.network),
           'failed=' || NEW.failed
    FROM accounts WHERE id = NEW.account_id;
END;

CREATE TRIGGER audit_account_locked_by_hand AFTER INSERT ON password_ladders
WHEN NEW.failed >= 100
BEGIN
    INSERT INTO audit (action, account_id, account, object, after)
    SELECT 'account_locked', id, name, iif(NEW.network = '', 'unknown networks', NEW.network),
           'failed=' || NEW.failed
    FROM accounts WHERE id = NEW.account_id;
END;

CREATE TRIGGER audit_account_unlocked_by_step AFTER UPDATE OF failed ON password_ladders
WHEN NEW.failed < 100 AND OLD.failed >= 100
BEGIN
    INSERT INTO audit (action, account_id, account, object, before)
    SELECT 'account_unlocked', id, name, iif(NEW.network = '', 'unknown networks', NEW.network),
           'failed=' || OLD.failed
    FROM accounts WHERE id = NEW.account_id;
END;

CREATE TRIGGER audit_account_unlocked AFTER DELETE ON password_ladders
WHEN OLD.failed >= 100
BEGIN
    INSERT INTO audit (action, account_id, account, object, before)
    SELECT 'account_unlocked', id, name, iif(OLD.network = '', 'unknown networks', OLD.network),
           'failed=' || OLD.failed
    FROM accounts WHERE id = OLD.account_id;
END;

-- ------------------------------------------------------------------------------------------------ sessions

-- porterd discards the rows of sessions that it opens, and of the one that it keeps at a new password: openings and uses
-- are in the log alone. By hand an opening is a way in that needs no password.
CREATE TRIGGER audit_session_opened AFTER INSERT ON sessions
BEGIN
    INSERT INTO audit (action, account_id, account, object, after)
    VALUES ('session_opened', NEW.account_id, coalesce((SELECT name FROM accounts WHERE id = NEW.account_id), ''),
            'session ' || NEW.id, 'address=' || quote(NEW.address));
END;

-- It then outlives a new password.
CREATE TRIGGER audit_session_kept AFTER UPDATE OF credential_version ON sessions
WHEN NEW.credential_version <> OLD.credential_version
BEGIN
    INSERT INTO audit (action, account_id, account, object)
    SELECT 'session_kept', id, name, 'session ' || NEW.id FROM accounts WHERE id = NEW.account_id;
END;

-- porterd and porterctl replace 'removed' by their own cause.
CREATE TRIGGER audit_session_ended AFTER DELETE ON sessions
BEGIN
    INSERT INTO audit (action, account_id, account, object, before, after)
    SELECT 'session_ended',
           OLD.account_id,
           coalesce(owner.name, (SELECT account FROM audit WHERE account_id = OLD.account_id ORDER BY id DESC LIMIT 1),
                    ''),
           'session ' || OLD.id,
           'address=' || quote(OLD.address),
           'cause=' || CASE WHEN owner.id IS NULL THEN 'account_deleted'
                            WHEN owner.disabled_at IS NOT NULL THEN 'account_disabled'
                            WHEN owner.credential_version <> OLD.credential_version THEN 'password_changed'
                            WHEN OLD.expires_at <= unixepoch() THEN 'expired'
                            ELSE 'removed' END
    FROM (SELECT 1) LEFT JOIN accounts AS owner ON owner.id = OLD.account_id;
END;

CREATE TRIGGER audit_session_end_moved AFTER UPDATE OF expires_at ON sessions
WHEN NEW.expires_at <> OLD.expires_at
BEGIN
    INSERT INTO audit (action, account_id, account, object, before, after)
    SELECT 'session_end_moved', id, name, 'session ' || NEW.id, 'expires_at=' || quote(OLD.expires_at),
           'expires_at=' || quote(NEW.expires_at)
    FROM accounts WHERE id = NEW.account_id;
END;

CREATE TRIGGER audit_session_token_changed AFTER UPDATE OF token_digest ON sessions
WHEN NEW.token_digest <> OLD.token_digest
BEGIN
    INSERT INTO audit (action, account_id, account, object)
    SELECT 'session_token_changed', id, name, 'session ' || NEW.id FROM accounts WHERE id = NEW.account_id;
END;

-- ------------------------------------------------------------------------------------------------ addresses

-- porterd discards the rows of its own changes: where clients were seen is in the log. An account's addresses are
-- renamed and deleted with it, without rows of their own.
CREATE TRIGGER audit_address_added AFTER INSERT ON addresses
BEGIN
    INSERT INTO audit (action, account_id, account, object, after)
    VALUES ('address_added', NEW.account_id, coalesce((SELECT name FROM accounts WHERE id = NEW.account_id), ''),
            NEW.address, 'name=' || quote(NEW.name));
END;

CREATE TRIGGER audit_address_changed AFTER UPDATE OF name, account_id ON addresses
WHEN (NEW.name <> OLD.name OR NEW.account_id IS NOT OLD.account_id)
     AND NOT EXISTS (SELECT 1 FROM accounts WHERE id = NEW.account_id AND id = OLD.account_id AND name = NEW.name)
BEGIN
    INSERT INTO audit (action, account_id, account, object, before, after)
    VALUES ('address_changed', NEW.account_id, coalesce((SELECT name FROM accounts WHERE id = NEW.account_id), ''),
            NEW.address, 'name=' || quote(OLD.name), 'name=' || quote(NEW.name));
END;

CREATE TRIGGER audit_address_removed AFTER DELETE ON addresses
WHEN OLD.account_id IS NULL OR EXISTS (SELECT 1 FROM accounts WHERE id = OLD.account_id)
BEGIN
    INSERT INTO audit (action, account_id, account, object, before)
    VALUES ('address_removed', OLD.account_id, coalesce((SELECT name FROM accounts WHERE id = OLD.account_id), ''),
            OLD.address, 'name=' || quote(OLD.name));
END;

-- ------------------------------------------------------------------------------------------------ bans

CREATE TRIGGER audit_ban_added AFTER INSERT ON bans
BEGIN
    INSERT INTO audit (action, object, after)
    VALUES ('ban_added', NEW.network,
            'expires_at=' || quote(NEW.expires_at) || ' silent=' || NEW.is_silent || ' reason=' || quote(NEW.reason));
END;

CREATE TRIGGER audit_ban_changed AFTER UPDATE ON bans
BEGIN
    INSERT INTO audit (action, object, before, after)
    VALUES ('ban_changed', NEW.network,
            'network=' || quote(OLD.network) || ' expires_at=' || quote(OLD.expires_at) || ' silent=' || OLD.is_silent
            || ' reason=' || quote(OLD.reason),
            'network=' || quote(NEW.network) || ' expires_at=' || quote(NEW.expires_at) || ' silent=' || NEW.is_silent
            || ' reason=' || quote(NEW.reason));
END;

CREATE TRIGGER audit_ban_removed AFTER DELETE ON bans
BEGIN
    INSERT INTO audit (action, object, before)
    VALUES ('ban_removed', OLD.network,
            'expires_at=' || quote(OLD.expires_at) || ' silent=' || OLD.is_silent || ' reason=' || quote(OLD.reason));
END;

-- ------------------------------------------------------------------------------------- invitations and resets

-- Of a code only that it is another one. porterd deletes those that are spent or have expired: the log has their uses.
CREATE TRIGGER audit_invitation_added AFTER INSERT ON invitations
BEGIN
    INSERT INTO audit (action, object, after)
    VALUES ('invitation_added', 'invitation ' || NEW.id,
            'name=' || quote(NEW.name) || ' uses=' || NEW.uses || ' expires_at=' || NEW.expires_at);
END;

CREATE TRIGGER audit_invitation_used AFTER UPDATE OF used ON invitations
WHEN NEW.used <> OLD.used
BEGIN
    INSERT INTO audit (action, object, before, after)
    VALUES ('invitation_used', 'invitation ' || NEW.id, 'used=' || OLD.used, 'used=' || NEW.used);
END;

CREATE TRIGGER audit_invitation_changed AFTER UPDATE ON invitations
WHEN NEW.id <> OLD.id OR NEW.code_digest <> OLD.code_digest OR NEW.name <> OLD.name
     OR NEW.folded_name <> OLD.folded_name OR NEW.uses <> OLD.uses OR NEW.expires_at <> OLD.expires_at
BEGIN
    INSERT INTO audit (action, object, before, after)
    VALUES (iif(NEW.code_digest <> OLD.code_digest, 'invitation_code_changed', 'invitation_changed'),
            'invitation ' || NEW.id,
            'id=' || OLD.id || ' name=' || quote(OLD.name) || ' uses=' || OLD.uses || ' expires_at=' || OLD.expires_at,
            'id=' || NEW.id || ' name=' || quote(NEW.name) || ' uses=' || NEW.uses || ' expires_at=' || NEW.expires_at);
END;

CREATE TRIGGER audit_invitation_removed AFTER DELETE ON invitations
WHEN OLD.used < OLD.uses AND OLD.expires_at > unixepoch()
BEGIN
    INSERT INTO audit (action, object, before)
    VALUES ('invitation_removed', 'invitation ' || OLD.id,
            'name=' || quote(OLD.name) || ' used=' || OLD.used || ' uses=' || OLD.uses
            || ' expires_at=' || OLD.expires_at);
END;

-- One for an account: another one replaces it, which is a row of its own. A new password spends it, which is a removal.
CREATE TRIGGER audit_reset_added AFTER INSERT ON password_resets
BEGIN
    INSERT INTO audit (action, account_id, account, after)
    VALUES ('reset_added', NEW.account_id, coalesce((SELECT name FROM accounts WHERE id = NEW.account_id), ''),
            'expires_at=' || NEW.expires_at);
END;

CREATE TRIGGER audit_reset_changed AFTER UPDATE ON password_resets
WHEN NEW.account_id <> OLD.account_id OR NEW.code_digest <> OLD.code_digest OR NEW.expires_at <> OLD.expires_at
BEGIN
    INSERT INTO audit (action, account_id, account, before, after)
    VALUES (iif(NEW.account_id = OLD.account_id AND NEW.code_digest = OLD.code_digest, 'reset_changed', 'reset_added'),
            NEW.account_id, coalesce((SELECT name FROM accounts WHERE id = NEW.account_id), ''),
            'expires_at=' || OLD.expires_at, 'expires_at=' || NEW.expires_at);
END;

CREATE TRIGGER audit_reset_removed AFTER DELETE ON password_resets
WHEN OLD.expires_at > unixepoch() AND EXISTS (SELECT 1 FROM accounts WHERE id = OLD.account_id)
BEGIN
    INSERT INTO audit (action, account_id, account, before)
    SELECT 'reset_removed', id, name, 'expires_at=' || OLD.expires_at FROM accounts WHERE id = OLD.account_id;
END;

-- ------------------------------------------------------------------------------------------------ second factors

-- Of a secret only that it is another one. The uses of codes are logins, and no changes in this sense.
CREATE TRIGGER audit_second_factor_added AFTER INSERT ON second_factors
BEGIN
    INSERT INTO audit (action, account_id, account)
    VALUES ('second_factor_added', NEW.account_id,
            coalesce((SELECT name FROM accounts WHERE id = NEW.account_id), ''));
END;

-- With a step that is set back, codes that were used are accepted again.
CREATE TRIGGER audit_second_factor_changed AFTER UPDATE ON second_factors
WHEN NEW.account_id <> OLD.account_id OR NEW.sealed_secret <> OLD.sealed_secret OR NEW.last_step < OLD.last_step
BEGIN
    INSERT INTO audit (action, account_id, account)
    VALUES ('second_factor_changed', NEW.account_id,
            coalesce((SELECT name FROM accounts WHERE id = NEW.account_id), ''));
END;

CREATE TRIGGER audit_second_factor_removed AFTER DELETE ON second_factors
WHEN EXISTS (SELECT 1 FROM accounts WHERE id = OLD.account_id)
BEGIN
    INSERT INTO audit (action, account_id, account)
    SELECT 'second_factor_removed', id, name FROM accounts WHERE id = OLD.account_id;
END;

-- porterd adds recovery codes together with a second factor, and discards the rows of these.
CREATE TRIGGER audit_recovery_code_added AFTER INSERT ON recovery_codes
BEGIN
    INSERT INTO audit (action, account_id, account)
    VALUES ('recovery_code_added', NEW.account_id,
            coalesce((SELECT name FROM accounts WHERE id = NEW.account_id), ''));
END;

CREATE TRIGGER audit_recovery_code_changed AFTER UPDATE ON recovery_codes
WHEN NEW.account_id <> OLD.account_id OR NEW.digest <> OLD.digest OR (NEW.used_by IS NULL AND OLD.used_by IS NOT NULL)
BEGIN
    INSERT INTO audit (action, account_id, account)
    VALUES ('recovery_code_changed', NEW.account_id,
            coalesce((SELECT name FROM accounts WHERE id = NEW.account_id), ''));
END;

-- With its second factor it goes without a row of its own.
CREATE TRIGGER audit_recovery_code_removed AFTER DELETE ON recovery_codes
WHEN EXISTS (SELECT 1 FROM second_factors WHERE account_id = OLD.account_id)
BEGIN
    INSERT INTO audit (action, account_id, account)
    SELECT 'recovery_code_removed', id, name FROM accounts WHERE id = OLD.account_id;
END;
