#!/bin/sh
# Publishes the program and packs what install.sh needs into one archive: deploy/pack.sh [--without-runtime] [OUTPUT.tar.gz]
set -eu
root=$(cd "$(dirname "$0")/.." && pwd)
runtime=yes
if [ "${1:-}" = --without-runtime ]; then runtime=; shift; fi
version=$(sed -n 's:.*<Version>\(.*\)</Version>.*:\1:p' "$root/Directory.Build.props")
name=isocatalog-$version-linux-$(uname -m)
output=${1:-$name.tar.gz}
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
mkdir "$work/$name"
dotnet publish "$root/src/IsoCatalog.Appliance" -c Release -nologo -v quiet -o "$work/$name/app"
"$root/deploy/precompile.sh" "$work/$name/app"
rm -f "$work/$name/app"/*.pdb "$work/$name/app"/*.xml
# SQLite comes built for thirty kinds of systems, which are 50 MB.
find "$work/$name/app/runtimes" -mindepth 1 -maxdepth 1 ! -name linux-x64 ! -name linux-arm64 -exec rm -r {} +
if [ -n "$runtime" ]; then
  # The runtime that built it, without the SDK. It must be the machine's own kind (not musl for glibc).
  dotnet=$(dirname "$(readlink -f "$(command -v dotnet)")")
  mkdir -p "$work/$name/dotnet/shared"
  cp -R "$dotnet/host" "$work/$name/dotnet/"
  for framework in Microsoft.NETCore.App Microsoft.AspNetCore.App; do
    newest=$(cd "$dotnet/shared/$framework" && printf '%s\n' 10.* | sort -V | tail -n 1)
    mkdir "$work/$name/dotnet/shared/$framework"
    cp -R "$dotnet/shared/$framework/$newest" "$work/$name/dotnet/shared/$framework/"
  done
  cp "$dotnet/LICENSE.txt" "$dotnet/ThirdPartyNotices.txt" "$work/$name/dotnet/" 2>/dev/null || true
fi
cp -R "$root/deploy/install.sh" "$root/deploy/systemd" "$root/deploy/prometheus" "$root/deploy/grafana" "$root/docs" "$root/config" "$work/$name/"
tar -C "$work" --owner=0 --group=0 --numeric-owner -czf "$output" "$name"
echo "$output"
