#!/usr/bin/env bash
# Builds the version that was released last, the commit of tests/released.commit, from the history of this repository, and prints the path of its program. It is
# kept in artifacts/, so that only the first run takes a minute. Exit code 3: that commit is neither in this clone nor at its origin.
set -euo pipefail
root=$(cd "$(dirname "$0")/.." && pwd)
commit=$(cat "$root/tests/released.commit")
out=$root/artifacts/released/$commit
if [ ! -e "$out/isocatalog.dll" ]; then
  git() { command git -c "safe.directory=$root" -C "$root" "$@"; }
  # A clone need not have all of the history; what it lacks, its origin may still give.
  git cat-file -e "$commit^{commit}" 2>/dev/null || git fetch -q --depth=1 origin "$commit" >&2 2>/dev/null || {
    echo "The released version $commit is not in the history of $root: git fetch --unshallow." >&2
    exit 3
  }
  mkdir -p "$root/artifacts/released"
  work=$(mktemp -d "$root/artifacts/released/build.XXXXXX")
  trap 'rm -rf "$work"' EXIT
  mkdir "$work/source"
  git archive "$commit" | tar -x -C "$work/source"
  dotnet publish "$work/source/src/IsoCatalog.Appliance" -c Release -o "$work/program" -nologo -v quiet -p:RunAnalyzers=false -p:UseSharedCompilation=true >&2
  # Whoever else built it meanwhile has the same.
  mv -T "$work/program" "$out" 2>/dev/null || [ -e "$out/isocatalog.dll" ]
fi
echo "$out/isocatalog.dll"
