import NetAddress

/// `config setup`: what concerns the daemon as a whole.
package struct SetupConfiguration: Hashable, Sendable {
    /// nil: the log goes nowhere (pluto would take syslog).
    package var logFile: String?
    package var logAppend = true
    package var logTime = true
    package var logIP = true
    package var auditLog = true
    /// Empty: no debug lines.
    package var debug: [String] = []
    package var helperThreads = -1
    package var uniqueIDs = true
    package var listenUDP = true
    /// RFC 9329, on port 4500.
    package var listenTCP = false
    package var dnssecEnable = true
    package var shuntLifetime = Duration.seconds(900)
    package var expireLifetime = Duration.seconds(30)
    package var cookieThreshold = 25000
    package var halfOpenLimit = 50000
    package var ddosMode = "auto"
    package var ikev1Policy = "drop"
    package var keepAlive = Duration.seconds(20)
    package var globalRedirect = "no"
    package var globalRedirectTo: String?
    package var virtualPrivate: [String] = []
    /// Every `config setup` key that was set, as written.
    package var values: [String: String] = [:]
    /// What was asked for and has no effect here; the log says so.
    package var ignored: [Assignment] = []

    package init() {}

    /// - Throws: an unknown key or a value that cannot be read, with its file and line.
    package init(_ assignments: [Assignment]) throws(ConfigurationError) {
        for assignment in assignments {
            guard ConfigurationKeys.setup.contains(assignment.key) else {
                throw assignment.error("unrecognized 'config setup' keyword '\(assignment.key)'")
            }
            values[assignment.key] = assignment.value
            try set(assignment)
        }
    }

    /// Of half-open IKE SAs: from how many on cookies are asked for, and from how many on none is taken on.
    package var halfOpenLimits: (cookies: Int, greatest: Int) {
        switch ddosMode {
        case "busy": (0, halfOpenLimit)
        case "unlimited": (.max, .max)
        default: (cookieThreshold, halfOpenLimit)
        }
    }

    package var isDebugging: Bool { !debug.isEmpty && debug != ["none"] }

    private mutating func set(_ assignment: Assignment) throws(ConfigurationError) {
        let value = assignment.value
        switch ConfigurationKeys.canonical(assignment.key) {
        case "logfile": logFile = value.isEmpty ? nil : value
        case "logappend": logAppend = try assignment.truth()
        case "logtime": logTime = try assignment.truth()
        case "logip": logIP = try assignment.truth()
        case "audit-log": auditLog = try assignment.truth()
        case "plutodebug": debug = ValueSyntax.list(value)
        case "nhelpers":
            guard let count = Int(value), (-1...1024).contains(count) else { throw assignment.malformed("a number") }
            helperThreads = count
        case "uniqueids": uniqueIDs = try assignment.truth()
        case "dnssec-enable": dnssecEnable = try assignment.truth()
        case "shuntlifetime": shuntLifetime = try assignment.duration()
        case "expire-lifetime": expireLifetime = try assignment.duration()
        case "ddos-cookies-threshold": cookieThreshold = try assignment.number()
        case "max-halfopen-ike": halfOpenLimit = try assignment.number()
        case "ddos-mode": ddosMode = try assignment.oneOf(["auto", "busy", "unlimited"])
        case "ikev1-policy": ikev1Policy = try assignment.oneOf(["accept", "reject", "drop"])
        case "keep-alive": keepAlive = try assignment.duration()
        case "listen-udp": listenUDP = try assignment.truth()
        case "listen-tcp": listenTCP = try assignment.truth()
        // To hear more than was allowed would be worse than not to start.
        case "listen" where !value.isEmpty && value != "%any":
            throw assignment.error("listen=\(value) is not supported: IKE is heard on every address")
        case "crl-strict": _ = try assignment.truth()
        case "ocsp-enable": if try assignment.truth() { ignored.append(assignment) }
        case "global-redirect":
            globalRedirect = try assignment.oneOf(["yes", "no", "auto"])
            // Nobody is sent away for the load.
            if globalRedirect == "auto" { ignored.append(assignment) }
        case "global-redirect-to":
            guard value.isEmpty || IPAddress(value) != nil else { throw assignment.malformed("an address") }
            globalRedirectTo = value.isEmpty ? nil : value
        case "seccomp" where value.lowercased() != "disabled": ignored.append(assignment)
        case "nflog-all" where value != "0", "ike-socket-bufsize" where value != "0": ignored.append(assignment)
        case "ike-socket-errqueue": if try !assignment.truth() { ignored.append(assignment) }
        case "virtual-private": virtualPrivate = ValueSyntax.list(value)
        default: break
        }
    }
}

extension Assignment {
    func malformed(_ expected: String) -> ConfigurationError {
        error("bad value '\(value)' of '\(key)': expecting \(expected)")
    }

    /// As a peer takes it (RFC 7296 §3.6).
    func httpURL() throws(ConfigurationError) -> String {
        guard value.hasPrefix("http://"), value.utf8.allSatisfy({ (0x21...0x7e).contains($0) }),
            value.utf8.count <= 1024
        else { throw malformed("an http:// URL of up to 1024 characters") }
        return value
    }

    func truth() throws(ConfigurationError) -> Bool {
        guard let truth = ValueSyntax.truth(value) else { throw malformed("yes or no") }
        return truth
    }

    func duration(unit: Duration = .seconds(1)) throws(ConfigurationError) -> Duration {
        guard let duration = ValueSyntax.duration(value, unit: unit) else {
            throw malformed("a time such as 8h, 30m, 5s")
        }
        return duration
    }

    /// A lifetime, which is never over before it began.
    func lifetime() throws(ConfigurationError) -> Duration {
        let lifetime = try duration()
        guard lifetime > .zero else { throw malformed("a time of a second at least") }
        return lifetime
    }

    /// 0 up to 2^31 - 1.
    func number() throws(ConfigurationError) -> Int {
        guard let number = ValueSyntax.count(value), number <= UInt64(Int32.max) else { throw malformed("a number") }
        return Int(number)
    }

    func oneOf(_ choices: [String]) throws(ConfigurationError) -> String {
        guard choices.contains(value.lowercased()) else {
            throw malformed(choices.joined(separator: ", "))
        }
        return value.lowercased()
    }
}
