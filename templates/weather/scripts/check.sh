#!/bin/sh
# Every day is there once and in order, and no minimum is above its maximum. A failed check stops the workflow.
set -eu

tail -n +2 "$1" | cut -d , -f 1 | sort -uc || { echo "a day is missing its place, or is there twice"; exit 1; }

awk -F , '
  NR == 1 { next }
  NF != 6 { print "line " NR ": " NF " columns instead of 6"; bad++ }
  $4 > $3 { print "line " NR ": the minimum " $4 " is above the maximum " $3; bad++ }
  END     { print NR - 1 " days checked, " bad + 0 " of them wrong"; exit bad > 0 }
' "$1"
