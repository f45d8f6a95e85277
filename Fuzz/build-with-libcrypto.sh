#!/bin/sh
# Builds a libFuzzer target with AddressSanitizer into .build/fuzz/NAME: Fuzz/build-with-libcrypto.sh configuration|engine
#
# Like Fuzz/build.sh, for modules that need libcrypto and lie in folders of folders. Each is compiled whole, with the
# package's name (so that `package` declarations are seen across modules) and with checks on: a trap is a finding.
set -eu

name=${1:?usage: Fuzz/build-with-libcrypto.sh configuration|engine}
case $name in
configuration) modules="DataPlane DialectKit PlutoDialect" entry=ConfigurationFuzzer.swift ;;
engine) modules="DataPlane IKEEngine EngineSimulator" entry=EngineFuzzer.swift ;;
*) exit 2 ;;
esac
root=$(cd "$(dirname "$0")/.." && pwd)
out=$root/.build/fuzz
mkdir -p "$out/modules"

compile="swiftc -swift-version 6 -package-name swantest -parse-as-library -O -g -wmo -sanitize=fuzzer,address
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault
    -enable-upcoming-feature MemberImportVisibility -I $out/modules
    -Xcc -fmodule-map-file=$root/Sources/COpenSSL/module.modulemap"

objects=
for module in NetAddress IKEWire IKECrypto IKEModel $modules; do
    # shellcheck disable=SC2046,SC2086 # the options and the files are words
    $compile -module-name "$module" -emit-module -emit-module-path "$out/modules/$module.swiftmodule" \
        -c -o "$out/modules/$module.o" $(find "$root/Sources/$module" -name '*.swift' | sort)
    objects="$objects $out/modules/$module.o"
done
# shellcheck disable=SC2086
$compile -module-name "Fuzz_$name" -c -o "$out/modules/Fuzz_$name.o" "$root/Fuzz/$entry"
# The linker warns about sanitizer symbols of the toolchain's own; only its exit status counts.
# shellcheck disable=SC2086
swiftc -sanitize=fuzzer,address -o "$out/$name" "$out/modules/Fuzz_$name.o" $objects -lcrypto \
    2>"$out/$name.link.log" || {
    cat "$out/$name.link.log" >&2
    exit 1
}
echo "$out/$name"
