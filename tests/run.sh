#!/usr/bin/env bash
# Builds everything and runs every test project, all at once. As root it first installs the Debian programs that our work is checked
# against; without them the tests that need one are skipped by name, or fail if CI=true. The last line is the sum over all projects.
set -uo pipefail
cd "$(dirname "$0")/.."

packages=(
  aria2 btrfs-progs chromium curl dosfstools e2fsprogs faketime fdisk fish gcc genisoimage gir1.2-govirt-1.0 groff grub-rescue-pc httpfs2 iperf3 iproute2 ipxe isolinux jq libc6-dev libnbd-bin man-db mandoc memtest86+
  mtools nbdkit openssl osinfo-db ovmf php-cli php-curl procps prometheus python3 python3-cryptography python3-gi python3-jsonschema python3-libtorrent python3-yaml qemu-block-extra
  qemu-system-x86 qemu-utils rsync seabios sqlite3 squashfs-tools strace syslinux-utils systemd transmission-cli transmission-daemon udftools util-linux xfsprogs xorriso zsh
)

install_counterparts() {
  local missing=()
  for package in "${packages[@]}"; do
    dpkg-query -W -f '${Status}' "$package" 2>/dev/null | grep -q 'ok installed' || missing+=("$package")
  done
  [ ${#missing[@]} -eq 0 ] && return
  if [ "$(id -u)" -ne 0 ]; then
    echo "Not root, so these are not installed, and the tests that need them are skipped: ${missing[*]}"
    return
  fi
  echo "Installing ${missing[*]}"
  # Programs are wanted, daemons are not: nothing that comes with a package may start by itself.
  local policy=/usr/sbin/policy-rc.d
  local made_policy=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' > "$policy" && chmod 755 "$policy" && made_policy=1
  fi
  apt-get update -qq && DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" > /dev/null
  local result=$?
  [ -n "$made_policy" ] && rm -f "$policy"
  return $result
}

logs=$(mktemp -d)
trap 'rm -rf "$logs"' EXIT

# Nothing is built from these packages, so they come while it is built.
install_counterparts > "$logs/install" 2>&1 &
install=$!

# Many processes are started, and none lives for long: what the runtime does for those that do only costs time here.
export DOTNET_TieredPGO=0 DOTNET_EnableWriteXorExecute=0
# One compiler for all projects, with the analyzers warm; it is not to stay when they are built.
dotnet build IsoCatalog.sln -c Release -nologo -v minimal -p:UseSharedCompilation=true
built=$?
dotnet build-server shutdown --vbcscompiler > /dev/null
wait "$install" || echo "Some packages could not be installed; the tests that need them say so." >> "$logs/install"
cat "$logs/install"
[ "$built" -eq 0 ] || { echo "0 passed, 1 failed"; exit 1; }
deploy/precompile.sh tests/IsoCatalog.IntegrationTests/bin/Release/net10.0

# All projects at once: those that open no socket need the processors that whole sites leave idle while they wait for each other.
declare -A running
trap 'kill "${running[@]}"' INT TERM
for project in tests/*Tests; do
  name=$(basename "$project")
  "$project/bin/Release/net10.0/$name" -noColor -ctrf "$logs/$name.ctrf" "$@" > "$logs/$name" 2>&1 &
  running[$name]=$!
  tail --pid=$! -n +1 -f "$logs/$name" | sed -u "s/^/$name: /" &
done

passed=0
failed=0
for name in "${!running[@]}"; do
  wait "${running[$name]}"
  status=$?
  summary=$(grep -E "^ *$name +Total: " "$logs/$name" | tail -n 1)
  number() { sed -nE "s/.*$1: ([0-9]+).*/\1/p" <<< "$summary"; }
  total=$(number Total) errors=$(number Errors) bad=$(number Failed) skipped=$(number Skipped) not_run=$(number 'Not Run')
  if [ -z "$total" ]; then
    echo "$name ended without a summary (exit code $status)."
    failed=$((failed + 1))
    continue
  fi
  bad=$((bad + errors))
  # Whatever made a run end badly counts, even if no test says that it failed.
  [ "$status" -ne 0 ] && [ "$bad" -eq 0 ] && bad=1
  passed=$((passed + total - bad - skipped - ${not_run:-0}))
  failed=$((failed + bad))
  [ "$skipped" -gt 0 ] && echo "$name: $skipped skipped"
done
wait

# What a run costs is in few tests. Without jq nothing is said of it.
jq -r '.results.tests[] | select(.duration > 15000) | "\(.duration / 1000 | round) s  \(.name)"' "$logs"/*.ctrf 2> /dev/null | sort -rn | head -n 15

# Once more where the end of a long log is all that somebody sees.
grep -hE '\[(FAIL|SKIP)\]$' "$logs"/*Tests | sed -E 's/^ +//' | sort

echo "$passed passed, $failed failed"
[ "$failed" -eq 0 ]
