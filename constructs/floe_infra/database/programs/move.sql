-- What a database holds, as lines that are the same wherever it is the same, in any order; PostgreSQL 14 to 18. move.sh
-- compares them.
--
-- psql's variable is `username`, the owner on the new server. On the old one a superuser may own what he owns here, so
-- owners are left out, and so are rights of owners. Extensions' parts are theirs, which may be newer there.
--
-- No function or cast of anybody's runs here, though a superuser reads what others have made: rows become text as values
-- of the type record, for which nobody can define a cast.

BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;

-- Rows, and the sum of 64 bits of each one's SHA-256.
SELECT format(
    'SELECT %L, count(*), coalesce(sum((''x'' || left(encode(sha256(convert_to(ROW(t.*)::text, ''UTF8'')), ''hex''), 16))::bit(64)::bigint), 0)'
    ' FROM ONLY %I.%I AS t',
    format('table %I.%I', nspname, relname), nspname, relname)
  FROM (SELECT 'pg_class'::regclass AS catalog, * FROM pg_class) AS relation JOIN pg_namespace ON pg_namespace.oid = relnamespace
 WHERE relkind IN ('r', 'm') AND relispopulated AND relation.oid >= 16384
   AND nspname !~ '^pg_' AND nspname <> 'information_schema'
   AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = catalog AND objid = relation.oid AND deptype = 'e')
\gexec

SELECT format('SELECT %L, last_value, is_called FROM %I.%I', format('sequence %I.%I', nspname, relname), nspname, relname)
  FROM (SELECT 'pg_class'::regclass AS catalog, * FROM pg_class) AS relation JOIN pg_namespace ON pg_namespace.oid = relnamespace
 WHERE relkind = 'S' AND nspname !~ '^pg_' AND nspname <> 'information_schema'
   AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = catalog AND objid = relation.oid AND deptype = 'e')
\gexec

SELECT 'large objects', count(*),
       coalesce(sum(('x' || left(encode(sha256(oid::text::bytea || lo_get(oid)), 'hex'), 16))::bit(64)::bigint), 0)
  FROM pg_largeobject_metadata;

-- What has no rows, by name.
SELECT line
  FROM (SELECT 'pg_class'::regclass AS catalog, pg_class.oid, relnamespace AS namespace,
               format('relation %I.%I, %s', nspname, relname, relkind) AS line
          FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
        UNION ALL
        SELECT 'pg_proc'::regclass, oid, pronamespace, format('function %s', oid::regprocedure) FROM pg_proc
        UNION ALL
        SELECT 'pg_type'::regclass, oid, typnamespace, format('type %s', oid::regtype) FROM pg_type WHERE typtype <> 'b'
        UNION ALL
        -- Since 18 NOT NULL is one, too.
        SELECT 'pg_constraint'::regclass, oid, connamespace, format('constraint %s on %s', conname, conrelid::regclass)
          FROM pg_constraint WHERE contype <> 'n'
        UNION ALL
        SELECT 'pg_trigger'::regclass, pg_trigger.oid, relnamespace, format('trigger %s on %s', tgname, tgrelid::regclass)
          FROM pg_trigger JOIN pg_class ON pg_class.oid = tgrelid WHERE NOT tgisinternal
        UNION ALL
        SELECT 'pg_policy'::regclass, pg_policy.oid, relnamespace, format('policy %s on %s', polname, polrelid::regclass)
          FROM pg_policy JOIN pg_class ON pg_class.oid = polrelid
        UNION ALL
        SELECT 'pg_namespace'::regclass, oid, oid, format('schema %I', nspname) FROM pg_namespace) AS made
 WHERE made.oid >= 16384
   AND namespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_' OR nspname = 'information_schema')
   AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = catalog AND objid = made.oid AND deptype = 'e');

SELECT format('extension %I', extname) FROM pg_extension;

-- Rights that somebody else was given.
SELECT format('right %s on %s of %s', privilege_type, object,
              CASE grantee WHEN 0 THEN 'everybody' ELSE pg_get_userbyid(grantee)::text END)
  FROM (SELECT format('%I.%I', nspname, relname) AS object, relowner AS owner, relacl AS acl, pg_class.oid, 'pg_class'::regclass AS catalog
          FROM pg_class JOIN pg_namespace ON pg_namespace.oid = relnamespace
         WHERE nspname !~ '^pg_' AND nspname <> 'information_schema'
        UNION ALL
        SELECT oid::regprocedure::text, proowner, proacl, oid, 'pg_proc'::regclass FROM pg_proc WHERE oid >= 16384
        UNION ALL
        SELECT quote_ident(nspname), nspowner, nspacl, oid, 'pg_namespace'::regclass FROM pg_namespace WHERE oid >= 16384) AS made,
       aclexplode(acl)
 WHERE grantee <> owner AND (grantee = 0 OR pg_get_userbyid(grantee) <> :'username')
   AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = catalog AND objid = made.oid AND deptype = 'e');

COMMIT;
