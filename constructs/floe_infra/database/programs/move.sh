#!/bin/sh
# Moves applications' databases from one PostgreSQL server to another: dump, restore, compare.
#
# Runs as a Job in the image postgres:16 (psql, pg_dump and pg_restore 14 or newer, no older than the old server), with
# move.sql beside it:
#
#     sh /programs/move.sh copy /etc/databases/dagster /etc/databases/marquez ...
#     sh /programs/move.sh check /etc/databases/dagster /etc/databases/marquez ...
#
# An argument is a directory named after an application, with the files `username`, `password` and `database`, as a
# mounted Secret has them; `check` reads `database` alone. On the new server databases.sh has made the role and the
# database. The environment names the servers and their administrators: PGHOST, PGPORT, PGUSER, PGPASSWORD and PGDATABASE
# (any database) for the new one, and the same with OLD_ before for the old one, whose administrator is a superuser.
#
# copy first looks at everything and changes nothing. Then, for each application, it
#   1. closes the old database: `CONNECTION LIMIT 0` keeps everybody out but superusers, and whoever is in there is
#      thrown out. Nothing is written there any more, so that nothing is lost however long the rest takes.
#   2. restores a dump of it into the new database, as its owner, in one transaction: all of it or nothing.
#   3. compares: every table's rows, by number and by content, sequences, large objects, and what else there is by name.
#   4. writes MOVED into the new database's comment.
# It may be interrupted anywhere, and repeated: what is moved stays as it is, applications may use it already. A new
# database that holds anything else is never touched, nor one whose old one was opened again after it was moved.
#
# check succeeds once every database is moved, or has never been on the old server.
#
# What goes wrong ends it, with psql's or pg_dump's status, or 2 if nothing was changed since something is unfit.
set -eu

# Statements with variables come on standard input: psql puts them nowhere else.
PSQL="psql --no-psqlrc --no-password --quiet --no-align --tuples-only --set=ON_ERROR_STOP=1"
COPYING="is being copied by floe-infra"
MOVED="was moved here by floe-infra"

export PGSSLMODE="${PGSSLMODE:-require}" PGCONNECT_TIMEOUT="${PGCONNECT_TIMEOUT:-15}" PGCLIENTENCODING=UTF8
export PGAPPNAME=floe-infra-move
# What values look like as text, whatever server, role or database says. With row_security off, rows that a policy would
# hide are an error.
export PGOPTIONS="-c search_path=pg_catalog -c client_min_messages=warning -c lock_timeout=60s -c statement_timeout=0 \
-c idle_in_transaction_session_timeout=0 -c datestyle=ISO -c intervalstyle=postgres -c timezone=UTC \
-c extra_float_digits=3 -c bytea_output=hex -c lc_monetary=C -c row_security=off"

here=$(dirname "$0")
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
trap 'exit 143' TERM
trap 'exit 130' INT

say() { echo "move: $*"; }
fail() {
    status=$1
    shift
    say "$*" >&2
    exit "$status"
}

# Each in a subshell: what it exports goes with it. A password is in no command line.
old() (
    export PGHOST="$OLD_PGHOST" PGPORT="$OLD_PGPORT" PGUSER="$OLD_PGUSER" PGPASSWORD="$OLD_PGPASSWORD"
    export PGSSLMODE="${OLD_PGSSLMODE:-$PGSSLMODE}" PGDATABASE="${1:-$OLD_PGDATABASE}"
    shift
    exec "$@"
)
new() (
    export PGDATABASE="${1:-$PGDATABASE}"
    shift
    exec "$@"
)
owner() (
    PGUSER=$username PGPASSWORD=$(cat "$directory/password") PGDATABASE=$database
    export PGUSER PGPASSWORD PGDATABASE
    exec "$@"
)
take() {
    directory=$1
    application=$(basename "$directory")
    for key in $2; do
        [ -s "$directory/$key" ] || fail 2 "$application: $directory/$key is missing or empty"
    done
    database=$(cat "$directory/database")
    [ "$2" = database ] || username=$(cat "$directory/username")
}

# Whether the old database is `open` or `closed`; nothing if it is not there.
on_old() {
    old "" $PSQL --set=database="$database" <<'SQL'
SELECT CASE datconnlimit WHEN 0 THEN 'closed' ELSE 'open' END FROM pg_database WHERE datname = :'database';
SQL
}

comment() {
    new "" $PSQL --set=database="$database" <<'SQL'
SELECT shobj_description(oid, 'pg_database') FROM pg_database WHERE datname = :'database';
SQL
}

# One by one: of several on a line, only the last one's failure would end the program.
look() {
    found=$(on_old)
    said=$(comment)
}

comment_on() {
    owner $PSQL --set=database="$database" --set=text="$1" <<'SQL'
COMMENT ON DATABASE :"database" IS :'text';
SQL
}

# How much there is in the new database that neither PostgreSQL nor an extension has brought along.
holds() {
    new "$database" $PSQL <<'SQL'
SELECT count(*)
  FROM (SELECT 'pg_class'::regclass AS catalog, oid, relnamespace AS namespace FROM pg_class
        UNION ALL SELECT 'pg_proc'::regclass, oid, pronamespace FROM pg_proc
        UNION ALL SELECT 'pg_type'::regclass, oid, typnamespace FROM pg_type
        UNION ALL SELECT 'pg_namespace'::regclass, oid, oid FROM pg_namespace
        UNION ALL SELECT 'pg_largeobject'::regclass, oid, 'public'::regnamespace FROM pg_largeobject_metadata) AS made
 WHERE oid >= 16384
   AND namespace NOT IN (SELECT oid FROM pg_namespace WHERE nspname ~ '^pg_' OR nspname = 'information_schema')
   AND NOT EXISTS (SELECT FROM pg_depend WHERE classid = catalog AND objid = made.oid AND deptype = 'e');
SQL
}

