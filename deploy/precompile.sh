#!/bin/sh
# Compiles the program in a folder to machine code, beside what it is, so that it is up sooner: deploy/precompile.sh FOLDER
# The compiler is the one of the SDK's own version, from NuGet. Where it cannot be had, the folder stays as it is and works all the same.
set -eu
folder=$1
root=$(cd "$(dirname "$0")/.." && pwd)
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cat > "$work/compiler.csproj" <<'PROJECT'
<Project Sdk="Microsoft.NET.Sdk">
  <PropertyGroup>
    <TargetFramework>net10.0</TargetFramework>
    <Package>Microsoft.NETCore.App.Crossgen2.$(NETCoreSdkPortableRuntimeIdentifier)</Package>
  </PropertyGroup>
  <ItemGroup>
    <PackageDownload Include="$(Package)" Version="[$(BundledNETCoreAppPackageVersion)]" />
  </ItemGroup>
  <Target Name="Where">
    <Message Importance="high" Text="compiler=$(NuGetPackageRoot)$(Package.ToLowerInvariant())/$(BundledNETCoreAppPackageVersion)/tools/crossgen2" />
    <Message Importance="high" Text="shared=$(NetCoreRoot)shared" />
    <Message Importance="high" Text="version=$(BundledNETCoreAppPackageVersion)" />
  </Target>
</Project>
PROJECT
if ! dotnet restore "$work/compiler.csproj" --configfile "$root/nuget.config" -v quiet > "$work/log" 2>&1; then
  echo "Not precompiled, the compiler cannot be had: $(tail -n 1 "$work/log")"
  exit 0
fi

said=$(dotnet msbuild "$work/compiler.csproj" -t:Where -nologo -v:normal)
value() { printf '%s\n' "$said" | sed -n "s/^ *$1=//p"; }
compiler=$(value compiler) shared=$(value shared) version=$(value version)
mkdir "$work/out"
for name in $(grep -o '[^/"]*\.dll"' "$folder/isocatalog.deps.json" | tr -d '"' | sort -u); do
  [ -e "$folder/$name" ] || continue
  "$compiler" "$folder/$name" -o "$work/out/$name" -O --targetos linux -r "$folder/*.dll" \
    -r "$shared/Microsoft.NETCore.App/$version/*.dll" -r "$shared/Microsoft.AspNetCore.App/$version/*.dll" > "$work/log" 2>&1 ||
    echo "Not precompiled: $name: $(head -n 1 "$work/log")"
done
for compiled in "$work/out"/*.dll; do
  if [ -e "$compiled" ]; then mv -f "$compiled" "$folder/"; fi
done
