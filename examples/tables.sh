#!/bin/sh
# Tables by curl. Each answer is whole, or curl says that the transfer failed (exit 18).
set -eu
service=${SPACEPOLICY_URL:-http://127.0.0.1:8000}
folder=$(mktemp -d)
trap 'rm -r "$folder"' EXIT

echo "A file of Parquet, with its length:"
curl -sS --fail -o "$folder/tasks.parquet" "$service/queries/tasks?format=parquet"
wc -c <"$folder/tasks.parquet"

echo "Its last four bytes alone:"
curl -sS --fail -r -4 "$service/queries/tasks?format=parquet"
echo

echo "Lines of JSON, the last of which says that it is:"
curl -sS --fail "$service/queries/tasks?format=ndjson" | tail -n 1

echo "Where the types of CSV stand:"
curl -sS --fail -I "$service/queries/tasks?format=csv" | grep -i '^link:.*describedby'
