#!/bin/sh
# Gives each application a PostgreSQL database, and the role that owns it and nothing else.
#
# Runs as a Job in the image postgres:16 (psql 14 or newer, util-linux' setsid), with databases.sql beside it:
#
#     sh /programs/databases.sh /etc/databases/dagster /etc/databases/marquez ...
#
# An argument is a directory named after an application, with the files `username`, `password` and `database`, as a
# mounted Secret has them: not empty, without a line break. The environment names the server and its administrator:
# PGHOST, PGPORT, PGUSER, PGPASSWORD, and PGDATABASE, the database made with the server. The administrator needs
# CREATEROLE and CREATEDB and need not be a superuser. Without PGSSLMODE the connection is encrypted or refused;
# `verify-full` with PGSSLROOTCERT checks the server's certificate too.
#
# Repeat it at will: what is there stays, the password is set anew. It stops at the first application that fails, which
# it names, with psql's status or 2 if the input is at fault; those before it are finished.
#
# A password is in no command line, environment or statement: psql reads it from standard input, where it asks twice,
# and sends the SCRAM verifier. Hence setsid: with a terminal at hand psql would ask there.
set -eu

export PGSSLMODE="${PGSSLMODE:-require}" PGCONNECT_TIMEOUT="${PGCONNECT_TIMEOUT:-15}" PGCLIENTENCODING=UTF8
export PGAPPNAME=floe-infra-databases
# Given here, these hold against what an owner has set for a database of its own. The lock's limit keeps a run from
# waiting for a busy table while everybody else queues up behind it.
export PGOPTIONS="-c search_path=pg_catalog -c client_min_messages=warning -c lock_timeout=60s \
-c password_encryption=scram-sha-256"

fail() {
    echo "databases: $application: $2" >&2
    exit "$1"
}

check() {
    [ -f "$1" ] && [ -r "$1" ] && [ -s "$1" ] || fail 2 "$1 is missing, empty or not readable"
    [ "$(tr -dc '\000\r\n' <"$1" | wc -c)" -eq 0 ] || fail 2 "$1 holds a line break or a zero byte: write it without"
}

if [ $# -eq 0 ]; then
    echo "usage: databases.sh DIRECTORY..." >&2
    exit 2
fi
for directory; do
    application=$(basename "$directory")
    for key in username password database; do
        check "$directory/$key"
    done
    { cat "$directory/password"; echo; cat "$directory/password"; echo; } |
        setsid -w psql --no-psqlrc --no-password --quiet --output=/dev/null --set=ON_ERROR_STOP=1 \
            --set=application="$application" --set=username="$(cat "$directory/username")" \
            --set=database="$(cat "$directory/database")" --file="$(dirname "$0")/databases.sql" ||
        fail $? "failed"
    echo "databases: $application: ready"
done
