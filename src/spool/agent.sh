#!/bin/sh
# The agent: runs the commands that it finds in its spool, one container (or one process tree) for all tasks of an attempt.
#
#   agent SPOOL ORPHAN_TICKS
#
# Files are the record, the bell on stdin only says which of them to look at. For a run <id>:
#   <id>.run      the command, put there by the worker          <id>.started  taken: created exclusively, before the fork
#   <id>.out      its output, created and held by the worker    <id>.code     its main process has ended
#   <id>.kill     stop it: seconds of grace                     <id>.done     all is over and written: "CODE", "CODE oom" or "CODE orphaned"
#   heartbeat     changes while a worker lives                  orphaned      it did not, for too long
#   ready         the agent listens                             <id>/         the run's own folder, $SLUICE_RUN
# Bell: "start <id>", "kill <id>", "end". Whatever the bell misses, the tick finds.
#
# It must run under dash, busybox and bash, in images that hold nothing else: beyond builtins it uses cat, grep, tr and sleep, and
# setsid where there is one. The hot path forks only what the task needs.
#
# What escapes a kill: a process that wiped its environment (env -i) *and* was orphaned. It lives until the attempt's container ends.

spool=$1
orphan_ticks=$2
tick_seconds=2
if command -v setsid >/dev/null 2>&1; then has_setsid=1; else has_setsid=; fi
# busybox's grep takes NUL, which ends each variable in /proc/PID/environ, for the end of the line.
if printf 'a\0b' | grep -qF b 2>/dev/null; then greps_past_nul=1; else greps_past_nul=; fi

# Lines for the loop: what the bell says, and a tick. Two writers of one pipe; lines this short are never mixed.
listen() {
  cat <&3 &
  echo "ear $!"
  exec 3<&-
  while echo tick; do sleep "$tick_seconds"; done
}

serve() {
  true >"$spool/ready" || exit 1
  ear='' beat='' silent_ticks=0
  while read -r word id; do
    case $word in
      start) take "$id" ;;
      kill) take_kill "$id" ;;
      tick) look ;;
      ear) ear=$id ;;
      end) break ;;
    esac
  done
  end_all
}

is_id() {
  case $1 in '' | *[!0-9-]*) return 1 ;; esac
}

# Exclusive, and without a fork: whoever creates the file has taken the run.
claim() {
  set -C
  { true >"$spool/$1.started"; } 2>/dev/null
  claimed=$?
  set +C
  return "$claimed"
}

take() {
  is_id "$1" && [ -f "$spool/$1.run" ] && claim "$1" || return 0
  jobs >/dev/null # reaps what has ended: a shell that never waits keeps zombies, and they count as pids
  run "$1" </dev/null &
}

take_kill() {
  is_id "$1" && [ -f "$spool/$1.kill" ] && [ ! -e "$spool/$1.done" ] || return 0
  if claim "$1"; then put "$1.done" 143; return; fi
  read -r grace <"$spool/$1.kill" || grace=0
  case $grace in '' | *[!0-9]*) grace=0 ;; esac
  # Once per kill file: the tick comes by again.
  set -C
  { true >"$spool/$1.killing"; } 2>/dev/null
  first=$?
  set +C
  [ "$first" -ne 0 ] || stop "$1" "$grace" </dev/null &
}

# The command file is sourced: it exports, changes the folder and ends in `launch`. stdout and stderr are one pipe, so they keep their order,
# and `cat` appends: given the file itself, a task's `> /dev/stdout` would truncate it.
run() {
  count_ooms
  ooms_before=$ooms
  # Opened before the task begins, which may do with its name what it likes.
  {
    {
      (
        SLUICE_RUN=$spool/$1 SLUICE_MARK=$spool/$1:
        export SLUICE_RUN SLUICE_MARK
        . "$spool/$1.run"
      ) 2>&1
      put "$1.code" "$?"
    } | pour "$1"
  } >>"$spool/$1.out"
  code=137
  read -r code <"$spool/$1.code"
  count_ooms
  if [ "$code" = 137 ] && [ "$ooms" -gt "$ooms_before" ]; then code="$code oom"; fi
  if [ -e "$spool/orphaned" ]; then code="$code orphaned"; fi
  put "$1.done" "$code"
}

# On a full disk what has ended waits until there is room; half a line of it would be taken for none.
put() {
  until echo "$2" >"$spool/$1"; do
    [ -d "$spool" ] || return
    sleep 1
  done 2>/dev/null
}

# A full disk ends cat, with a piece of output in its hands: that is said in the log as soon as it has room, and the task waits until then. A killed cat (above 128) stays dead.
pour() {
  until SLUICE_PIPE=$spool/$1: cat; do
    [ "$?" -le 128 ] && [ -d "$spool" ] || return
    until echo '[sluice] Output is missing here: the disk was full.'; do
      [ -d "$spool" ] || return
      sleep 1
    done
  done 2>/dev/null
}

# The engine's memory limit strikes tasks before it strikes the agent: raising one's own score needs no right.
launch() {
  { echo 800 >/proc/self/oom_score_adj; } 2>/dev/null
  if ! command -v "$1" >/dev/null 2>&1; then
    echo "$1: not found" >&2
    exit 127
  fi
  if [ "$has_setsid" ]; then exec setsid "$@"; fi
  exec "$@"
}

