-- Version 6: the journal of ended sessions has the account and the cause.
--
-- porterd and porterctl replace 'removed' by their own cause when they end a session: logout, revoked,
-- revoked_by_administrator, replaced, expired, token_exposed.
ALTER TABLE ended_sessions ADD COLUMN account_name TEXT NOT NULL DEFAULT '';
ALTER TABLE ended_sessions ADD COLUMN cause TEXT NOT NULL DEFAULT '';

DROP TRIGGER session_ended;
CREATE TRIGGER session_ended AFTER DELETE ON sessions
BEGIN
    INSERT INTO ended_sessions (session_id, ended_at, account_name, cause)
    SELECT OLD.id,
           unixepoch(),
           coalesce(owner.name, ''),
           CASE WHEN owner.id IS NULL THEN 'account_deleted'
                WHEN owner.disabled_at IS NOT NULL THEN 'account_disabled'
                WHEN owner.credential_version <> OLD.credential_version THEN 'password_changed'
                WHEN OLD.expires_at <= unixepoch() THEN 'expired'
                ELSE 'removed' END
    FROM (SELECT 1) LEFT JOIN accounts AS owner ON owner.id = OLD.account_id;
END;

-- The sessions of a deleted account end after its row, so the name is added here.
DROP TRIGGER account_deleted;
CREATE TRIGGER account_deleted AFTER DELETE ON accounts
BEGIN
    DELETE FROM sessions WHERE account_id = OLD.id;
    DELETE FROM addresses WHERE account_id = OLD.id;
    UPDATE ended_sessions SET account_name = OLD.name WHERE account_name = '' AND cause = 'account_deleted';
END;
