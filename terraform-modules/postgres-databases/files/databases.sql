-- One application's role and database. databases.sh runs it and says how; PostgreSQL 14 to 18.
--
-- psql's variables are the application, its username and its database; standard input is the password, twice.
--
-- Nothing of anybody else's is taken. A role is the application's if its comment says so, and a database if such a role
-- owns it. The administrator's database is handed over, with all that the administrator has made in it, if it is the one
-- made with the server (PGDATABASE) or its comment says so. Everything else is refused before anything is changed.
--
-- The administrator becomes a member of the role and stays one: that lets it make the role's database, and connect to it.

\set marker 'made by floe-infra for ' :application
\set lock 1718382437
\set SHOW_CONTEXT never

-- One run at a time. The lock goes with the session, however that ends.
SELECT pg_advisory_lock(:lock);

SELECT set_config('floe.marker', :'marker', false),
       set_config('floe.username', :'username', false),
       set_config('floe.database', :'database', false);

DO $$
DECLARE
    marker    CONSTANT text := current_setting('floe.marker');
    username  CONSTANT text := current_setting('floe.username');
    wanted    CONSTANT text := current_setting('floe.database');
    role      record;
    database  record;
BEGIN
    IF greatest(octet_length(username), octet_length(wanted)) > 63 THEN
        RAISE EXCEPTION 'username and database may have at most 63 bytes, not % and %',
            octet_length(username), octet_length(wanted);
    END IF;

    SELECT *, shobj_description(oid, 'pg_authid') AS comment INTO role FROM pg_roles WHERE rolname = username;
    IF FOUND AND role.comment IS DISTINCT FROM marker THEN
        RAISE EXCEPTION 'role % exists, and its comment is not "%": somebody else may use it', quote_ident(username), marker
            USING HINT = format('Choose another username, or hand the role over: COMMENT ON ROLE %I IS %L', username, marker);
    END IF;
    IF FOUND AND (role.rolsuper OR role.rolreplication OR role.rolbypassrls) THEN
        RAISE EXCEPTION 'role % has SUPERUSER, REPLICATION or BYPASSRLS, more than an owner may have', quote_ident(username)
            USING HINT = format('As a superuser: ALTER ROLE %I NOSUPERUSER NOREPLICATION NOBYPASSRLS', username);
    END IF;

    SELECT pg_get_userbyid(datdba) AS owner,
           shobj_description(datdba, 'pg_authid') AS owner_comment,
           shobj_description(oid, 'pg_database') AS comment
      INTO database FROM pg_database WHERE datname = wanted;
    IF FOUND
       AND database.owner_comment IS DISTINCT FROM marker
       AND NOT (database.owner = current_user
                AND coalesce(database.comment = marker, wanted = current_database()))
    THEN
        RAISE EXCEPTION 'database % exists and belongs to %, which was not %: somebody else may use it',
            quote_ident(wanted), quote_ident(database.owner), marker
            USING HINT = format('Choose another database, or hand it over: let %I own it, and COMMENT ON DATABASE %I IS %L',
                current_user, wanted, marker);
    END IF;
END
$$;

-- The role

BEGIN;
SELECT format('CREATE ROLE %I LOGIN', :'username')
 WHERE NOT EXISTS (SELECT FROM pg_roles WHERE rolname = :'username') \gexec
SELECT format('COMMENT ON ROLE %I IS %L', rolname, :'marker')
  FROM pg_roles WHERE rolname = :'username' AND shobj_description(oid, 'pg_authid') IS NULL \gexec
-- The other attributes are a superuser's to name, even to say no: they are checked above.
SELECT format('ALTER ROLE %I LOGIN NOCREATEDB NOCREATEROLE', rolname)
  FROM pg_roles WHERE rolname = :'username' AND (rolcreatedb OR rolcreaterole OR NOT rolcanlogin) \gexec
-- Up to 15 whoever has CREATEROLE may join any role; since 16 it gets ADMIN on the roles that it makes, and no more.
SELECT format('GRANT %I TO %I', rolname, current_user) || CASE WHEN since_16 THEN ' WITH INHERIT TRUE, SET TRUE' ELSE '' END
  FROM pg_roles, (SELECT current_setting('server_version_num')::int >= 160000 AS since_16) AS server
 WHERE rolname = :'username'
   AND NOT (pg_has_role(oid, 'USAGE') AND pg_has_role(oid, CASE WHEN since_16 THEN 'SET' ELSE 'MEMBER' END)) \gexec
