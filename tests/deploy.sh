#!/usr/bin/env bash
# Tries deploy/ in a fresh Debian: a root made by debootstrap, booted with its own systemd in a container. By hand, as root, on a machine with
# debootstrap and systemd-container; takes about two minutes. tests/deploy.sh [ARCHIVE.tar.gz]
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d /tmp/isocatalog-deploy.XXXXXX)
box=
finish() {
  local result=$?
  if [ -n "$box" ] && kill -0 "$box" 2>/dev/null; then
    kill -KILL "$(init_of_box)" 2>/dev/null || true
    wait "$box" 2>/dev/null || true
  fi
  rm -rf --one-file-system "$work"
  if [ "$result" -eq 0 ]; then echo "deploy: everything as it should be"; else echo "deploy: FAILED"; fi
  exit "$result"
}
trap finish EXIT
init_of_box() { ps -o pid= --ppid "$box" | tr -d ' '; }
inside() {
  nsenter -t "$(init_of_box)" -m -u -i -n -p -C -r -w env -i PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin HOME=/root bash -euo pipefail -c "cd /root; $1"
}
step() { echo "== $*"; }

archive=${1:-}
if [ -z "$archive" ]; then
  step "packing"
  archive=$work/isocatalog.tar.gz
  "$root/deploy/pack.sh" "$archive"
fi

step "a fresh Debian"
debootstrap --variant=minbase --include=systemd-sysv,libssl3,libstdc++6,ca-certificates,tzdata,curl bookworm "$work/root" > "$work/debootstrap.log" || {
  tail "$work/debootstrap.log"; exit 1; }
tar -C "$work/root/root" -xzf "$archive"
mv "$work/root/root"/isocatalog-* "$work/root/root/package"
cp /usr/lib/memtest86+/memtest86+x64.iso "$work/root/root/memtest.iso"
systemd-nspawn -q -D "$work/root" --register=no --keep-unit --private-network -b --console=pipe < /dev/null > "$work/boot.log" 2>&1 &
box=$!
for _ in $(seq 60); do
  sleep 1
  case $(inside 'systemctl is-system-running' 2>/dev/null || true) in running|degraded) break ;; esac
done

step "what is wrong is refused before anything is changed"
inside './package/install.sh --help | grep -q uninstall'
inside 'if ./package/install.sh --nonsense 2>/dev/null; then exit 1; fi; [ ! -e /opt/isocatalog ]'

step "install"
inside './package/install.sh --site ams --address ams.example.com --volume /srv/console-isos'
inside 'for i in $(seq 30); do isocatalog status >/dev/null 2>&1 && break; sleep 1; done; isocatalog status'
inside '[ "$(stat -c %U:%G:%a /etc/isocatalog/site.yaml)" = root:isocatalog:640 ]; [ "$(stat -c %U:%a /var/lib/isocatalog/keys)" = isocatalog:700 ]'
inside '[ "$(stat -c %U:%a /root/isocatalog-root-key.pem)" = root:600 ]; isocatalog status --json | grep -qv root-key-present'

inside 'cd /usr/local/share; for f in man/man1/isocatalog.1 bash-completion/completions/isocatalog zsh/site-functions/_isocatalog fish/vendor_completions.d/isocatalog.fish; do [ -s "$f" ]; [ "$(stat -c %a "$f")" = 644 ]; done; grep -q "^complete .* isocatalog" bash-completion/completions/isocatalog; grep -q "^.TH ISOCATALOG" man/man1/isocatalog.1'

step "an image, on both surfaces"
inside 'isocatalog add memtest.iso; cmp memtest.iso /srv/console-isos/memtest.iso'
inside 'curl -sf -o served "$(isocatalog ls --surface bmc --json | grep -o "http://[^\"]*\.iso" | head -1)"; cmp served memtest.iso'

step "again, as an upgrade"
inside './package/install.sh; for i in $(seq 30); do isocatalog ls >/dev/null 2>&1 && break; sleep 1; done; isocatalog ls --quiet | grep sha256'
inside '[ "$(systemctl is-active isocatalog)" = active ]'

step "an upgrade that does not take the configuration changes nothing"
inside 'before=$(systemctl show -p MainPID --value isocatalog); echo "nonsense: 1" >> /etc/isocatalog/site.yaml; if ./package/install.sh 2>/dev/null; then exit 1; fi
  [ "$(systemctl show -p MainPID --value isocatalog)" = "$before" ]; sed -i /nonsense/d /etc/isocatalog/site.yaml'

step "uninstall leaves what is not the program; a new install has it again"
inside './package/install.sh --uninstall; [ ! -e /opt/isocatalog ]; [ ! -e /usr/local/bin/isocatalog ]; [ -e /var/lib/isocatalog/keys/site-sign.pem ]; [ -e /srv/console-isos/memtest.iso ]'
inside './package/install.sh; for i in $(seq 30); do isocatalog ls >/dev/null 2>&1 && break; sleep 1; done; isocatalog ls --surface console --quiet | grep sha256; isocatalog status | grep "No drift"'
inside 'systemd-analyze security --no-pager isocatalog | tail -n 1'

step "a second site joins, as docs/install.md says"
inside 'systemctl stop isocatalog; mv /var/lib/isocatalog /var/lib/first; mv /etc/isocatalog /etc/first
  sed -i s:/var/lib/isocatalog:/var/lib/first: /etc/first/site.yaml
  ./package/install.sh --site nyc --address nyc.example.com --join | tee said
  isocatalog trust add-site /var/lib/isocatalog/join-request.json --config /etc/first/site.yaml --root-key /root/isocatalog-root-key.pem \
    --fingerprint "$(sed -n "s/^Fingerprint: *//p" said)" --out join.json
  install -m 644 join.json /var/lib/isocatalog/
  runuser -u isocatalog -- isocatalog join /var/lib/isocatalog/join.json
  systemctl enable --now isocatalog
  for i in $(seq 30); do isocatalog status >/dev/null 2>&1 && break; sleep 1; done; isocatalog status'
