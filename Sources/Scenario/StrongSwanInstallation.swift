import LinuxSystem

/// A strongSwan of this machine: Debian's, or one that was built with a prefix of its own.
package struct StrongSwanInstallation: Sendable, Equatable {
    /// `--prefix` of the build, absolute; nil for Debian's packages.
    package let prefix: String?

    package init(prefix: String? = nil) { self.prefix = prefix }

    package var charon: String { prefix.map { $0 + "/libexec/ipsec/charon" } ?? "/usr/lib/ipsec/charon" }
    package var swanctl: String { prefix.map { $0 + "/sbin/swanctl" } ?? "/usr/sbin/swanctl" }
    private var plugins: String { prefix.map { $0 + "/lib/ipsec/plugins" } ?? "/usr/lib/ipsec/plugins" }

    private func plugin(_ name: String) -> String { "\(plugins)/libstrongswan-\(name).so" }

    /// What a run cannot do without, and Debian's package of it.
    private var needed: [(path: String, package: String)] {
        [
            (charon, "strongswan-charon"), (swanctl, "strongswan-swanctl"),
            (plugin("vici"), "strongswan-swanctl"), (plugin("kernel-libipsec"), "libcharon-extra-plugins"),
            (plugin("openssl"), "libstrongswan-standard-plugins"),
        ]
    }

    /// Why it cannot be run here, with the remedy; nil where it can.
    /// - Parameter onThisKernel: false: in user-mode Linux, which has a TUN device.
    package func refusal(onThisKernel: Bool = true) -> String? {
        let missing = needed.filter { !FileSystem.exists($0.path) }
        if !missing.isEmpty {
            if prefix != nil {
                return "no \(missing.map(\.path).joined(separator: ", ")): configure that build with "
                    + "--enable-openssl --enable-kernel-libipsec --enable-swanctl and install it"
            }
            var packages: [String] = []
            for entry in missing where !packages.contains(entry.package) { packages.append(entry.package) }
            return "strongswan is not installed: "
                + "apt-get install --no-install-recommends \(packages.joined(separator: " "))"
        }
        if !onThisKernel { return nil }
        return MachineFeature.tun.refusal().map {
            "strongswan's ESP (kernel-libipsec) needs /dev/net/tun (\($0)): run as root, or chmod 666 /dev/net/tun"
        }
    }

    /// The plugins that are loaded: those of these that are there, in this order, in which the first that has an
    /// algorithm is the one that is used. ESP is kernel-libipsec's, in user space, and goes in UDP.
    package var pluginsToLoad: [String] {
        [
            "random", "nonce", "openssl", "aes", "sha1", "sha2", "md5", "mgf1", "hmac", "xcbc", "cmac", "kdf", "ctr",
            "ccm", "gcm", "chapoly", "pem", "pkcs1", "pkcs7", "pkcs8", "pkcs12", "x509", "revocation", "constraints",
            "pubkey", "curve25519", "gmp", "socket-default", "kernel-libipsec", "kernel-netlink", "updown",
            "eap-identity", "eap-md5", "eap-mschapv2", "eap-tls", "attr", "counters", "vici",
        ].filter { FileSystem.exists(plugin($0)) }
    }

    /// What swanctl reads keys and certificates with. Left to itself it loads all there are, af-alg among them, which
    /// asks the kernel for every algorithm that it knows of: in user-mode Linux that takes eleven seconds.
    package var clientPluginsToLoad: [String] {
        let kinds: Set = [
            "random", "nonce", "openssl", "aes", "sha1", "sha2", "md5", "hmac", "pem", "pkcs1", "pkcs7", "pkcs8",
            "pkcs12", "x509", "revocation", "constraints", "pubkey", "curve25519", "gmp",
        ]
        return pluginsToLoad.filter(kinds.contains)
    }
}
