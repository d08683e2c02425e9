-- Version 2: networks that an administrator has banned. A porterd made for version 1 goes on beside this step, and does
-- not know of bans.
--
-- porterctl bans add writes a network in canonical form. By hand any spelling of an inet will do, such as
--     INSERT INTO bans (network, expires_at) VALUES ('192.0.2.0/24', unix_time() + 7 * 86400);

SET LOCAL search_path = porter, pg_temp;
SET LOCAL lock_timeout = '2s';

CREATE TABLE bans (
    network    text    COLLATE "C" PRIMARY KEY CHECK (network::inet IS NOT NULL),  -- 192.0.2.7, 2001:db8:1::/48
    expires_at bigint,                                -- NULL: it stays until it is removed
    is_silent  boolean NOT NULL DEFAULT false,        -- connections close without a message
    reason     text    COLLATE "C" NOT NULL DEFAULT '',  -- for administrators: no client is told
    created_at bigint  NOT NULL DEFAULT unix_time()
);

CREATE INDEX bans_by_end ON bans (expires_at) WHERE expires_at IS NOT NULL;

-- Rises with each statement that changes bans, so that the servers read them again only then. Its row is locked until
-- the commit: who changes bans waits for others who do.
CREATE TABLE ban_changes (
    id     integer PRIMARY KEY CHECK (id = 1),
    number bigint  NOT NULL
) WITH (fillfactor = 10);

INSERT INTO ban_changes (id, number) VALUES (1, 0);

-- It runs as the owner: no other role can write the number.
CREATE FUNCTION note_changed_bans() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER
SET search_path = porter, pg_temp AS $$
BEGIN
    UPDATE ban_changes SET number = number + 1;
    RETURN NULL;
END
$$;

REVOKE EXECUTE ON FUNCTION note_changed_bans FROM PUBLIC;

CREATE TRIGGER bans_changed AFTER INSERT OR UPDATE OR DELETE OR TRUNCATE ON bans
FOR EACH STATEMENT EXECUTE FUNCTION note_changed_bans();

CREATE VIEW ban_list AS
SELECT network,
       CASE WHEN expires_at <= unix_time() THEN 'expired' ELSE 'active' END AS state,
       readable_time(expires_at)                                            AS expires_utc,
       CASE WHEN is_silent THEN 'silent' ELSE 'told' END                    AS clients_are,
       reason,
       readable_time(created_at)                                            AS created_utc
FROM bans
ORDER BY created_at DESC, network;

GRANT SELECT ON bans, ban_changes TO porter_node;
GRANT SELECT, INSERT, UPDATE, DELETE ON bans TO porter_administrator;
GRANT SELECT ON ban_changes TO porter_administrator;
GRANT SELECT ON ban_list TO porter_reader, porter_administrator, porter_node;

INSERT INTO schema_migrations (version, name, works_with) VALUES (2, 'bans', 1);
