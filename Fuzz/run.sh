#!/bin/sh
# Builds a fuzz target and runs it: Fuzz/run.sh NAME [SECONDS]
#
# New inputs go to .build/fuzz/NAME.corpus; a crash is written to Fuzz/regressions/NAME, to be committed with its
# mending. What was found before is run first.
set -eu
# Swift's own backtrace program and libFuzzer both handle the signal of a crash: together they hang.
export SWIFT_BACKTRACE=enable=no
name=${1:?usage: Fuzz/run.sh NAME [SECONDS]}
seconds=${2:-60}
root=$(cd "$(dirname "$0")/.." && pwd)
binary=$("$root/Fuzz/build.sh" "$name")
mkdir -p "$root/.build/fuzz/$name.corpus" "$root/Fuzz/regressions/$name"
for found in "$root/Fuzz/regressions/$name"/*; do
    [ -e "$found" ] || continue
    "$binary" "$found"
done
exec "$binary" -max_total_time="$seconds" -max_len=4096 -timeout=5 -rss_limit_mb=1024 -print_final_stats=1 \
    -artifact_prefix="$root/Fuzz/regressions/$name/" "$root/.build/fuzz/$name.corpus" "$root/Fuzz/corpus/$name"
