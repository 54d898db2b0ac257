#!/bin/sh
# Installs or upgrades IsoCatalog on this machine. Run it again at any time: what is there and right stays as it is.
set -eu

usage() {
  cat <<'HELP'
usage: install.sh [OPTIONS]            install, or upgrade what is installed
       install.sh --uninstall          remove program, unit and command; data, configuration and user stay

  --site ID          the site's id in a first configuration, such as ams
  --address HOST     the name or address that other sites reach this one by
  --volume FOLDER    set up a console volume in this folder
  --bmc-allow NETS   let BMCs in these networks mount by URL, such as 10.100.0.0/16; several with commas
  --bmc-address HOST the address of this machine that BMCs reach (default: that of --address)
  --join             do not found a fleet; write a request to join another's (needs --address)
  --from FOLDER      the published program (default: app/ beside this script)
  --no-start         neither enable nor start the service
  --help             this text

A first configuration is written to /etc/isocatalog/site.yaml unless there is one. Exit codes: 0 done, 1 something is missing or failed,
2 the command line is wrong.
HELP
}

die() { echo "install.sh: $*" >&2; exit 1; }
say() { echo "install.sh: $*"; }

site='' address='' volume='' bmc_allow='' bmc_address='' join='' from='' start=yes uninstall=''
here=$(cd "$(dirname "$0")" && pwd)
while [ $# -gt 0 ]; do
  case $1 in
    --site|--address|--volume|--bmc-allow|--bmc-address|--from)
      [ $# -ge 2 ] || { usage >&2; exit 2; }
      case $1 in
        --site) site=$2 ;; --address) address=$2 ;; --volume) volume=$2 ;; --from) from=$2 ;;
        --bmc-allow) bmc_allow=${bmc_allow:+$bmc_allow,}$2 ;; --bmc-address) bmc_address=$2 ;;
      esac
      shift ;;
    --join) join=yes ;;
    --no-start) start= ;;
    --uninstall) uninstall=yes ;;
    --help|-h) usage; exit 0 ;;
    *) echo "install.sh: what is $1?" >&2; usage >&2; exit 2 ;;
  esac
  shift
done
[ "$(id -u)" -eq 0 ] || die "run it as root."

prefix=/opt/isocatalog
etc=/etc/isocatalog
config=$etc/site.yaml
data=/var/lib/isocatalog
unit=/etc/systemd/system/isocatalog.service
command=/usr/local/bin/isocatalog
# Where man and the shells look: the manual page, and what completes the words of the command.
extras='man/man1/isocatalog.1 bash-completion/completions/isocatalog zsh/site-functions/_isocatalog fish/vendor_completions.d/isocatalog.fish'
# In a chroot or a container without systemd there is nothing to talk to; files are put in place all the same.
booted() { [ -d /run/systemd/system ]; }

if [ -n "$uninstall" ]; then
  if booted && [ -e "$unit" ]; then systemctl disable --now isocatalog 2>/dev/null || true; fi
  rm -f "$unit" /etc/systemd/system/multi-user.target.wants/isocatalog.service "$command"
  rm -rf "$prefix" "$prefix.old" "$prefix.new"
  for extra in $extras; do rm -f "/usr/local/share/$extra"; done
  if booted; then systemctl daemon-reload; fi
  say "removed. Left as they were: $data, $etc, surfaces, and the user isocatalog."
  say "To remove them too: rm -r $data $etc; userdel isocatalog"
  exit 0
fi

from=${from:-$here/app}
[ -e "$from/isocatalog.dll" ] || die "there is no published program in $from; see docs/install.md."

# The old program stays in $prefix.old until the new one has become ready; whatever ends this script before goes back to it.
back= ran=
answers() { "$command" status >/dev/null 2>&1; }
go_back() {
  set +e
  back=
  if booted; then systemctl stop isocatalog 2>/dev/null; fi
  # What the new version made of the database is undone where the old one cannot read it: then, and only then, it was copied first.
  if [ -n "$(find "$data" -maxdepth 1 -name 'isocatalog.db.[0-9]*' -newer "$prefix.old/before" 2>/dev/null)" ]; then
    "$prefix/app/isocatalog" database return --config "$config" || say "the database stays as the new version left it; see docs/install.md, \"Going back\"."
  fi
  rm -rf "$prefix"
  mv "$prefix.old" "$prefix"
  mv -f "$prefix/before/command" "$command"
  if [ -e "$prefix/before/unit" ]; then mv -f "$prefix/before/unit" "$unit"; fi
  rm -rf "$prefix/before"
  if booted; then systemctl daemon-reload; fi
  if [ -z "$ran" ]; then say "went back to the version that was installed."; return; fi
  systemctl reset-failed isocatalog 2>/dev/null
  systemctl start isocatalog
  for _ in $(seq 60); do
    if answers; then say "went back to the version that was installed; it runs again, with its list and leases."; return; fi
    sleep 1
  done
  say "went back to the version that was installed, but it does not answer. See: journalctl -u isocatalog -p warning"
}
finish() {
  result=$?
  trap '' HUP INT TERM
  rm -rf "$stage"
  if [ -n "$back" ]; then go_back; fi
  exit "$result"
}
# Also one second after it said so: what fails at once has not become ready.
becomes_ready() {
  systemctl restart isocatalog || return 1
  pid=$(systemctl show -p MainPID --value isocatalog)
  sleep 1
  answers && [ "$(systemctl show -p MainPID --value isocatalog)" = "$pid" ]
}

