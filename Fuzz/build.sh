#!/bin/sh
# Builds a libFuzzer target with AddressSanitizer into .build/fuzz/NAME: Fuzz/build.sh NAME
#
# Each module is compiled whole, with the package's name (so that `package` declarations are seen across modules) and
# with checks on (-O, not -Ounchecked): a trap is a finding. It is no part of the package, so that nobody needs a
# sanitizer to build swand. A module that is newer than its sources is not compiled again.
set -eu

usage="usage: Fuzz/build.sh message|configuration|engine|fragments|certificates|secrets|control|streams|capture"
name=${1:?$usage}
root=$(cd "$(dirname "$0")/.." && pwd)
engine="NetAddress IKEWire IKECrypto IKEModel"
# The modules that the target needs, lowest first, and the files of Fuzz/Checks with what it holds to.
case $name in
message) modules="NetAddress IKEWire" checks=MessageChecks ;;
capture) modules="NetAddress CaptureFile" checks=CaptureChecks ;;
certificates) modules=IKECrypto checks=CertificateChecks ;;
# Of these two only what stands for itself.
control) modules=Control checks=ControlChecks ;;
streams) modules=Daemon checks=StreamChecks ;;
fragments) modules="$engine IKEEngine" checks=FragmentChecks ;;
engine) modules="$engine DataPlane IKEEngine EngineSimulator" checks=EngineChecks ;;
configuration) modules="$engine DataPlane DialectKit PlutoDialect" checks=ConfigurationChecks ;;
secrets)
    modules="$engine DataPlane DialectKit LineGrammars PlutoDialect CharonDialect"
    checks="SecretsChecks PlutoSecretsChecks CharonSecretsChecks"
    ;;
*)
    echo "$usage" >&2
    exit 2
    ;;
esac
case $modules in *IKECrypto*) libraries=-lcrypto ;; *) libraries= ;; esac

out=$root/.build/fuzz
mkdir -p "$out/modules"

compile="swiftc -swift-version 6 -package-name swantest -parse-as-library -O -g -wmo -sanitize=fuzzer,address
    -enable-upcoming-feature ExistentialAny -enable-upcoming-feature InternalImportsByDefault
    -enable-upcoming-feature MemberImportVisibility -I $out/modules
    -Xcc -fmodule-map-file=$root/Sources/COpenSSL/module.modulemap"

objects= changed=
for module in $modules; do
    sources=$(find "$root/Sources/$module" -name '*.swift' | sort)
    case $module in
    Control) sources=$root/Sources/Control/ControlMessage.swift ;;
    Daemon) sources=$root/Sources/Daemon/StreamFrames.swift ;;
    esac
    object=$out/modules/$module.o
    objects="$objects $object"
    # shellcheck disable=SC2086 # the files are words
    if [ -z "$changed" ] && [ -e "$object" ] && [ -z "$(find $sources "$0" -newer "$object")" ]; then continue; fi
    changed=yes
    # shellcheck disable=SC2086 # the options and the files are words
    $compile -module-name "$module" -emit-module -emit-module-path "$out/modules/$module.swiftmodule" \
        -c -o "$object" $sources
done
files=
for check in $checks; do files="$files $root/Fuzz/Checks/$check.swift"; done
# shellcheck disable=SC2086
$compile -D "FUZZ_$name" -module-name "Fuzz_$name" -c -o "$out/modules/Fuzz_$name.o" "$root/Fuzz/Entry.swift" $files
# The linker warns about sanitizer symbols of the toolchain's own; only its exit status counts.
# shellcheck disable=SC2086
swiftc -sanitize=fuzzer,address -o "$out/$name" "$out/modules/Fuzz_$name.o" $objects $libraries \
    2>"$out/$name.link.log" || {
    cat "$out/$name.link.log" >&2
    exit 1
}
echo "$out/$name"
