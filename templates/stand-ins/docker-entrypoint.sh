#!/bin/sh
# What the image `postgres` has under this name: makes the cluster of PGDATA at the first start, and runs PostgreSQL as its own user.
set -eu
[ "${1:-}" = postgres ] || exec "$@"

if [ "$(id -u)" = 0 ]; then
  mkdir -p "$PGDATA" /run/postgresql
  chown -R postgres:postgres "$(dirname "$PGDATA")" /run/postgresql
  exec setpriv --reuid postgres --regid postgres --init-groups "$0" "$@"
fi
if [ ! -s "$PGDATA/PG_VERSION" ]; then
  # Whole or not at all: a start that is cut off leaves no half of a cluster.
  new=$PGDATA.new
  rm -rf "$new"
  (umask 077 && printf '%s\n' "$POSTGRES_PASSWORD" >/tmp/password)
  initdb --pgdata "$new" --username "$POSTGRES_USER" --pwfile /tmp/password --auth-local trust --auth-host scram-sha-256 --encoding UTF8 --locale C.UTF-8
  rm /tmp/password
  echo 'host all all all scram-sha-256' >>"$new/pg_hba.conf"
  echo "listen_addresses = '*'" >>"$new/postgresql.conf"
  printf 'create database "%s"\n' "$POSTGRES_DB" | postgres --single -D "$new" postgres >/dev/null
  rmdir "$PGDATA" 2>/dev/null || true
  mv "$new" "$PGDATA"
fi
exec "$@"
