/// The keys of ipsec.conf: what is known, by which other names, and what only comes with a side.
enum ConfigurationKeys {
    /// Of `config setup`.
    static let setup: Set<String> = [
        "audit-log", "crl-strict", "crlcheckinterval", "curl-iface", "curl-timeout", "ddos-ike-threshold",
        "ddos-mode", "dnssec-anchors", "dnssec-enable", "dnssec-rootkey-file", "drop-oppo-null", "dumpdir",
        "expire-lifetime", "expire-shunt-interval", "global-redirect", "global-redirect-to", "ike-socket-bufsize",
        "ike-socket-errqueue", "ikev1-policy", "ikev1-reject", "ikev1-secctx-attr-type", "interfaces",
        "ipsec-interface-managed", "ipsecdir",
        "keep-alive", "listen", "listen-tcp", "listen-udp", "logappend", "logfile", "logip", "logtime",
        "max-halfopen-ike", "myvendorid", "nflog-all", "nhelpers", "nssdir", "ocsp-cache-max-age",
        "ocsp-cache-min-age", "ocsp-cache-size", "ocsp-enable", "ocsp-method", "ocsp-strict", "ocsp-timeout",
        "ocsp-trustname", "ocsp-uri", "plutodebug", "plutodebug-all", "protostack", "rundir", "seccomp", "seedbits",
        "shuntlifetime", "statsbin", "syslog", "uniqueids", "virtual-private",
        "xfrmlifetime",
    ]

    /// Of a connection's one end, behind `left` or `right`; the empty one is the end's address.
    static let end: Set<String> = [
        "", "addresspool", "allowcert", "auth", "authby", "autheap", "ca", "catfile", "cert", "certbundleurl",
        "certurl", "cat", "ckaid",
        "groups", "id", "ikeport", "interface-ip", "modecfgclient", "modecfgserver", "nexthop", "protoport", "pubkey",
        "rsasigkey", "ecdsakey", "eddsakey", "sendcert", "sourceip", "subnet", "subnets", "updown", "username",
        "vti", "xauthclient", "xauthserver", "xauthusername",
    ]

    /// Of a connection.
    static let connection: Set<String> = [
        "accept-redirect", "accept-redirect-to", "ah", "also", "authby", "auto", "cisco-unity", "clientaddrfamily",
        "childless", "compress", "connalias", "dns-match-id", "debug", "decap-dscp", "dpddelay", "dpdtimeout",
        "dpdaction", "eap_identity",
        "enable-tcp", "encap-dscp", "encapsulation", "esn", "esp", "failureshunt", "fake-strongswan",
        "fragmentation", "hash-and-url", "hostaddrfamily", "ignore-peer-dns", "ike", "ikelifetime", "ikepad", "ikev2",
        "initial-contact", "intermediate", "ipsec-interface", "ipsec-interface-managed", "ipsec-lifetime",
        "ipsec-max-bytes", "ipsec-max-packets", "iptfs", "iptfs-drop-time", "iptfs-fragmentation",
        "iptfs-init-delay", "iptfs-max-queue-size", "iptfs-packet-size", "iptfs-reorder-window", "keyexchange",
        "mark", "mark-in", "mark-out", "metric", "mobike", "modecfgdns", "modecfgdomains", "modecfgpull",
        "ms-dh-downgrade",
        "mtu", "narrowing", "nat-keepalive", "negotiationshunt", "nflog-group", "nic-offload", "nm-configured",
        "nopmtudisc", "overlapip", "pam-authorize", "pfs", "pfs-rekey-workaround", "phase2", "phase2alg", "ppk",
        "ppk-ids", "priority", "reauth", "redirect-to", "rekey", "rekeyfuzz", "rekeymargin", "remote-peer-type",
        "replay-window", "reqid", "require-id-on-certificate", "retransmit-interval", "retransmit-timeout",
        "salifetime", "lifetime", "keylife", "sareftrack", "sec-label", "send-esp-tfc-padding-not-supported",
        "send-no-esp-tfc", "send-redirect", "send-vendorid", "sendca", "session-resumption", "sha2-truncbug",
        "share-lease", "tcp-remoteport", "tfc", "type", "vti-interface", "vti-routing", "vti-shared", "weak-algorithms",
        "xauthby",
        "xauthfail", "xfrmlifetime",
    ]

    /// Other names of a key, now and in older versions.
    private static let synonyms: [String: String] = [
        "phase2alg": "esp", "lifetime": "salifetime", "keylife": "salifetime", "ipsec-lifetime": "salifetime",
        "expire-shunt-interval": "expire-lifetime", "ddos-ike-threshold": "ddos-cookies-threshold",
        "subnets": "subnets", "xauthusername": "username", "send-no-esp-tfc": "send-esp-tfc-padding-not-supported",
    ]

    static func canonical(_ key: String) -> String { synonyms[key] ?? key }

    /// The key without `left` or `right`, and which it was; nil for a key that isn't an end's.
    static func side(of key: String) -> (side: Side, key: String)? {
        for (side, name) in [(Side.left, "left"), (.right, "right")] where key.hasPrefix(name) {
            let rest = String(key.dropFirst(name.count))
            let bare = rest.hasPrefix("-") ? String(rest.dropFirst()) : rest
            if end.contains(bare) { return (side, canonical(bare)) }
        }
        return nil
    }

    static func isKnownInConnection(_ key: String) -> Bool { connection.contains(key) || side(of: key) != nil }
}

/// The two ends of a connection as the file names them.
package enum Side: String, Hashable, Sendable {
    case left, right
    var other: Side { self == .left ? .right : .left }
}
