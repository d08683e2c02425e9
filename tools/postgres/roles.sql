-- The roles of Porter in a PostgreSQL cluster, and the schema in this database. Run it once, as a superuser, in a new
-- database, and again in a further one:
--
--     createdb --template=template0 --encoding=UTF8 --locale=C porter
--     psql --single-transaction --set=ON_ERROR_STOP=1 --file=roles.sql porter
--
-- None of them can log in. Make a login role for each program and grant one of these to it:
--
--     CREATE ROLE porterd LOGIN IN ROLE porter_node;
--     CREATE ROLE porterctl LOGIN IN ROLE porter_administrator;
--     CREATE ROLE migrator LOGIN IN ROLE porter_owner;           -- for porterctl db migrate, db move
--
-- and give it a password (\password porterd, in psql) or a certificate.
--
-- `porterctl db status` shows the names and the lag of standbys only to a role that may see the activity of all
-- databases of the cluster. That is more than porterctl needs otherwise, so it is not granted here:
--
--     GRANT pg_read_all_stats TO porter_administrator;

DO $$
DECLARE
    role text;
BEGIN
    FOREACH role IN ARRAY ARRAY['porter_owner', 'porter_node', 'porter_administrator', 'porter_reader'] LOOP
        IF NOT EXISTS (SELECT FROM pg_catalog.pg_roles WHERE rolname = role) THEN
            EXECUTE format('CREATE ROLE %I NOLOGIN', role);
        END IF;
    END LOOP;
END
$$;

COMMENT ON ROLE porter_owner IS 'Porter: owns the schema and applies migrations';
COMMENT ON ROLE porter_node IS 'Porter: a porterd, which reads and writes rows';
COMMENT ON ROLE porter_administrator IS 'Porter: porterctl, except db migrate and db move';
COMMENT ON ROLE porter_reader IS 'Porter: reads the views, in which there is no secret';

CREATE SCHEMA IF NOT EXISTS porter AUTHORIZATION porter_owner;
REVOKE ALL ON SCHEMA porter FROM PUBLIC;
