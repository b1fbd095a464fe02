#!/bin/sh
# Prepares what a PostgreSQL server in the cluster needs at each start: a certificate, and its administrator's password.
#
# Runs as an init container in the image postgres:16, as the server's user and with its environment: PGDATA,
# POSTGRES_USER, and POSTGRES_PASSWORD_FILE, a file without a line break.
#
#     sh /configuration/prepare.sh /tls
#
# writes /tls/tls.key and /tls/tls.crt, anew each time. Nobody signs the certificate: clients encrypt (sslmode=require)
# without asking whom they talk to.
#
# A new server gets the password when it is made. One that is there gets it here, so that it changes with the secret;
# with no server running yet, that is done by PostgreSQL's single-user mode, which asks for no login.
set -eu
umask 077

openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 3650 -subj /CN=postgresql \
    -keyout "$1/tls.key" -out "$1/tls.crt"

if [ -s "$PGDATA/PG_VERSION" ]; then
    # The volume's group may have been given access when it was mounted; PostgreSQL refuses to start with that.
    chmod 0700 "$PGDATA"
    password=$(sed "s/'/''/g" "$POSTGRES_PASSWORD_FILE")
    # An error ends it; the statement is in no log.
    printf 'ALTER ROLE "%s" PASSWORD '"'%s'"'\n' "$POSTGRES_USER" "$password" |
        postgres --single -D "$PGDATA" -c exit_on_error=on -c log_statement=none -c log_min_error_statement=panic \
            -c password_encryption=scram-sha-256 -c standard_conforming_strings=on postgres >/dev/null
    echo "prepare: the administrator's password is the secret's"
fi