# Everything is looked at before anything is changed.
stage=$prefix.new
rm -rf "$stage"
if [ -e "$prefix.old" ]; then
  say "an earlier run was cut off; the version from before it is the one to go back to"
  rm -rf "$prefix"
  mv "$prefix.old" "$prefix"
fi
trap finish EXIT
trap 'exit 1' HUP INT TERM
mkdir -p "$stage"
cp -R "$from" "$stage/app"
if [ -d "$here/dotnet" ]; then cp -R "$here/dotnet" "$stage/dotnet"; fi
mkdir -p "$stage/share"
for part in docs config prometheus grafana; do
  if [ -d "$here/$part" ]; then cp -R "$here/$part" "$stage/share/$part"; fi
done
chmod -R u=rwX,go=rX "$stage"
chmod 755 "$stage/app/isocatalog"
if [ -d "$stage/dotnet" ]; then DOTNET_ROOT=$stage/dotnet; export DOTNET_ROOT; fi
version=$("$stage/app/isocatalog" --version 2>&1) || die "the program does not run here:
$version
It needs libssl 3, libstdc++, CA certificates and time zones (Debian: libssl3 libstdc++6 ca-certificates tzdata;
EL: openssl-libs libstdc++ ca-certificates tzdata)$([ -d "$stage/dotnet" ] || echo ', and the ASP.NET Core runtime 10.0')."
if [ -e "$config" ]; then
  # As the service's user, who has to be able to read it.
  if getent group isocatalog >/dev/null; then chown root:isocatalog "$config" && chmod 0640 "$config"; fi
  "$stage/app/isocatalog" check-config "$config" || die "version $version does not take $config. Nothing was changed."
fi

if ! getent passwd isocatalog >/dev/null; then
  useradd --system --user-group --no-create-home --home-dir "$data" --shell /usr/sbin/nologin isocatalog
  say "made the user isocatalog"
fi

if booted && systemctl is-active --quiet isocatalog; then ran=yes; fi
if [ -e "$prefix" ] && [ -e "$command" ]; then
  if [ ! -e "$prefix/before" ]; then
    mkdir "$prefix/before"
    if [ -e "$unit" ]; then cp "$unit" "$prefix/before/unit"; fi
    cp -P "$command" "$prefix/before/command"
  fi
  mv "$prefix" "$prefix.old"
  back=yes
fi
rm -rf "$prefix"
mv "$stage" "$prefix"
mkdir -p "$(dirname "$command")"
if [ -d "$prefix/dotnet" ]; then
  DOTNET_ROOT=$prefix/dotnet
  cat > "$command.new" <<WRAP
#!/bin/sh
DOTNET_ROOT=$prefix/dotnet exec $prefix/app/isocatalog "\$@"
WRAP
  chmod 755 "$command.new"
else
  ln -sf "$prefix/app/isocatalog" "$command.new"
fi
mv -f "$command.new" "$command"
for extra in $extras; do
  (umask 022; mkdir -p "/usr/local/share/${extra%/*}")
  case $extra in man/*) set -- man ;; *) set -- completion "${extra%%[-/]*}" ;; esac
  "$command" "$@" > "/usr/local/share/$extra.new"
  chmod 644 "/usr/local/share/$extra.new"
  mv -f "/usr/local/share/$extra.new" "/usr/local/share/$extra"
done
say "installed version $version in $prefix"

install -d -o root -g isocatalog -m 0750 "$etc"
install -d -o isocatalog -g isocatalog -m 0750 "$data"
if [ ! -e "$config" ]; then
  [ -n "$site" ] || die "there is no $config yet: give --site ID (and --address HOST, --volume FOLDER, --join), or write one and run this again."
  # The root key lies where the service cannot read it, until somebody takes it away.
  set -- init --config "$config" --site "$site" --data "$data"
  if [ -n "$address" ]; then set -- "$@" --address "$address"; fi
  if [ -n "$volume" ]; then set -- "$@" --volume "$volume"; fi
  if [ -n "$bmc_allow" ]; then set -- "$@" --bmc-allow "$bmc_allow"; fi
  if [ -n "$bmc_address" ]; then set -- "$@" --bmc-address "$bmc_address"; fi
  if [ -n "$join" ]; then set -- "$@" --join; else set -- "$@" --root-key /root/isocatalog-root-key.pem; fi
  "$command" "$@"
  chown -R isocatalog:isocatalog "$data"
  if [ -n "$volume" ]; then chown isocatalog:isocatalog "$volume"; fi
fi
chown root:isocatalog "$config"
chmod 0640 "$config"

mkdir -p "$(dirname "$unit")"
if ! cmp -s "$here/systemd/isocatalog.service" "$unit"; then
  install -m 0644 "$here/systemd/isocatalog.service" "$unit"
  say "wrote $unit"
fi

if ! booted; then
  back=
  rm -rf "$prefix.old"
  say "systemd does not run here, so nothing was started. There: systemctl enable --now isocatalog"
  exit 0
fi
systemctl daemon-reload
if [ -z "$start" ]; then
  say "not started. When it is configured: systemctl enable --now isocatalog"
elif [ -z "$(ls "$data/catalog/trust" 2>/dev/null)" ]; then
  say "not started, because this site is in no fleet yet. When join.json is here:"
  say "  install -m 644 join.json $data/ && runuser -u isocatalog -- isocatalog join $data/join.json && systemctl enable --now isocatalog"
else
  systemctl enable --quiet isocatalog
  becomes_ready || { systemctl --no-pager --lines=20 status isocatalog || true; die "version $version did not become ready."; }
  say "isocatalog runs. See: isocatalog status"
fi
back=
rm -rf "$prefix.old"
