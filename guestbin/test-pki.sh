#!/bin/sh
# test-pki.sh: a certification authority for a scenario, in a folder that its hosts share.
#
#   test-pki.sh FOLDER root                      the root: root.crt
#   test-pki.sh FOLDER authority NAME            an authority that the root signs: NAME.crt
#   test-pki.sh FOLDER end NAME KIND [ISSUER]    NAME.p12, password foobar: key, certificate for the DNS name
#                                                NAME.example, root; ISSUER's certificate where it is not the root
#   test-pki.sh FOLDER revoke NAME               crl.pem, in which the root revokes it
#
# KIND: rsa, ecdsa, ed25519.

fail() {
    echo "test-pki.sh: $*" >&2
    exit 1
}

[ $# -ge 2 ] || fail "expecting FOLDER and what to do"
mkdir -p "$1" && cd "$1" || exit 1
action=$2
name=${3:-root}

# key KIND: a new key in $name.key.
key() {
    case $1 in
    rsa) set -- -algorithm RSA -pkeyopt rsa_keygen_bits:3072 ;;
    ecdsa) set -- -algorithm EC -pkeyopt ec_paramgen_curve:P-256 ;;
    ed25519) set -- -algorithm ED25519 ;;
    *) fail "unknown kind of key $1" ;;
    esac
    openssl genpkey "$@" -out "$name.key" 2>/dev/null || fail "openssl genpkey failed"
}

# certificate ISSUER EXTENSIONS: signs $name.key's request.
certificate() {
    printf '%b' "$2" >"$name.ext"
    openssl req -new -key "$name.key" -subj "/C=CA/O=Example/CN=$name" |
        openssl x509 -req -CA "$1.crt" -CAkey "$1.key" -days 30 -extfile "$name.ext" -out "$name.crt" 2>/dev/null ||
        fail "openssl x509 failed"
}

case $action in
root)
    key ecdsa
    openssl req -x509 -new -key root.key -subj "/C=CA/O=Example/CN=root" -days 30 -out root.crt || exit 1
    ;;
authority)
    key ecdsa
    certificate root 'basicConstraints=critical,CA:true\n'
    ;;
end)
    issuer=${5:-root}
    key "$4"
    certificate "$issuer" "subjectAltName=DNS:$name.example\nkeyUsage=digitalSignature\n"
    cat root.crt >"$name.chain"
    [ "$issuer" = root ] || cat "$issuer.crt" >>"$name.chain"
    openssl pkcs12 -export -in "$name.crt" -inkey "$name.key" -certfile "$name.chain" -name "$name" \
        -passout pass:foobar -out "$name.p12" || exit 1
    ;;
revoke)
    : >index
    echo 01 >crlnumber
    printf '[ca]\ndefault_ca=a\n[a]\ndatabase=index\ncrlnumber=crlnumber\ndefault_md=sha256\ndefault_crl_days=30\n' >ca.cnf
    # A list names its issuer's key (RFC 5280 section 5.2.1); strongSwan finds it by nothing else.
    printf 'crl_extensions=e\n[e]\nauthorityKeyIdentifier=keyid:always\n' >>ca.cnf
    openssl ca -config ca.cnf -keyfile root.key -cert root.crt -revoke "$name.crt" 2>/dev/null || fail "cannot revoke"
    openssl ca -config ca.cnf -keyfile root.key -cert root.crt -gencrl -out crl.pem 2>/dev/null || fail "no list"
    ;;
*) fail "unknown action $action" ;;
esac
