# Read by scripts/up and scripts/test: puts on this machine what they need, or says what is missing. POSIX sh.

say() { printf '%s\n' "-- $*"; }
fail() { printf '%s\n  %s\n' "$1" "$2" >&2; exit 1; }

# may_install: root, or sudo that asks for nothing, on a system with apt.
may_install() {
  command -v apt-get >/dev/null 2>&1 || return 1
  [ "$(id -u)" = 0 ] || sudo -n true 2>/dev/null
}
as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo -n "$@"; fi; }

# missing_packages PROGRAM:PACKAGE...: the packages whose programs are not there.
missing_packages() {
  for pair in "$@"; do
    PATH=$PATH:/usr/sbin:/sbin command -v "${pair%%:*}" >/dev/null 2>&1 || printf '%s ' "${pair#*:}"
  done
}

# need_packages PURPOSE PROGRAM:PACKAGE...: installs what is missing when it may; says so when it may not, and goes on.
need_packages() {
  purpose=$1; shift
  packages=$(missing_packages "$@")
  [ -n "$packages" ] || return 0
  if ! may_install; then
    say "Missing for $purpose: ${packages}— as root: apt-get install $packages"
    return 0
  fi
  if [ -t 0 ] && [ -t 1 ]; then
    printf '%s' "To install for $purpose: ${packages}[Enter is yes, n is no] "
    read -r answer
    case $answer in [nN]*) return 0 ;; esac
  fi
  say "Installing $packages"
  log=$(mktemp)
  as_root apt-get update >"$log" 2>&1 || true # an old list may do
  # shellcheck disable=SC2086
  if ! as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y --no-install-recommends $packages >>"$log" 2>&1; then
    tail -n 3 "$log" >&2
    say "Could not install $packages— the whole log is $log"
    return 0
  fi
  rm -f "$log"
}

need_node() {
  command -v node >/dev/null 2>&1 || fail 'Node.js is not installed.' 'Install version 20.19 or newer: https://nodejs.org'
  node -e 'const [a, b] = process.versions.node.split(".").map(Number); process.exit(a > 20 || (a === 20 && b >= 19) ? 0 : 1)' ||
    fail "Node.js is $(node --version), which is too old." 'Install version 20.19 or newer: https://nodejs.org'
  command -v git >/dev/null 2>&1 || need_packages 'git push' git:git
  command -v git >/dev/null 2>&1 || fail 'git is not installed.' 'Install it: apt-get install git, or brew install git'
}

# need_modules: node_modules as the lockfile says. npm notes there which lockfile it installed from.
need_modules() {
  if [ -f node_modules/.package-lock.json ] && [ ! package-lock.json -nt node_modules/.package-lock.json ]; then return 0; fi
  say 'Installing what package-lock.json names (npm ci)'
  npm ci --no-audit --no-fund --loglevel=error ||
    fail 'npm could not install what package-lock.json names.' 'Its own words above say why. Behind a proxy that inspects TLS: export NODE_EXTRA_CA_CERTS=/path.pem'
  touch node_modules/.package-lock.json
}

docker_answers() { docker version >/dev/null 2>&1; }

# need_docker: starts an engine that is installed and not running. Never stops one.
need_docker() {
  if docker_answers; then return 0; fi
  command -v dockerd >/dev/null 2>&1 || return 0 # macOS and others: Docker Desktop is started by hand
  if [ "$(id -u)" != 0 ] && ! sudo -n true 2>/dev/null; then
    say 'Docker does not answer; start it (systemctl start docker) and see that you may use it (group docker)'
    return 0
  fi
  say 'Starting Docker'
  if [ -d /run/systemd/system ]; then
    as_root systemctl start docker || true
  else
    forget_dead_engine
    as_root sh -c 'setsid dockerd >/var/log/sluice-dockerd.log 2>&1 </dev/null &'
  fi
  turns=0
  until docker_answers || [ $turns -ge 60 ]; do
    sleep 0.5
    turns=$((turns + 1))
  done
  if docker_answers; then return 0; fi
  say 'Docker did not start within 30 s. What it said last (journalctl -u docker, or /var/log/sluice-dockerd.log):'
  as_root sh -c 'tail -n 1 /var/log/sluice-dockerd.log' 2>/dev/null || true
}

# A docker.pid that was left behind keeps dockerd from starting once its number belongs to another process.
forget_dead_engine() {
  for file in /var/run/docker.pid /run/docker/containerd/containerd.pid; do
    [ -f "$file" ] || continue
    pid=$(cat "$file")
    case $(cat "/proc/$pid/comm" 2>/dev/null) in
      dockerd | containerd) ;;
      *) as_root rm -f "$file" ;;
    esac
  done
}
