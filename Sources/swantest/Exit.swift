/// The ways in which swantest ends without success, and their exit codes.
enum Exit: Error {
    /// 1: a scenario failed. What there is to say has been printed.
    case scenarioFailed
    /// 2: the command line, a scenario or a topology is wrong: file:line, what was expected.
    case usage(String)
    /// 3: this machine cannot: what is missing.
    case machineCannot(String)
    /// 4: nothing ran.
    case nothingRan(String)
    /// The exit status of a command that `exec` or `shell` ran.
    case command(Int32)

    var code: Int32 {
        switch self {
        case .scenarioFailed: 1
        case .usage: 2
        case .machineCannot: 3
        case .nothingRan: 4
        case .command(let status): status
        }
    }

    var message: String? {
        switch self {
        case .scenarioFailed, .command: nil
        case .usage(let text), .machineCannot(let text), .nothingRan(let text): text
        }
    }
}