look_at_the_servers() {
    old "" $PSQL >"$work/old" <<'SQL'
SELECT current_setting('server_version_num')::int / 10000, rolsuper FROM pg_roles WHERE rolname = current_user;
SQL
    new "" $PSQL >"$work/new" <<'SQL'
SELECT current_setting('server_version_num')::int / 10000;
SQL
    [ "$(cut -d'|' -f2 "$work/old")" = t ] || fail 2 "$OLD_PGUSER is no superuser on the old server"
    from=$(cut -d'|' -f1 "$work/old")
    to=$(cat "$work/new")
    [ "$from" -le "$to" ] || fail 2 "the old server has PostgreSQL $from, and the new one $to: take $from or newer"
}

look_at() {
    take "$1" "username password database"
    look
    there=$(holds)
    [ -n "$found" ] || { say "$application: was never on the old server"; return; }
    go="If nobody wants them, make them go, as the administrator in there: DROP OWNED BY $username"
    case "$said" in
    "$COPYING") ;;
    "$MOVED")
        [ "$found" = closed ] || [ "$there" = 0 ] || fail 2 "$application: the new database $database holds what was \
moved earlier, and since then the old one has been opened, and may have been written to. Nothing was changed. \
Close it again, if not: ALTER DATABASE $database CONNECTION LIMIT 0. Or move anew. $go"
        ;;
    *)
        [ "$there" = 0 ] ||
            fail 2 "$application: the new database $database holds other things already ($there). Nothing was changed. $go"
        ;;
    esac
    owner $PSQL -c "SELECT 1" >"$work/answer" ||
        fail 2 "$application: $username cannot log in to the new database"
}

close_old() {
    old "" $PSQL --set=database="$database" <<'SQL'
ALTER DATABASE :"database" CONNECTION LIMIT 0;
SQL
    # Who was just coming in is seen at the second look.
    left=60 empty=0
    while [ $empty -lt 2 ]; do
        inside=$(
            old "" $PSQL --set=database="$database" <<'SQL'
SELECT count(pg_terminate_backend(pid)) FROM pg_stat_activity
 WHERE datname = :'database' AND backend_type = 'client backend';
SQL
        )
        if [ "$inside" = 0 ]; then empty=$((empty + 1)); else empty=0; fi
        left=$((left - 1))
        [ $left -gt 0 ] || fail 1 "$application: the old database is still in use"
        [ $empty -ge 2 ] || sleep 0.5
    done
}

connection() {
    printf "dbname='%s'" "$(printf %s "$database" | sed "s/\\\\/\\\\\\\\/g; s/'/\\\\'/g")"
}

restore() {
    say "$application: copying"
    # A file, and no pipe: only a whole dump is restored.
    old "$database" pg_dump --no-password --format=custom --no-owner --file="$work/dump" ||
        fail 1 "$application: cannot be dumped"
    comment_on "$COPYING"
    owner pg_restore --no-password --dbname="$(connection)" --no-owner --single-transaction --exit-on-error \
        "$work/dump" || fail 1 "$application: cannot be restored; the new database is as it was, empty"
    rm "$work/dump"
    owner $PSQL -c "SET client_min_messages = error" -c "ANALYZE"
}

compare() {
    say "$application: comparing"
    old "$database" $PSQL --set=username="$username" --file="$here/move.sql" >"$work/old"
    owner $PSQL --set=username="$username" --file="$here/move.sql" >"$work/new"
    for each in old new; do LC_ALL=C sort -o "$work/$each" "$work/$each"; done
    diff "$work/old" "$work/new" >"$work/differences" || {
        cat "$work/differences" >&2
        fail 1 "$application: the databases differ: < stands only in the old one, > only in the new one. \
Who has written to the new one?"
    }
}

copy() {
    take "$1" "username password database"
    look
    case "$found $said" in
    " "*) return ;;
    "closed $MOVED")
        say "$application: is moved already"
        return
        ;;
    esac
    close_old
    there=$(holds)
    [ "$there" != 0 ] || restore
    compare
    comment_on "$MOVED"
    say "$application: moved: $(grep -c '^table ' "$work/new") tables, \
$(awk -F'|' '/^table /{rows += $2} END {print rows + 0}' "$work/new") rows, the same on both servers"
}

check() {
    take "$1" database
    look
    [ -z "$found" ] || [ "$said" = "$MOVED" ] ||
        fail 1 "$application: is not moved yet. Start the job that moves it, and repeat"
    [ "$found" != open ] || fail 1 "$application: the old database $database has been opened since it was moved, and may \
have been written to. Move it anew, or close it: ALTER DATABASE $database CONNECTION LIMIT 0"
    say "$application: ready"
}

# Nobody would miss them before it is too late.
say_what_stays() {
    old "" $PSQL >"$work/databases" <<'SQL'
SELECT datname FROM pg_database WHERE NOT datistemplate AND datname <> 'postgres' ORDER BY datname COLLATE "C";
SQL
    for each; do
        take "$each" database
        printf '%s\n' "$database"
    done >"$work/moved"
    grep -vxF -f "$work/moved" "$work/databases" | while IFS= read -r name; do
        say "the old server's database $name is nobody's here, and stays there"
    done
}

step=${1:-}
[ $# -ge 2 ] || step=
case "$step" in
copy)
    shift
    look_at_the_servers
    for each; do look_at "$each"; done
    for each; do copy "$each"; done
    say_what_stays "$@"
    ;;
check)
    shift
    for each; do check "$each"; done
    ;;
*)
    echo "usage: move.sh copy|check DIRECTORY..." >&2
    exit 2
    ;;
esac
