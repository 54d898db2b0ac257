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

site='' address='' volume='' join='' from='' start=yes uninstall=''
here=$(cd "$(dirname "$0")" && pwd)
while [ $# -gt 0 ]; do
  case $1 in
    --site|--address|--volume|--from)
      [ $# -ge 2 ] || { usage >&2; exit 2; }
      case $1 in --site) site=$2 ;; --address) address=$2 ;; --volume) volume=$2 ;; --from) from=$2 ;; esac
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
  rm -rf "$prefix"
  for extra in $extras; do rm -f "/usr/local/share/$extra"; done
  if booted; then systemctl daemon-reload; fi
  say "removed. Left as they were: $data, $etc, surfaces, and the user isocatalog."
  say "To remove them too: rm -r $data $etc; userdel isocatalog"
  exit 0
fi

from=${from:-$here/app}
[ -e "$from/isocatalog.dll" ] || die "there is no published program in $from; see docs/install.md."

# Everything is looked at before anything is changed.
stage=$prefix.new
rm -rf "$stage"
trap 'rm -rf "$stage"' EXIT
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
  "$stage/app/isocatalog" check-config "$config" || die "version $version does not take $config. Nothing was changed."
fi

if ! getent passwd isocatalog >/dev/null; then
  useradd --system --user-group --no-create-home --home-dir "$data" --shell /usr/sbin/nologin isocatalog
  say "made the user isocatalog"
fi

rm -rf "$prefix.old"
if [ -e "$prefix" ]; then mv "$prefix" "$prefix.old"; fi
mv "$stage" "$prefix"
rm -rf "$prefix.old"
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
  systemctl restart isocatalog || { systemctl --no-pager status isocatalog || true; die "it did not start."; }
  say "isocatalog runs. See: isocatalog status"
fi
