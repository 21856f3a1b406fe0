#!/bin/sh
# The words of the README, the most frequent first.
set -eu
tr -cs '[:alpha:]' '\n' <README.md | tr '[:upper:]' '[:lower:]' | sort | uniq -c | sort -rn
