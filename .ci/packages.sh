#!/bin/sh
# Install the given Debian packages that are missing, when we may; otherwise say which ones to install.
# --optional: those that can't be installed are named, and that is no failure.
set -eu
if [ "${1:-}" = --optional ]; then
  shift
  sh "$0" "$@" || echo "going on without these optional packages, or some of them: $*" >&2
  exit 0
fi
missing=""
for package in "$@"; do
  status=$(dpkg-query -W -f='${Status}' "$package" 2>/dev/null || true)
  case "$status" in "install ok installed") ;; *) missing="$missing $package" ;; esac
done
[ -n "$missing" ] || exit 0
if ! command -v apt-get >/dev/null 2>&1; then
  echo "not a Debian machine: make sure these (or their counterparts) are installed:$missing" >&2
  exit 0
fi
run=""
if [ "$(id -u)" -ne 0 ]; then
  if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then run="sudo"; else
    echo "these system packages are missing; install them, then run make again:" >&2
    echo "  sudo apt-get install$missing" >&2
    exit 1
  fi
fi
echo "installing system packages:$missing"
$run env DEBIAN_FRONTEND=noninteractive apt-get update -qq
# shellcheck disable=SC2086  # a list of words on purpose
$run env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $missing >/dev/null
