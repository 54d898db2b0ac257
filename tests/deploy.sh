#!/usr/bin/env bash
# Tries deploy/ and docs/install.md on three fresh Debians: roots made by debootstrap, each booted with its own systemd in a container, on a network of their own. The
# commands of the page are run as they stand there. By hand, as root, on a machine with debootstrap, systemd-container, iproute2 and memtest86+; takes some minutes.
#   tests/deploy.sh [ARCHIVE.tar.gz [EARLIER.tar.gz]]
# ARCHIVE: what deploy/pack.sh packs of this checkout. EARLIER: the version that is upgraded; of the commit of tests/released.commit. BASE=FOLDER: a root that was made before.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d /tmp/isocatalog-deploy.XXXXXX)
net=isocatalog-deploy-$$
declare -A box
finish() {
  local result=$?
  set +e
  for site in "${!box[@]}"; do
    [ "$result" -eq 0 ] || { echo "-- the journal of $site"; inside "$site" 'journalctl -u isocatalog --no-pager -o short-iso | tail -n 40'; }
    kill -KILL "$(init_of "$site")"
    wait "${box[$site]}"
  done 2>/dev/null
  ip netns del "$net" 2>/dev/null
  rm -rf --one-file-system "$work"
  if [ "$result" -eq 0 ]; then echo "deploy: everything as it should be"; else echo "deploy: FAILED"; fi
  exit "$result"
}
trap finish EXIT
step() { echo "== $*"; }
init_of() { ps -o pid= --ppid "${box[$1]}" | tr -d ' '; }
# inside SITE COMMANDS: in the folder where the archive was unpacked, as an operator who is root.
inside() {
  nsenter -t "$(init_of "$1")" -m -u -i -n -p -C -r -w env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root bash -euo pipefail -c "cd /root/isocatalog-*/ 2>/dev/null || cd /root; $2"
}
# The commands of the page in the Nth block of shell under a heading. What differs at every site is put in by sed.
page() {
  awk -v heading="## $1" -v wanted="$2" '
    /^## / { here = ($0 == heading) }
    here && /^```sh( .*)?$/ { block++; inside = 1; next }
    /^```/ { inside = 0 }
    here && inside && block == wanted { sub(/ +#.*/, ""); print }' "$root/docs/install.md" | grep . || { echo "docs/install.md has no such commands: $1, block $2" >&2; exit 1; }
}
eventually() {
  for _ in $(seq 90); do
    if inside "$1" "$2" > "$work/last" 2>&1; then return 0; fi
    sleep 1
  done
  echo "$1: it was not so within 90 s: $2" >&2
  cat "$work/last" >&2
  return 1
}
earlier_archive() {
  mkdir "$work/earlier"
  git -c "safe.directory=$root" -C "$root" archive "$(cat "$root/tests/released.commit")" | tar -x -C "$work/earlier"
  "$work/earlier/deploy/pack.sh" "$1"
}

archive=${1:-$work/isocatalog.tar.gz}
earlier=${2:-$work/earlier.tar.gz}
[ -e "$archive" ] || { step "packing this version"; "$root/deploy/pack.sh" "$archive"; }
[ -e "$earlier" ] || { step "packing the version that was released last"; earlier_archive "$earlier"; }

if [ -z "${BASE:-}" ]; then
  step "a fresh Debian"
  BASE=$work/base
  debootstrap --variant=minbase --include=systemd-sysv,libssl3,libstdc++6,ca-certificates,tzdata,curl bookworm "$BASE" > "$work/debootstrap.log" || { tail "$work/debootstrap.log"; exit 1; }
fi

step "three machines on one network"
ip netns add "$net"
ip -n "$net" link add bridge type bridge
ip -n "$net" link set bridge up
number=0
for site in ams nyc msk; do
  number=$((number + 1))
  cp -a "$BASE" "$work/$site"
  cp "$archive" "$work/$site/root/isocatalog.tar.gz"
  cp /usr/lib/memtest86+/memtest86+x64.iso "$work/$site/root/memtest.iso"
  echo "$site" > "$work/$site/etc/hostname"
  printf '127.0.0.1 localhost\n192.0.2.1 ams.example.com\n192.0.2.2 nyc.example.com\n192.0.2.3 msk.example.com\n' > "$work/$site/etc/hosts"
  systemd-nspawn -q -D "$work/$site" -M "$site" --register=no --keep-unit --private-network -b --console=pipe < /dev/null > "$work/$site.log" 2>&1 &
  box[$site]=$!
  for _ in $(seq 60); do
    sleep 1
    case $(inside "$site" 'systemctl is-system-running' 2>/dev/null || true) in running|degraded) break ;; esac
  done
  ip -n "$net" link add "to-$site" type veth peer name eth0 netns "$(init_of "$site")"
  ip -n "$net" link set "to-$site" master bridge up
  nsenter -t "$(init_of "$site")" -n sh -c "ip link set lo up; ip address add 192.0.2.$number/24 dev eth0; ip link set eth0 up"
done

step "what is wrong is refused before anything is changed"
inside ams 'tar xzf isocatalog.tar.gz; isocatalog-*/install.sh --help | grep -q uninstall; if isocatalog-*/install.sh --nonsense 2>/dev/null; then exit 1; fi; [ ! -e /opt/isocatalog ]; rm -r isocatalog-*/'

step "the first site, as docs/install.md says; the last of these commands is the first one after the start"
inside ams "$(page 'The first site' 1)"
inside ams '[ "$(stat -c %U:%G:%a /etc/isocatalog/site.yaml)" = root:isocatalog:640 ]; [ "$(stat -c %U:%a /var/lib/isocatalog/keys)" = isocatalog:700 ]; [ "$(stat -c %U:%a /root/isocatalog-root-key.pem)" = root:600 ]'
inside ams 'mkdir -p /media/usb; mv /root/isocatalog-root-key.pem /media/usb/'
inside ams "$(page 'The first site' 2)"

inside ams 'cd /usr/local/share; for f in man/man1/isocatalog.1 bash-completion/completions/isocatalog zsh/site-functions/_isocatalog fish/vendor_completions.d/isocatalog.fish; do [ -s "$f" ]; [ "$(stat -c %a "$f")" = 644 ]; done; grep -q "^complete .* isocatalog" bash-completion/completions/isocatalog; grep -q "^.TH ISOCATALOG" man/man1/isocatalog.1'
for site in nyc msk; do
  step "$site joins, as docs/install.md says"
  inside "$site" 'tar xzf isocatalog.tar.gz'
  inside "$site" "$(page 'The second and the third site' 1 | sed "s/nyc/$site/g")" | tee "$work/said"
  fingerprint=$(sed -n 's/^Fingerprint: *//p' "$work/said")
  cp "$work/$site/var/lib/isocatalog/join-request.json" "$work/ams/root/"
  inside ams "cd /root; $(page 'The second and the third site' 2 | sed "s/3f2a-\.\.\./$fingerprint/")"
  mv "$work/ams/root/join.json" "$work/$site/root/"
  inside "$site" "cd /root; $(page 'The second and the third site' 3)"
done
for site in ams nyc msk; do eventually "$site" 'isocatalog status > /root/seen; grep -q ams /root/seen; grep -q nyc /root/seen; grep -q msk /root/seen'; done

step "an image, in one list at three sites"
inside ams 'isocatalog add /root/memtest.iso; cmp /root/memtest.iso /srv/console-isos/memtest.iso'
for site in nyc msk; do eventually "$site" 'isocatalog ls --surface console --quiet | grep -q sha256 && cmp /root/memtest.iso /srv/console-isos/memtest.iso'; done

step "ready when systemctl says so, ten times"
inside nyc 'for i in $(seq 10); do systemctl restart isocatalog; isocatalog ls --surface console --quiet | grep -q sha256; done'
inside nyc 'systemctl show -p StatusText --value isocatalog | grep "Site nyc answers"'

step "check-config as root finds what the service cannot read; an upgrade is refused, and the site runs on"
untouched='before=$(systemctl show -p MainPID --value isocatalog); '
refused='if isocatalog check-config /etc/isocatalog/site.yaml; then exit 1; fi; if ./install.sh; then exit 1; fi; [ "$(systemctl show -p MainPID --value isocatalog)" = "$before" ]; isocatalog ls --socket /var/lib/isocatalog/run/isocatalog.sock --surface console --quiet | grep -q sha256; '
inside nyc "$untouched chown root /var/lib/isocatalog/keys/site-sign.pem; $refused chown isocatalog /var/lib/isocatalog/keys/site-sign.pem"
inside nyc "$untouched echo 'nonsense: 1' >> /etc/isocatalog/site.yaml; $refused sed -i /nonsense/d /etc/isocatalog/site.yaml"
if inside nyc '[ -e /run/dbus/system_bus_socket ]'; then
  # Only behind the walls of the unit is a key in /home out of reach.
  inside nyc 'mkdir -p /home/keys; openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 30 -subj /CN=nyc -keyout /home/keys/key.pem -out /home/keys/certificate.pem 2>/dev/null; chown -R isocatalog /home/keys; chmod 600 /home/keys/key.pem'
  inside nyc "$untouched cp -a /etc/isocatalog/site.yaml /root/; echo 'tls: { api: { certificate: /home/keys/certificate.pem, key: /home/keys/key.pem } }' >> /etc/isocatalog/site.yaml; $refused cp -a /root/site.yaml /etc/isocatalog/site.yaml"
fi

step "a start that cannot be is not tried in a loop, and the journal says why as an error"
inside nyc 'echo "nonsense: 1" >> /etc/isocatalog/site.yaml; if systemctl restart isocatalog 2>/dev/null; then exit 1; fi; sleep 5; [ "$(systemctl show -p NRestarts --value isocatalog)" = 0 ]; systemctl is-failed isocatalog
  journalctl -u isocatalog -p err --no-pager -o cat | grep "nonsense"; sed -i /nonsense/d /etc/isocatalog/site.yaml; systemctl start isocatalog; isocatalog status >/dev/null'
inside nyc 'systemctl stop isocatalog; chmod 755 /var/lib/isocatalog/store; systemctl start isocatalog; journalctl -u isocatalog -p warning --no-pager -o cat | grep /var/lib/isocatalog/store; if journalctl -u isocatalog --no-pager -o cat | grep "^<[0-9]>"; then exit 1; fi'

step "the earlier version, with an image and a lease"
cp "$earlier" "$work/msk/root/earlier.tar.gz"
inside msk './install.sh --uninstall; rm -r /var/lib/isocatalog /etc/isocatalog /srv/console-isos; mkdir /root/earlier; tar -C /root/earlier --strip-components=1 -xzf /root/earlier.tar.gz; /root/earlier/install.sh --site old --volume /srv/console-isos'
eventually msk 'isocatalog status'
inside msk 'cp /root/memtest.iso /srv/; isocatalog add /srv/memtest.iso --name held.iso; isocatalog ls --quiet | grep sha256'
# lease NAME: takes one; leases: those that stand, by their holders.
api='api() { curl -sf --unix-socket /var/lib/isocatalog/run/isocatalog.sock -H "Content-Type: application/json" "http://localhost/api/v1/$@"; }; leases() { api leases | grep -o "\"client\":\"[^\"]*\"" | sort | tr "\n" " "; }; lease() { api leases -d "{\"image\":\"held.iso\",\"surface\":\"console\",\"client\":\"$1\",\"ttl\":86400}"; }; '
inside msk "$api lease early; leases"

step "an upgrade that fails: the database is migrated, and then the program ends; the earlier version goes on with its list and its lease"
inside msk 'cp -a . /root/broken; rm /root/broken/app/Quartz.dll
  if /root/broken/install.sh > /root/said 2>&1; then cat /root/said; exit 1; fi; cat /root/said; grep -q "went back" /root/said; grep -q "No lease is forgotten" /root/said'
inside msk "$api"'[ "$(leases)" = "\"client\":\"early\" " ]; isocatalog ls --surface console --quiet | grep sha256; [ "$(systemctl is-active isocatalog)" = active ]; isocatalog status | grep "No drift"; cmp /root/memtest.iso /srv/console-isos/held.iso; [ ! -e /opt/isocatalog.old ]'

step "an upgrade that works: nothing is lost, and the first command finds the site"
inside msk "$api"'./install.sh; isocatalog ls --surface console --quiet | grep sha256; [ "$(leases)" = "\"client\":\"early\" " ]; isocatalog status | grep "No drift"; [ ! -e /opt/isocatalog.old ]; ls -l /var/lib/isocatalog/isocatalog.db.*'

step "going back by hand, as docs/install.md says: what is forgotten is named, and what was removed counts as held"
inside msk "$api lease late; isocatalog rm --yes held.iso; $(page 'Going back' 1) | tee /root/said; grep -q 'late on console' /root/said; /root/earlier/install.sh"
eventually msk 'isocatalog status'
inside msk "$api"'[ "$(leases)" = "\"client\":\"early\" " ]; isocatalog status | grep database-lost; cmp /root/memtest.iso /srv/console-isos/held.iso'

step "forth again"
inside msk "$api"'./install.sh; [ "$(leases)" = "\"client\":\"early\" " ]; isocatalog status | grep database-lost; isocatalog confirm database-lost; cmp /root/memtest.iso /srv/console-isos/held.iso'

step "uninstall leaves what is not the program; a new install has it again"
inside nyc './install.sh --uninstall; [ ! -e /opt/isocatalog ]; [ ! -e /usr/local/bin/isocatalog ]; [ -e /var/lib/isocatalog/keys/site-sign.pem ]; [ -e /srv/console-isos/memtest.iso ]'
inside nyc './install.sh; isocatalog ls --surface console --quiet | grep sha256'
inside nyc 'systemd-analyze security --no-pager isocatalog | tail -n 1'
