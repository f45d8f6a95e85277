#!/bin/sh
# Builds a libFuzzer target with AddressSanitizer into .build/fuzz/NAME: Fuzz/build.sh NAME
#
# Each module is compiled whole, with the package's name (so that `package` declarations are seen across modules) and
# with checks on (-O, not -Ounchecked): a trap is a finding. It is no part of the package, so that nobody needs a
# sanitizer to build swand.
set -eu

usage="usage: Fuzz/build.sh message|configuration|engine"
name=${1:?$usage}
# Its modules need libcrypto, and lie in folders of folders.
case $name in configuration | engine) exec "$(dirname "$0")/build-with-libcrypto.sh" "$name" ;; esac
# The modules that the target needs, lowest first, and the file with its LLVMFuzzerTestOneInput.
case $name in
message) modules="NetAddress IKEWire" entry=MessageFuzzer.swift ;;
*)
    echo "$usage" >&2
    exit 2
    ;;
esac

root=$(cd "$(dirname "$0")/.." && pwd)
out=$root/.build/fuzz
mkdir -p "$out/modules"

compile="swiftc -swift-version 6 -package-name swantest -parse-as-library -O -g -wmo -sanitize=fuzzer,address
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault
    -enable-upcoming-feature MemberImportVisibility -I $out/modules"

objects=
for module in $modules; do
    # shellcheck disable=SC2086 # the options are words
    $compile -module-name "$module" -emit-module -emit-module-path "$out/modules/$module.swiftmodule" \
        -c -o "$out/modules/$module.o" "$root/Sources/$module"/*.swift
    objects="$objects $out/modules/$module.o"
done
# shellcheck disable=SC2086
$compile -module-name "Fuzz_$name" -c -o "$out/modules/Fuzz_$name.o" "$root/Fuzz/$entry"
# The linker warns about sanitizer symbols of the toolchain's own; only its exit status counts.
# shellcheck disable=SC2086
swiftc -sanitize=fuzzer,address -o "$out/$name" "$out/modules/Fuzz_$name.o" $objects 2>"$out/$name.link.log" || {
    cat "$out/$name.link.log" >&2
    exit 1
}
echo "$out/$name"
