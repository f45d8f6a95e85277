/// One thing that this machine can or cannot do, found by doing it.
struct Capability {
    enum State {
        case present
        /// What was refused, and the command that mends it.
        case absent(reason: String, remedy: String)
    }
    let name: String
    /// Whether scenarios can run at all without it.
    let isRequired: Bool
    let state: State

    init(_ name: String, required: Bool = false, _ state: State) {
        self.name = name
        self.isRequired = required
        self.state = state
    }
}
