#!/bin/sh
# Makes Temporal's two databases and brings their schemas to this server's version. Safe to repeat.
set -eu

for database in temporal temporal_visibility; do
  schema=${database#temporal_}
  sql() { temporal-sql-tool --plugin postgres12 --ep "$POSTGRES_SEEDS" -p "$DB_PORT" -u "$POSTGRES_USER" --db "$database" "$@"; }
  sql create || echo "database $database exists"
  sql setup-schema -v 0.0 || echo "schema of $database exists"
  sql update-schema -d "/etc/temporal/schema/postgresql/v12/$schema/versioned"
done
