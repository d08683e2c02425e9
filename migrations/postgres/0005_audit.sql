-- Version 5: who changed what, in rows that cannot be changed or cut away without a trace. A porterd made for version 1
-- goes on beside this step: its changes are recorded, too, and newer servers seal them.
--
-- The triggers at the end append a row for each change, by whatever program. Their functions run as the owner: no other
-- role can change or delete a row, and the servers can only seal them, and delete old ones, by the functions below.
-- They number and seal each row under a key that is not in the database: audit verify of porterctl names the place
-- where a sealed row was changed or is missing.

SET LOCAL search_path = porter, pg_temp;
SET LOCAL lock_timeout = '2s';

CREATE TABLE audit (
    id         bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at         bigint NOT NULL DEFAULT unix_time(),
    actor      text   COLLATE "C" NOT NULL,             -- porterd, user (the account's own), 'shell ROLE', ...
    action     text   COLLATE "C" NOT NULL,
    account_id bigint,                                  -- NULL: it concerns no account; no key: the row outlives it
    account    text   COLLATE "C" NOT NULL DEFAULT '',  -- its name at that time
    object     text   COLLATE "C" NOT NULL DEFAULT '',  -- such as a session's number, an address or a network
    before     text   COLLATE "C" NOT NULL DEFAULT '',  -- such as name='Alice' state=enabled; no secret
    after      text   COLLATE "C" NOT NULL DEFAULT '',
    number     bigint UNIQUE,                           -- its place in the chain, from 1 on; NULL: not sealed yet
    seal       bytea                                    -- keyed BLAKE2b-256 of previous seal, number and row
);

CREATE INDEX audit_unsealed ON audit (id) WHERE number IS NULL;
CREATE INDEX audit_by_account ON audit (account_id, at);

-- The end of the chain, and where it begins after servers have deleted old rows.
CREATE TABLE audit_head (
    id            integer PRIMARY KEY CHECK (id = 1),
    pruned_number bigint  NOT NULL,  -- of the last deleted row; 0: none was
    pruned_seal   bytea   NOT NULL,
    last_number   bigint  NOT NULL,  -- of the last sealed row
    last_seal     bytea   NOT NULL,
    tag           bytea              -- keyed BLAKE2b-256 of the others; NULL: no server has begun the chain
) WITH (fillfactor = 10);

INSERT INTO audit_head (id, pruned_number, pruned_seal, last_number, last_seal)
VALUES (1, 0, decode(repeat('00', 32), 'hex'), 0, decode(repeat('00', 32), 'hex'));

-- ------------------------------------------------------------------------------------------------ the chain

-- Seals rows, in this order, after the row with this number and seal. False: the head is another one, because another
-- server was faster, also in deleting old rows: the tag is of that number, too. A row that is sealed keeps its seal.
CREATE FUNCTION seal_audit(head_pruned bigint, after_number bigint, after_seal bytea, ids bigint[], seals bytea[],
                           new_tag bytea)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = porter, pg_temp AS $$
DECLARE
    sealed bigint := cardinality(ids);
BEGIN
    PERFORM FROM audit_head
    WHERE pruned_number = head_pruned AND last_number = after_number AND last_seal = after_seal FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    UPDATE audit SET number = after_number + given.place, seal = given.seal
    FROM unnest(ids, seals) WITH ORDINALITY AS given (id, seal, place)
    WHERE audit.id = given.id AND audit.number IS NULL;
    IF (SELECT count(*) FROM audit WHERE number > after_number AND number <= after_number + sealed) <> sealed THEN
        RAISE EXCEPTION 'a row was sealed before';
    END IF;
    UPDATE audit_head
    SET last_number = after_number + sealed, last_seal = coalesce(seals[sealed], last_seal), tag = new_tag;
    RETURN true;
END
$$;

-- Deletes the rows up to this number, all older than a day, whose last one has this seal. False: the head is not the
-- one with these numbers any more.
CREATE FUNCTION prune_audit(from_number bigint, through_number bigint, through_seal bytea, head_number bigint,
                            new_tag bytea)
RETURNS boolean LANGUAGE plpgsql SECURITY DEFINER SET search_path = porter, pg_temp AS $$
BEGIN
    PERFORM FROM audit_head WHERE pruned_number = from_number AND last_number = head_number FOR UPDATE;
    IF NOT FOUND THEN
        RETURN false;
    END IF;
    IF EXISTS (SELECT FROM audit WHERE number <= through_number AND at > unix_time() - 86400) THEN
        RAISE EXCEPTION 'rows of audit are kept for a day at least';
    END IF;
    UPDATE audit_head SET pruned_number = through_number, pruned_seal = through_seal, tag = new_tag;
    DELETE FROM audit WHERE number <= through_number;
    RETURN true;
END
$$;

-- For the owner of the schema alone, after the servers have got another TLS key: the next server that looks begins the
-- chain anew with the rows that are there, and logs audit_chain_begun.
CREATE FUNCTION restart_audit() RETURNS void LANGUAGE sql SET search_path = porter, pg_temp AS $$
    UPDATE audit SET number = NULL, seal = NULL WHERE number IS NOT NULL;
    UPDATE audit_head SET pruned_number = 0, pruned_seal = decode(repeat('00', 32), 'hex'),
                          last_number = 0, last_seal = decode(repeat('00', 32), 'hex'), tag = NULL;
    INSERT INTO audit (actor, action) VALUES ('shell ' || session_user, 'chain_begun');
$$;

REVOKE EXECUTE ON FUNCTION seal_audit, prune_audit, restart_audit FROM PUBLIC;

-- ------------------------------------------------------------------------------------------------ who

-- Porter's programs say by porter.actor which one they are; a porterd before version 5 by application_name. It is a
-- word of the client: that it is porterd is believed of the roles of servers only.
CREATE FUNCTION audit_program() RETURNS text LANGUAGE sql STABLE
RETURN (SELECT CASE WHEN said NOT IN ('porterd', 'porterctl') THEN 'shell'
                    WHEN said = 'porterd' AND NOT pg_has_role(session_user, 'porter_node', 'MEMBER') THEN 'shell'
                    ELSE said END
        FROM (SELECT coalesce(nullif(current_setting('porter.actor', true), ''),
                              current_setting('application_name')) AS said) AS client);

-- Appends a row. What a client asks for is done by the account's user, the rest by the rules of porterd. Of an account
-- 120 rows of each of these actions an hour: a client that logs in again and again must not fill the disk, nor hide a
-- new password behind the ends of sessions.
CREATE FUNCTION append_audit(action text, account_id bigint, account text, object text, before text, after text)
RETURNS void LANGUAGE plpgsql SET search_path = porter, pg_temp AS $$
DECLARE
    program CONSTANT text   := audit_program();
    since   CONSTANT bigint := unix_time() - 3600;
BEGIN
    IF program = 'porterd'
       AND $1 IN ('session_ended', 'password_changed', 'second_factor_added', 'second_factor_removed')
       AND (SELECT count(*) FROM (SELECT FROM audit AS earlier
                                  WHERE earlier.account_id = $2 AND earlier.action = $1 AND earlier.at > since
                                  LIMIT 120) AS recent) >= 120 THEN
        RETURN;
    END IF;
    INSERT INTO audit (actor, action, account_id, account, object, before, after)
    VALUES (CASE WHEN program <> 'porterd' THEN program || ' ' || session_user
                 WHEN $1 IN ('account_added', 'password_changed', 'invitation_used', 'reset_removed',
                             'second_factor_added', 'second_factor_removed')
                      OR ($1 = 'session_ended' AND $6 IN ('cause=logout', 'cause=revoked', 'cause=password_changed'))
                 THEN 'user'
                 ELSE 'porterd' END,
            $1, $2, coalesce($3, ''), $4, coalesce($5, ''), coalesce($6, ''));
END
$$;

REVOKE EXECUTE ON FUNCTION append_audit FROM PUBLIC;

-- ------------------------------------------------------------------------------------------------ accounts

CREATE FUNCTION account_state(disabled_at bigint) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN CASE WHEN disabled_at IS NULL THEN 'enabled' ELSE 'disabled' END;

-- Of a password hash only that it is another one.
CREATE FUNCTION audit_account() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = porter, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM append_audit('account_added', NEW.id, NEW.name, '', NULL,
                             'name=' || quote_literal(NEW.name) || ' state=' || account_state(NEW.disabled_at));
        RETURN NULL;
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM append_audit('account_deleted', OLD.id, OLD.name, '',
                             'name=' || quote_literal(OLD.name) || ' state=' || account_state(OLD.disabled_at), NULL);
        RETURN NULL;
    END IF;
    IF NEW.name <> OLD.name THEN
        -- porterctl renames by way of a name that begins with the character 1: both steps are one change.
        UPDATE audit SET account = NEW.name, after = 'name=' || quote_literal(NEW.name)
        WHERE account_id = NEW.id AND action = 'account_renamed' AND number IS NULL
              AND ascii(OLD.name) = 1 AND after = 'name=' || quote_literal(OLD.name);
        IF NOT FOUND THEN
            PERFORM append_audit('account_renamed', NEW.id, NEW.name, '', 'name=' || quote_literal(OLD.name),
                                 'name=' || quote_literal(NEW.name));
        END IF;
    ELSIF NEW.folded_name <> OLD.folded_name THEN  -- its user logs in by that
        PERFORM append_audit('account_key_changed', NEW.id, NEW.name, '',
                             'folded_name=' || quote_literal(OLD.folded_name),
                             'folded_name=' || quote_literal(NEW.folded_name));
    END IF;
    IF NEW.password_hash <> OLD.password_hash THEN
        PERFORM append_audit(CASE WHEN NEW.credential_version = OLD.credential_version THEN 'password_rehashed'
                                  ELSE 'password_changed' END,
                             NEW.id, NEW.name, '', NULL, NULL);
    END IF;
    IF (NEW.disabled_at IS NULL) <> (OLD.disabled_at IS NULL) THEN
        PERFORM append_audit(CASE WHEN NEW.disabled_at IS NULL THEN 'account_enabled' ELSE 'account_disabled' END,
                             NEW.id, NEW.name, '', 'state=' || account_state(OLD.disabled_at),
                             'state=' || account_state(NEW.disabled_at));
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER audit_account_exists AFTER INSERT OR DELETE ON accounts
FOR EACH ROW EXECUTE FUNCTION audit_account();
CREATE TRIGGER audit_account_changed AFTER UPDATE ON accounts
FOR EACH ROW WHEN (NEW.name <> OLD.name OR NEW.folded_name <> OLD.folded_name
                   OR NEW.password_hash <> OLD.password_hash
                   OR (NEW.disabled_at IS NULL) <> (OLD.disabled_at IS NULL))
EXECUTE FUNCTION audit_account();

-- A failure counter locks at 100. Its other steps are attempts, and no changes in this sense.
CREATE FUNCTION audit_lock() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = porter, pg_temp AS $$
DECLARE
    one       failure_counters := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    is_locked boolean          := TG_OP <> 'DELETE' AND NEW.failed >= 100;
BEGIN
    PERFORM append_audit(CASE WHEN is_locked THEN 'account_locked' ELSE 'account_unlocked' END, id, name,
                         CASE WHEN one.network = '' THEN 'unknown networks' ELSE one.network END,
                         CASE WHEN NOT is_locked THEN 'failed=' || OLD.failed END,
                         CASE WHEN is_locked THEN 'failed=' || NEW.failed END)
    FROM accounts WHERE id = one.account_id;
    RETURN NULL;
END
$$;

CREATE TRIGGER audit_lock_added AFTER INSERT ON failure_counters
FOR EACH ROW WHEN (NEW.failed >= 100) EXECUTE FUNCTION audit_lock();
CREATE TRIGGER audit_lock_changed AFTER UPDATE ON failure_counters
FOR EACH ROW WHEN ((NEW.failed >= 100) <> (OLD.failed >= 100)) EXECUTE FUNCTION audit_lock();
CREATE TRIGGER audit_lock_removed AFTER DELETE ON failure_counters
FOR EACH ROW WHEN (OLD.failed >= 100) EXECUTE FUNCTION audit_lock();

-- ------------------------------------------------------------------------------------------------ sessions

-- What porterd opens and uses is in its log alone: a row for each login would double what it writes. So is the session
-- that it keeps at a new password; one that gets the next version by hand outlives that password.
CREATE FUNCTION audit_session() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = porter, pg_temp AS $$
DECLARE
    one   sessions := CASE WHEN TG_OP = 'INSERT' THEN NEW ELSE OLD END;
    owner accounts;
BEGIN
    SELECT * INTO owner FROM accounts WHERE id = one.account_id;
    IF TG_OP = 'INSERT' THEN
        PERFORM append_audit('session_opened', one.account_id, owner.name, 'session ' || one.id, NULL,
                             'address=' || quote_literal(one.address));
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM append_audit('session_ended', one.account_id, owner.name, 'session ' || one.id,
                             'address=' || quote_literal(one.address),
                             'cause=' || coalesce(nullif(current_setting('porter.end_cause', true), ''),
                                 CASE WHEN owner.id IS NULL THEN 'account_deleted'
                                      WHEN owner.disabled_at IS NOT NULL THEN 'account_disabled'
                                      WHEN owner.credential_version <> one.credential_version THEN 'password_changed'
                                      WHEN one.expires_at <= unix_time() THEN 'expired'
                                      ELSE 'removed' END));
    ELSIF NEW.expires_at <> OLD.expires_at THEN
        PERFORM append_audit('session_end_moved', one.account_id, owner.name, 'session ' || one.id,
                             'expires_at=' || OLD.expires_at,
                             'expires_at=' || NEW.expires_at);
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.token_digest <> OLD.token_digest THEN
        PERFORM append_audit('session_token_changed', one.account_id, owner.name, 'session ' || one.id, NULL, NULL);
    END IF;
    IF TG_OP = 'UPDATE' AND NEW.credential_version <> OLD.credential_version AND audit_program() <> 'porterd' THEN
        PERFORM append_audit('session_kept', one.account_id, owner.name, 'session ' || one.id, NULL, NULL);
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER audit_session_opened AFTER INSERT ON sessions
FOR EACH ROW WHEN (audit_program() <> 'porterd') EXECUTE FUNCTION audit_session();
CREATE TRIGGER audit_session_changed AFTER UPDATE ON sessions
FOR EACH ROW WHEN (NEW.expires_at <> OLD.expires_at OR NEW.token_digest <> OLD.token_digest
                   OR NEW.credential_version <> OLD.credential_version)
EXECUTE FUNCTION audit_session();
CREATE TRIGGER audit_session_ended AFTER DELETE ON sessions
FOR EACH ROW EXECUTE FUNCTION audit_session();

-- ------------------------------------------------------------------------------------------------ addresses

-- Where porterd has seen clients is in its log. An account's addresses are renamed and deleted with it, without rows of
-- their own.
CREATE FUNCTION audit_address() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = porter, pg_temp AS $$
DECLARE
    one   addresses := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    owner accounts;
BEGIN
    SELECT * INTO owner FROM accounts WHERE id = one.account_id;
    IF TG_OP = 'DELETE' AND one.account_id IS NOT NULL AND owner.id IS NULL THEN
        RETURN NULL;
    ELSIF TG_OP = 'UPDATE' AND owner.id = OLD.account_id AND owner.name = NEW.name THEN
        RETURN NULL;
    END IF;
    PERFORM append_audit(CASE TG_OP WHEN 'INSERT' THEN 'address_added' WHEN 'DELETE' THEN 'address_removed'
                              ELSE 'address_changed' END,
                         one.account_id, owner.name, one.address,
                         CASE WHEN TG_OP <> 'INSERT' THEN 'name=' || quote_literal(OLD.name) END,
                         CASE WHEN TG_OP <> 'DELETE' THEN 'name=' || quote_literal(NEW.name) END);
    RETURN NULL;
END
$$;

CREATE TRIGGER audit_address_exists AFTER INSERT OR DELETE ON addresses
FOR EACH ROW WHEN (audit_program() <> 'porterd') EXECUTE FUNCTION audit_address();
CREATE TRIGGER audit_address_changed AFTER UPDATE ON addresses
FOR EACH ROW WHEN ((NEW.name <> OLD.name OR NEW.account_id IS DISTINCT FROM OLD.account_id)
                   AND audit_program() <> 'porterd')
EXECUTE FUNCTION audit_address();

-- ------------------------------------------------------------------------------------------------ bans

CREATE FUNCTION ban_text(one bans) RETURNS text LANGUAGE sql IMMUTABLE
RETURN 'network=' || quote_literal((one).network) || ' expires_at=' || quote_nullable((one).expires_at)
       || ' silent=' || (one).is_silent || ' reason=' || quote_literal((one).reason);

CREATE FUNCTION audit_ban() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = porter, pg_temp AS $$
DECLARE
    one bans := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
BEGIN
    PERFORM append_audit(CASE TG_OP WHEN 'INSERT' THEN 'ban_added' WHEN 'DELETE' THEN 'ban_removed'
                              ELSE 'ban_changed' END,
                         NULL, '', one.network,
                         CASE WHEN TG_OP <> 'INSERT' THEN ban_text(OLD) END,
                         CASE WHEN TG_OP <> 'DELETE' THEN ban_text(NEW) END);
    RETURN NULL;
END
$$;

CREATE TRIGGER audit_ban_changed AFTER INSERT OR UPDATE OR DELETE ON bans
FOR EACH ROW EXECUTE FUNCTION audit_ban();

-- ------------------------------------------------------------------------------------- invitations and resets

CREATE FUNCTION invitation_text(one invitations) RETURNS text LANGUAGE sql IMMUTABLE
RETURN 'id=' || (one).id || ' name=' || quote_literal((one).name) || ' uses=' || (one).uses
       || ' expires_at=' || (one).expires_at;

-- Of a code only that it is another one. The servers delete those that are spent or have expired.
CREATE FUNCTION audit_invitation() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = porter, pg_temp AS $$
BEGIN
    IF TG_OP = 'INSERT' THEN
        PERFORM append_audit('invitation_added', NULL, '', 'invitation ' || NEW.id, NULL, invitation_text(NEW));
    ELSIF TG_OP = 'DELETE' THEN
        PERFORM append_audit('invitation_removed', NULL, '', 'invitation ' || OLD.id,
                             invitation_text(OLD) || ' used=' || OLD.used, NULL);
    ELSE
        IF NEW.used <> OLD.used THEN
            PERFORM append_audit('invitation_used', NULL, '', 'invitation ' || NEW.id, 'used=' || OLD.used,
                                 'used=' || NEW.used);
        END IF;
        IF NEW.code_digest <> OLD.code_digest OR NEW.folded_name <> OLD.folded_name
           OR invitation_text(NEW) <> invitation_text(OLD) THEN
            PERFORM append_audit(CASE WHEN NEW.code_digest <> OLD.code_digest THEN 'invitation_code_changed'
                                      ELSE 'invitation_changed' END,
                                 NULL, '', 'invitation ' || NEW.id, invitation_text(OLD), invitation_text(NEW));
        END IF;
    END IF;
    RETURN NULL;
END
$$;

CREATE TRIGGER audit_invitation_changed AFTER INSERT OR UPDATE ON invitations
FOR EACH ROW EXECUTE FUNCTION audit_invitation();
CREATE TRIGGER audit_invitation_removed AFTER DELETE ON invitations
FOR EACH ROW WHEN (OLD.used < OLD.uses AND OLD.expires_at > unix_time()) EXECUTE FUNCTION audit_invitation();

-- One for an account: another one replaces it, which is a row of its own. A new password spends it, which is a removal.
CREATE FUNCTION audit_reset() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = porter, pg_temp AS $$
DECLARE
    one   password_resets := CASE WHEN TG_OP = 'DELETE' THEN OLD ELSE NEW END;
    owner accounts;
BEGIN
    SELECT * INTO owner FROM accounts WHERE id = one.account_id;
    IF owner.id IS NULL THEN
        RETURN NULL;
    END IF;
    PERFORM append_audit(CASE WHEN TG_OP = 'DELETE' THEN 'reset_removed'
                              WHEN TG_OP = 'UPDATE' AND NEW.account_id = OLD.account_id
                                   AND NEW.code_digest = OLD.code_digest THEN 'reset_changed'
                              ELSE 'reset_added' END,
                         owner.id, owner.name, '',
                         CASE WHEN TG_OP <> 'INSERT' THEN 'expires_at=' || OLD.expires_at END,
                         CASE WHEN TG_OP <> 'DELETE' THEN 'expires_at=' || NEW.expires_at END);
    RETURN NULL;
END
$$;

CREATE TRIGGER audit_reset_added AFTER INSERT ON password_resets
FOR EACH ROW EXECUTE FUNCTION audit_reset();
CREATE TRIGGER audit_reset_changed AFTER UPDATE ON password_resets
FOR EACH ROW WHEN (NEW.account_id <> OLD.account_id OR NEW.code_digest <> OLD.code_digest
                   OR NEW.expires_at <> OLD.expires_at)
EXECUTE FUNCTION audit_reset();
CREATE TRIGGER audit_reset_removed AFTER DELETE ON password_resets
FOR EACH ROW WHEN (OLD.expires_at > unix_time()) EXECUTE FUNCTION audit_reset();

-- ------------------------------------------------------------------------------------------------ second factors

-- Of a secret or a code only that it is another one, for either table. The uses of codes are logins, and no changes in
-- this sense; but codes that were used are accepted again after a step that is set back. What belongs to an account
-- that is deleted has no rows of its own.
CREATE FUNCTION audit_second_factor() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = porter, pg_temp AS $$
DECLARE
    about bigint := CASE WHEN TG_OP = 'DELETE' THEN OLD.account_id ELSE NEW.account_id END;
BEGIN
    IF TG_TABLE_NAME = 'recovery_codes' AND TG_OP = 'DELETE'
       AND NOT EXISTS (SELECT FROM second_factors WHERE account_id = about) THEN
        RETURN NULL;  -- with its second factor it goes without a row of its own
    END IF;
    PERFORM append_audit(CASE WHEN TG_TABLE_NAME = 'second_factors' THEN 'second_factor_' ELSE 'recovery_code_' END
                         || CASE TG_OP WHEN 'INSERT' THEN 'added' WHEN 'DELETE' THEN 'removed' ELSE 'changed' END,
                         id, name, '', NULL, NULL)
    FROM accounts WHERE id = about;
    RETURN NULL;
END
$$;

CREATE TRIGGER audit_second_factor_exists AFTER INSERT OR DELETE ON second_factors
FOR EACH ROW EXECUTE FUNCTION audit_second_factor();
CREATE TRIGGER audit_second_factor_changed AFTER UPDATE ON second_factors
FOR EACH ROW WHEN (NEW.account_id <> OLD.account_id OR NEW.sealed_secret <> OLD.sealed_secret
                   OR NEW.last_step < OLD.last_step)
EXECUTE FUNCTION audit_second_factor();
CREATE TRIGGER audit_recovery_code_added AFTER INSERT ON recovery_codes
FOR EACH ROW WHEN (audit_program() <> 'porterd') EXECUTE FUNCTION audit_second_factor();
CREATE TRIGGER audit_recovery_code_changed AFTER UPDATE ON recovery_codes
FOR EACH ROW WHEN (NEW.account_id <> OLD.account_id OR NEW.digest <> OLD.digest
                   OR (NEW.used_by IS NULL AND OLD.used_by IS NOT NULL))
EXECUTE FUNCTION audit_second_factor();

CREATE TRIGGER audit_recovery_code_removed AFTER DELETE ON recovery_codes
FOR EACH ROW EXECUTE FUNCTION audit_second_factor();

-- TRUNCATE runs no trigger for rows. (That of accounts and sessions is rejected.)
CREATE FUNCTION audit_truncate() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = porter, pg_temp AS $$
BEGIN
    PERFORM append_audit('table_truncated', NULL, '', TG_TABLE_NAME, NULL, NULL);
    RETURN NULL;
END
$$;

CREATE TRIGGER audit_addresses_truncated AFTER TRUNCATE ON addresses EXECUTE FUNCTION audit_truncate();
CREATE TRIGGER audit_bans_truncated AFTER TRUNCATE ON bans EXECUTE FUNCTION audit_truncate();
CREATE TRIGGER audit_failure_counters_truncated AFTER TRUNCATE ON failure_counters EXECUTE FUNCTION audit_truncate();
CREATE TRIGGER audit_invitations_truncated AFTER TRUNCATE ON invitations EXECUTE FUNCTION audit_truncate();
CREATE TRIGGER audit_password_resets_truncated AFTER TRUNCATE ON password_resets EXECUTE FUNCTION audit_truncate();
CREATE TRIGGER audit_second_factors_truncated AFTER TRUNCATE ON second_factors EXECUTE FUNCTION audit_truncate();
CREATE TRIGGER audit_recovery_codes_truncated AFTER TRUNCATE ON recovery_codes EXECUTE FUNCTION audit_truncate();

-- Lifting a throttle deletes rows as porterd does all the time, so porterctl says it.
CREATE FUNCTION note_enabled_network(network text) RETURNS void LANGUAGE sql SECURITY DEFINER
SET search_path = porter, pg_temp AS $$
    SELECT append_audit('network_enabled', NULL, '', network, NULL, NULL);
$$;

REVOKE EXECUTE ON FUNCTION note_enabled_network FROM PUBLIC;
REVOKE EXECUTE ON FUNCTION audit_account, audit_lock, audit_session, audit_address, audit_ban, audit_invitation,
    audit_reset, audit_second_factor, audit_truncate FROM PUBLIC;

-- ------------------------------------------------------------------------------------------------ privileges

CREATE VIEW audit_list AS
SELECT id,
       readable_time(at)  AS at_utc,
       actor,
       action,
       account,
       object,
       before,
       after,
       number IS NOT NULL AS is_sealed
FROM audit
ORDER BY id DESC;

GRANT SELECT ON audit, audit_head TO porter_node, porter_administrator;
GRANT EXECUTE ON FUNCTION seal_audit, prune_audit TO porter_node;
GRANT EXECUTE ON FUNCTION note_enabled_network TO porter_administrator;
GRANT SELECT ON audit_list TO porter_reader, porter_administrator, porter_node;

INSERT INTO schema_migrations (version, name, works_with) VALUES (5, 'audit', 1);