# cgroup v2, then v1. Without either (a process executor) nothing is counted.
count_ooms() {
  ooms=0
  for counter in /sys/fs/cgroup/memory.events /sys/fs/cgroup/memory/memory.oom_control; do
    [ -r "$counter" ] || continue
    while read -r key value; do
      if [ "$key" = oom_kill ]; then ooms=$value; fi
    done <"$counter"
  done
}

look() {
  jobs >/dev/null
  for file in "$spool"/*.run; do id=${file##*/} && take "${id%.run}"; done
  for file in "$spool"/*.kill; do id=${file##*/} && take_kill "${id%.kill}"; done
  for file in "$spool"/*.code; do id=${file##*/} && look_for_leftovers "${id%.code}"; done
  new_beat=''
  { read -r new_beat <"$spool/heartbeat"; } 2>/dev/null
  if [ "$new_beat" = "$beat" ]; then silent_ticks=$((silent_ticks + 1)); else silent_ticks=0; fi
  beat=$new_beat
  if [ "$silent_ticks" -ge "$orphan_ticks" ]; then
    true >"$spool/orphaned"
    end_all
  fi
}

# A task is over when its main process has ended. What it left behind and still holds its output open gets until the second tick, then is stopped.
look_for_leftovers() {
  is_id "$1" && [ ! -e "$spool/$1.done" ] || return 0
  if [ ! -e "$spool/$1.late" ]; then true >"$spool/$1.late"; return; fi
  [ -e "$spool/$1.later" ] && return
  true >"$spool/$1.later"
  stop "$1" 1 </dev/null &
}

# Returns when nothing of the run lives and its end is written.
stop() {
  end_tree "SLUICE_MARK=$spool/$1:" "$2"
  rounds=0
  while [ ! -e "$spool/$1.done" ] || [ -n "$tree" ]; do
    sleep 0.05
    kill_tree "SLUICE_MARK=$spool/$1:"
    rounds=$((rounds + 1))
    # An escaped process holds the pipe open: let go of it.
    if [ "$rounds" -gt 10 ]; then find_marked "SLUICE_PIPE=$spool/$1:" && signal KILL; fi
    if [ "$rounds" -gt 40 ]; then put "$1.done" 137; fi
  done
}

# TERM to the whole tree of a mark, after $2 seconds KILL.
end_tree() {
  find_tree "$1"
  signal TERM
  tenths=$(($2 * 10))
  while [ -n "$tree" ] && [ "$tenths" -gt 0 ]; do
    sleep 0.1
    tenths=$((tenths - 1))
    find_tree "$1"
  done
  kill_tree "$1"
}

# Stopped before killed, until a look finds nobody new: what is stopped cannot fork away from the KILL.
kill_tree() {
  stopped=
  find_tree "$1"
  while [ "$tree" != "$stopped" ]; do
    signal STOP
    stopped=$tree
    find_tree "$1"
  done
  signal KILL
}

signal() {
  # shellcheck disable=SC2086 # a list of pids
  if [ -n "$tree" ]; then kill -"$1" $tree 2>/dev/null; fi
}

# Everything that carries the mark in its environment, wherever setsid and double forks have put it, and every descendant of it.
find_tree() {
  find_marked "$1"
  [ -n "$tree" ] || return 0
  read_parents
  grown=
  while [ "$grown" != "$tree" ]; do
    grown=$tree
    for pair in $parents; do
      case " $tree" in *" ${pair%:*} "*) continue ;; esac
      case " $tree" in *" ${pair#*:} "*) tree="$tree${pair%:*} " ;; esac
    done
  done
}

# Without /proc (macOS) there is nothing to search: the pipe's end is all we wait for.
find_marked() {
  tree=
  for file in $(list_carriers "$1" 2>/dev/null); do
    file=${file#/proc/}
    tree="$tree${file%/environ} "
  done
}

list_carriers() {
  if [ "$greps_past_nul" ]; then
    grep -lF -e "$1" /proc/[0-9]*/environ
    return
  fi
  for file in /proc/[0-9]*/environ; do
    tr '\0' '\n' <"$file" | grep -qF -e "$1" && echo "$file"
  done
}

# $parents: "PID:PARENT " of every process. The name in field 2 may hold spaces and brackets, so the line is read from its last bracket on.
read_parents() {
  parents=
  for file in /proc/[0-9]*/stat; do
    line=
    { read -r line <"$file"; } 2>/dev/null
    pid=${line%% *}
    # shellcheck disable=SC2086
    set -- ${line##*) }
    if [ -n "$pid" ] && [ "$#" -gt 1 ]; then parents="$parents$pid:$2 "; fi
  done
}

# By the mark that all runs share: a task may have wiped the spool's record of them.
end_all() {
  end_tree "SLUICE_MARK=$spool/" 5
  sleep 0.1
  find_marked "SLUICE_PIPE=$spool/"
  signal KILL
  wait
  kill "$ear" $$
  exit
}

listen 3<&0 </dev/null | serve
