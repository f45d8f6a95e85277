import Transcript

/// Turns scripts, or a `steps.tsv` with consoles, into steps.
struct FolderSteps {
    private(set) var steps: [ScenarioStep] = []
    /// Every host that a script or a step names, with the system that the name asks for.
    private(set) var hosts: Set<FolderHost> = []

    let files: FolderFiles
    /// The names that are hosts.
    let known: Set<String>

    init(files: FolderFiles, known: Set<String>) {
        self.files = files
        self.known = known
    }

    /// The lines of a script with anything on them, without blanks around them, numbered from 1.
    private func lines(of script: String) throws(ScenarioError) -> [(number: Int, text: String)] {
        var lines: [(Int, String)] = []
        for (index, line) in try files.text(of: script).transcriptLines.enumerated() {
            let text = line.trimmed
            if !text.isEmpty { lines.append((index + 1, text)) }
        }
        return lines
    }

    /// Reads all scripts of the folder; none is no error.
    mutating func readScripts() throws(ScenarioError) {
        let scripts = files.names.filter { $0.hasSuffix(".sh") && $0 != "testparams.sh" }
            .map { FolderScript(name: $0, hosts: known) }
        var final: [(script: String, line: Int, text: String)] = []
        for script in FolderScript.inOrder(scripts) {
            switch script.kind {
            case .initial(let host), .run(let host): try run(script.name, on: [host])
            case .ordered(let hosts): try run(script.name, on: hosts)
            case .all(let hosts):
                self.hosts.formUnion(hosts)
                final += try readAll(script.name)
            case .final, .helper: break
            }
        }
        if scripts.contains(where: { $0.kind == .final }) {
            for line in try lines(of: "final.sh") { final.append(("final.sh", line.number, line.text)) }
        }
        // On each host the whole of it before the next host, alphabetically.
        for host in Set(hosts.map(\.name)).sorted() {
            steps += final.map { ScenarioStep(host: host, script: $0.script, line: $0.line, text: $0.text) }
        }
    }

    private mutating func run(_ script: String, on hosts: [FolderHost]) throws(ScenarioError) {
        let lines = try lines(of: script)
        for host in hosts {
            self.hosts.insert(host)
            steps += lines.map { ScenarioStep(host: host.name, script: script, line: $0.number, text: $0.text) }
        }
    }

    /// `west# command`, `# a note to the reader`, `final# command`. - Returns: the lines for the end.
    private mutating func readAll(
        _ script: String
    ) throws(ScenarioError) -> [(script: String, line: Int, text: String)] {
        var final: [(script: String, line: Int, text: String)] = []
        for (number, line) in try lines(of: script) {
            // A comment without a host stands on nobody's console.
            if line.hasPrefix("#") { continue }
            guard let mark = line.firstIndex(of: "#") else {
                throw expectedHost(script, number, String(line.prefix(40)))
            }
            let word = String(line[..<mark])
            let text = String(line[line.index(after: mark)...]).trimmed
            if text.isEmpty { continue }
            if word == "final" {
                final.append((script, number, text))
            } else if let host = FolderHost(word, hosts: known) {
                hosts.insert(host)
                steps.append(ScenarioStep(host: host.name, script: script, line: number, text: text))
            } else {
                throw expectedHost(script, number, word)
            }
        }
        return final
    }

    private func expectedHost(_ script: String, _ line: Int, _ found: String) -> ScenarioError {
        ScenarioError(
            file: files.path(of: script), line: line, "expected a host and #, found \"\(found)\"",
            remedy: "begin the line with one of \(known.sorted().joined(separator: "#, "))# or final#")
    }

    /// Reads `steps.tsv`: host, script, count of commands; the commands stand in the hosts' consoles, in that order.
    mutating func readRecorded(consoles: [String: String]) throws(ScenarioError) {
        let name = "steps.tsv"
        var recorded: [String: ArraySlice<ConsoleStep>] = [:]
        for (index, line) in try files.text(of: name).transcriptLines.enumerated() {
            if line.hasPrefix("#") || line.trimmed.isEmpty { continue }
            func fault(_ message: String, _ remedy: String) -> ScenarioError {
                ScenarioError(file: files.path(of: name), line: index + 1, message, remedy: remedy)
            }
            let columns = line.split(separator: "\t", omittingEmptySubsequences: false).map(String.init)
            guard columns.count == 3, let count = Int(columns[2]), count >= 0 else {
                throw fault("expected host, script and count, found \"\(line)\"", "separate three columns by tabs")
            }
            let (host, script) = (columns[0], columns[1])
            guard let console = consoles[host] else {
                throw fault("no console for \(host)", "add \(host).console.txt, where the commands are read from")
            }
            if recorded[host] == nil {
                recorded[host] = ConsoleStep.steps(of: try files.text(of: console), host: host)[...]
            }
            let commands = recorded[host]!.prefix(count)
            guard commands.count == count else {
                throw fault(
                    "\(console) has \(commands.count) commands left, expected \(count) of \(script)",
                    "correct the count or the console")
            }
            recorded[host]!.removeFirst(count)
            if let known = FolderHost(host, hosts: known.union([host])) { hosts.insert(known) }
            steps += commands.map { ScenarioStep(host: host, script: script, line: $0.line, text: $0.command) }
        }
        for (host, rest) in recorded.sorted(by: { $0.key < $1.key }) {
            // Where a command was itself sanitized nobody knows it any more: its script was not recorded.
            guard let first = rest.first, !first.command.contains("PATH/") else { continue }
            throw ScenarioError(
                file: files.path(of: consoles[host]!), line: first.line,
                "the command \"\(first.command)\" belongs to no script of \(name)", remedy: "add it to a count there")
        }
    }
}

extension String {
    /// Without blanks, tabs and carriage returns around it.
    var trimmed: String {
        let isBlank = { (octet: UInt8) in octet == 0x20 || octet == 0x09 || octet == 0x0d }
        var rest = Substring(self).utf8
        while let first = rest.first, isBlank(first) { rest.removeFirst() }
        while let last = rest.last, isBlank(last) { rest.removeLast() }
        return String(Substring(rest))
    }
}
