package import NetAddress

/// What one of pluto's command lines asks for.
package enum PlutoRequest: Hashable, Sendable {
    case add([String])
    case up(String, asynchronous: Bool, remoteHost: IPAddress? = nil)
    case down(String, asynchronous: Bool)
    case suspend(String)
    case delete(String)
    case route(String)
    case unroute(String)
    case rekeyIKE(String, asynchronous: Bool)
    case rekeyChild(String, asynchronous: Bool)
    case deleteState(UInt64)
    case status
    case briefStatus
    case connectionStatus(String?)
    case trafficStatus(String?)
    case showStates
    case shuntStatus
    case processStatus
    case impair([String])
    case listen
    case rereadSecrets
    case debug([String])
    case shutdown(leaveState: Bool)
    case kernelState
    case kernelPolicy

    /// A command line, with the configuration file that it names.
    package struct Parsed: Hashable, Sendable {
        /// In the order in which they are carried out.
        package var requests: [PlutoRequest]
        package var configurationFile: String?
    }

    /// A command line that cannot be read: what goes to standard error, and the exit status.
    package struct UsageError: Error, Hashable, Sendable {
        package var message: String
        package var status: Int32 = 1
    }

    /// - Parameter arguments: the program's name first: `ipsec` or `whack`.
    package static func parse(_ arguments: [String]) throws(UsageError) -> Parsed {
        var words = ArraySlice(arguments.dropFirst())
        var file: String?
        if arguments.first == "whack" { return try whack(words, file: nil) }
        try takeConfigurationFile(&words, &file)
        guard let verb = words.popFirst() else { throw UsageError(message: "ipsec: a command is missing") }
        switch verb {
        case "whack": return try whack(words, file: file)
        case "auto":
            try takeConfigurationFile(&words, &file)
            return try auto(words, file: file)
        case "_kernel":
            switch words.first {
            case "state": return Parsed(requests: [.kernelState], configurationFile: file)
            case "policy": return Parsed(requests: [.kernelPolicy], configurationFile: file)
            default: throw UsageError(message: "ipsec _kernel: expecting state or policy")
            }
        // whack's own options work as commands too: `ipsec --trafficstatus`.
        case let option where option.hasPrefix("--"): return try whack([option] + words, file: file)
        default: return try command(verb, words, file: file)
        }
    }

    private static func takeConfigurationFile(
        _ words: inout ArraySlice<String>, _ file: inout String?
    ) throws(UsageError) {
        while let word = words.first {
            if word == "--config" {
                words.removeFirst()
                guard let path = words.popFirst() else { throw UsageError(message: "ipsec: --config needs a file") }
                file = path
            } else if word.hasPrefix("--config=") {
                file = String(word.dropFirst("--config=".count))
                words.removeFirst()
            } else {
                return
            }
        }
    }

    private static func command(
        _ verb: String, _ words: ArraySlice<String>, file: String?
    ) throws(UsageError) -> Parsed {
        var file = file
        var words = words
        var asynchronous = false
        var names: [String] = []
        var remoteHost: IPAddress?
        while let word = words.first {
            if word == "--config" || word.hasPrefix("--config=") {
                try takeConfigurationFile(&words, &file)
                continue
            }
            words.removeFirst()
            switch word {
            case "--asynchronous", "--async": asynchronous = true
            case "--name":
                guard let name = words.popFirst() else {
                    throw UsageError(message: "ipsec \(verb): --name needs a name")
                }
                names.append(name)
            case "--remote-host" where verb == "up":
                remoteHost = try address(words.popFirst(), of: "ipsec up: --remote-host")
            case "--replace", "--auto": break
            case "--route" where verb == "auto": break
            default:
                guard !word.hasPrefix("-") else {
                    throw UsageError(message: "ipsec \(verb): unrecognized option '\(word)'")
                }
                names.append(word)
            }
        }
        let name = names.first
        func needName() throws(UsageError) -> String {
            guard let name else { throw UsageError(message: "ipsec \(verb): a connection's name is missing") }
            return name
        }
        let request: PlutoRequest
        switch verb {
        case "add", "replace", "addconn":
            _ = try needName()
            request = .add(names)
        case "up": request = .up(try needName(), asynchronous: asynchronous, remoteHost: remoteHost)
        case "down": request = .down(try needName(), asynchronous: asynchronous)
        case "suspend": request = .suspend(try needName())
        case "delete": request = .delete(try needName())
        case "route", "ondemand": request = .route(try needName())
        case "unroute": request = .unroute(try needName())
        case "status": request = .status
        case "briefstatus": request = .briefStatus
        case "connectionstatus": request = .connectionStatus(name)
        case "trafficstatus", "traffic": request = .trafficStatus(name == "status" ? nil : name)
        case "showstates": request = .showStates
        case "shuntstatus": request = .shuntStatus
        case "processstatus": request = .processStatus
        case "secrets", "rereadsecrets", "rereadall": request = .rereadSecrets
        case "listen", "ready": request = .listen
        default:
            throw UsageError(message: "ipsec: unknown command \"\(verb)\" (perhaps command name misspelt?)")
        }
        return Parsed(requests: [request], configurationFile: file)
    }

    private static func address(_ word: String?, of option: String) throws(UsageError) -> IPAddress {
        guard let address = word.flatMap({ IPAddress($0) }) else {
            throw UsageError(message: "\(option) needs an address")
        }
        return address
    }

    /// `ipsec auto --add NAME`: the older spelling.
    private static func auto(_ words: ArraySlice<String>, file: String?) throws(UsageError) -> Parsed {
        var words = words
        var leading: [String] = []
        while let word = words.first, word == "--asynchronous" || word == "--async" {
            leading.append(words.removeFirst())
        }
        guard let verb = words.popFirst(), verb.hasPrefix("--") else {
            throw UsageError(message: "ipsec auto: expecting --add, --up, --down, --delete, --route or --status")
        }
        let known: Set<String> = [
            "add", "replace", "up", "down", "delete", "route", "ondemand", "unroute", "status", "showstates",
            "rereadsecrets", "rereadall", "ready", "suspend",
        ]
        let name = String(verb.dropFirst(2))
        if name == "start" {
            let rest = try command("up", leading + words, file: file)
            guard case .up(let connection, let asynchronous, _)? = rest.requests.first else { return rest }
            return Parsed(
                requests: [.add([connection]), .up(connection, asynchronous: asynchronous)],
                configurationFile: rest.configurationFile)
        }
        guard known.contains(name) else { throw UsageError(message: "ipsec auto: unrecognized option '\(verb)'") }
        return try command(name, leading + words, file: file)
    }

    // MARK: whack

    private static func whack(_ words: ArraySlice<String>, file: String?) throws(UsageError) -> Parsed {
        var words = words
        var name: String?
        var asynchronous = false
        var leaveState = false
        var impairments: [String] = []
        var debug: [String] = []
        var actions: [String] = []
        var state: UInt64?
        var remoteHost: IPAddress?
        while var option = words.popFirst() {
            guard option.hasPrefix("--") else {
                throw UsageError(message: "whack error: unexpected argument \"\(option)\"")
            }
            var inlineValue: String?
            if let equals = option.firstIndex(of: "=") {
                inlineValue = String(option[option.index(after: equals)...])
                option = String(option[..<equals])
            }
            func value() throws(UsageError) -> String {
                if let inlineValue { return inlineValue }
                guard let next = words.popFirst() else {
                    throw UsageError(message: "whack error: option '\(option)' requires an argument")
                }
                return next
            }
            switch option {
            case "--name": name = try value()
            case "--async", "--asynchronous": asynchronous = true
            case "--remote-host": remoteHost = try address(try value(), of: "whack error: --remote-host")
            case "--leave-state": leaveState = true
            case "--impair": impairments.append(try value())
            case "--no-impair":
                let next = words.first.map { !$0.hasPrefix("--") } ?? false
                impairments.append(inlineValue ?? (next ? words.removeFirst() : "none"))
                if impairments.last != "none" { impairments[impairments.count - 1] += ":no" }
            case "--debug": debug.append(try value())
            case "--debug-all": debug.append("all")
            case "--debug-none", "--no-debug": debug.append("none")
            case "--deletestate":
                guard let number = UInt64(try value()) else {
                    throw UsageError(message: "whack error: --deletestate needs a state's number")
                }
                state = number
                actions.append(option)
            case "--ctlbase", "--ctlsocket", "--rundir", "--utc": if option != "--utc" { _ = try value() }
            case "--initiate", "--terminate", "--suspend", "--delete", "--route", "--ondemand", "--unroute",
                "--rekey-ike", "--rekey-child", "--rekey-ipsec", "--status", "--briefstatus", "--connectionstatus",
                "--trafficstatus", "--showstates", "--shuntstatus", "--processstatus", "--listen",
                "--rereadsecrets", "--rereadall", "--shutdown":
                actions.append(option)
            default: throw UsageError(message: "whack error: unrecognized option '\(option)'")
            }
        }
        func needName(_ option: String) throws(UsageError) -> String {
            guard let name else {
                throw UsageError(message: "whack error: \(option) requires --name <connection_name>")
            }
            return name
        }
        var requests: [PlutoRequest] = []
        if !impairments.isEmpty { requests.append(.impair(impairments)) }
        if !debug.isEmpty { requests.append(.debug(debug)) }
        if actions.isEmpty, requests.isEmpty {
            // A name alone asks for nothing that we know.
            throw UsageError(message: "whack error: no action specified; try --help for hints")
        }
        for action in actions {
            switch action {
            case "--initiate":
                requests.append(.up(try needName(action), asynchronous: asynchronous, remoteHost: remoteHost))
            case "--terminate": requests.append(.down(try needName(action), asynchronous: asynchronous))
            case "--suspend": requests.append(.suspend(try needName(action)))
            case "--delete": requests.append(.delete(try needName(action)))
            case "--route", "--ondemand": requests.append(.route(try needName(action)))
            case "--unroute": requests.append(.unroute(try needName(action)))
            case "--rekey-ike": requests.append(.rekeyIKE(try needName(action), asynchronous: asynchronous))
            case "--rekey-child", "--rekey-ipsec":
                requests.append(.rekeyChild(try needName(action), asynchronous: asynchronous))
            case "--deletestate": if let state { requests.append(.deleteState(state)) }
            case "--status": requests.append(.status)
            case "--briefstatus": requests.append(.briefStatus)
            case "--connectionstatus": requests.append(.connectionStatus(name))
            case "--trafficstatus": requests.append(.trafficStatus(name))
            case "--showstates": requests.append(.showStates)
            case "--shuntstatus": requests.append(.shuntStatus)
            case "--processstatus": requests.append(.processStatus)
            case "--listen": requests.append(.listen)
            case "--rereadsecrets", "--rereadall": requests.append(.rereadSecrets)
            case "--shutdown": requests.append(.shutdown(leaveState: leaveState))
            default: preconditionFailure("an action without a request: \(action)")
            }
        }
        return Parsed(requests: requests, configurationFile: file)
    }
}