COMMIT;

\password :"username"

-- The database

-- template0: nobody is connected to it, and what was put into template1 stays out.
SELECT format('CREATE DATABASE %I OWNER %I TEMPLATE template0 ENCODING ''UTF8''', :'database', :'username')
 WHERE NOT EXISTS (SELECT FROM pg_database WHERE datname = :'database') \gexec

-- \connect takes a name with a = in it for a connection string: so it gets one.
SELECT format('dbname=''%s''', replace(replace(:'database', E'\\', E'\\\\'), '''', E'\\''')) AS target \gset
\connect -reuse-previous=on :"target"

-- From here on in a session of its own, in a database whose owner we need not trust.
SELECT pg_advisory_lock(:lock);
BEGIN;

SELECT datdba AS previous FROM pg_database WHERE datname = :'database' \gset
SELECT format('ALTER DATABASE %I OWNER TO %I', datname, :'username')
  FROM pg_database WHERE datname = :'database' AND pg_get_userbyid(datdba) <> :'username' \gexec
REVOKE ALL ON DATABASE :"database" FROM PUBLIC;

-- Since 15 the schema public belongs to the database's owner. Before, a superuser may keep it, and then all of PUBLIC may
-- create in it; but nobody of PUBLIC gets into the database.
SELECT format('ALTER SCHEMA public OWNER TO %I', :'username')
  FROM pg_namespace
 WHERE nspname = 'public' AND pg_has_role(nspowner, 'USAGE')
   AND pg_get_userbyid(nspowner) NOT IN (:'username', 'pg_database_owner') \gexec
SELECT 'REVOKE CREATE ON SCHEMA public FROM PUBLIC'
  FROM pg_namespace WHERE nspname = 'public' AND pg_has_role(nspowner, 'USAGE') \gexec

-- What the previous owner has made. REASSIGN OWNED would take its other databases along, and pg_shdepend does not know
-- what the server's first superuser owns. Extensions and their members stay; sequences of columns, array types and the
-- like follow what they belong to. What PostgreSQL brings along has numbers below 16384.
SELECT format('ALTER %s %s OWNER TO %I', object.type, object.identity, :'username')
  FROM (SELECT 'pg_namespace'::regclass AS catalog, oid, nspowner AS owner FROM pg_namespace
        UNION ALL SELECT 'pg_class'::regclass, oid, relowner FROM pg_class WHERE relkind IN ('r', 'p', 'v', 'm', 'S', 'f')
        UNION ALL SELECT 'pg_proc'::regclass, oid, proowner FROM pg_proc
        UNION ALL SELECT 'pg_type'::regclass, oid, typowner FROM pg_type) AS made,
       pg_identify_object(made.catalog, made.oid, 0) AS object
 WHERE made.oid >= 16384 AND made.owner = :previous AND pg_get_userbyid(made.owner) <> :'username'
   AND coalesce(object.schema, object.name) !~ '^pg_(toast|temp|toast_temp)'
   AND NOT EXISTS (SELECT FROM pg_depend AS part
                    WHERE part.classid = made.catalog AND part.objid = made.oid
                      AND part.refobjid <> made.oid  -- a partitioned table is part of itself
                      AND (part.deptype IN ('e', 'i') OR (part.deptype = 'a' AND object.type = 'sequence')))
 ORDER BY object.type <> 'schema' \gexec

-- Where something may not be revoked, PostgreSQL only warns.
SELECT set_config('floe.username', :'username', true);
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_database, aclexplode(coalesce(datacl, acldefault('d', datdba)))
                WHERE datname = current_database() AND grantee = 0) THEN
        RAISE EXCEPTION 'everybody may still use database %', quote_ident(current_database());
    END IF;
    IF NOT has_schema_privilege(current_setting('floe.username'), 'public', 'CREATE') THEN
        RAISE EXCEPTION 'role % may not create anything in the schema public of database %',
            quote_ident(current_setting('floe.username')), quote_ident(current_database());
    END IF;
END
$$;
COMMIT;
