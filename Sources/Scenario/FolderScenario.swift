import Transcript

/// A scenario as its folder says it: who takes part, what is typed where and in which order, and what the consoles must
/// show. The conventions are libreswan's; `scenario.yaml` beside them says what they have no place for.
package struct ScenarioFolder: Sendable {
    /// The folder's name.
    package let name: String
    /// The folder, without a slash at its end.
    package let path: String
    /// description.txt, without blank lines around it; empty where there is none.
    package let description: String
    /// The hosts on which something is typed, and those that scenario.yaml adds; sorted.
    package let hosts: [String]
    package let steps: [ScenarioStep]
    /// Whether the steps were read back from consoles (`steps.tsv`) and not from scripts.
    package let isRecorded: Bool
    /// The names of the files directly in the folder, sorted.
    package let files: [String]
    /// The expected console of each host, as a path. A host without one is not looked at.
    package let expected: [String: String]
    /// all.console.txt: the consoles of all hosts in one; where there is one, only it is compared.
    package let expectedOfAll: String?
    /// The file of each host that becomes its /etc/ipsec.conf and /etc/ipsec.secrets, as a path.
    package let configurations: [String: String]
    package let secrets: [String: String]
    /// Sanitizers that testparams.sh adds, by their files' names: `id-sanitize.awk` …
    package let fixups: [String]
    /// Systems other than Linux that names of scripts ask for, by host: such a scenario cannot run here.
    package let foreignPlatforms: [String: String]
    package let settings: ScenarioSettings

    /// Whether a folder looks like a scenario: it has a description, an `eastinit.sh`, recorded steps or settings.
    package static func isScenario(files: [String]) -> Bool {
        files.contains { ["description.txt", "eastinit.sh", "steps.tsv", "scenario.yaml"].contains($0) }
    }

    /// Reads a folder. - Throws: where a file of it cannot be what it must be, with file and line.
    package static func load(_ path: String) throws(ScenarioError) -> ScenarioFolder {
        try ScenarioFolder(files: FolderFiles(path: path))
    }

    private init(files: FolderFiles) throws(ScenarioError) {
        path = files.path
        name = files.path.split(separator: "/").last.map(String.init) ?? files.path
        self.files = files.names
        description = files.contains("description.txt") ? try files.text(of: "description.txt").withoutBlankEdges : ""
        settings =
            files.contains("scenario.yaml")
            ? try FolderSettingsReader(file: files.path(of: "scenario.yaml")).read(files.text(of: "scenario.yaml"))
            : ScenarioSettings()

        let consoles = ScenarioFolder.consoles(files)
        let known = Set(FolderScript.hostOrder).union(settings.hosts).union(settings.dialects.keys)
            .union(settings.daemons.keys).union(consoles.keys).subtracting(["all", "*", "final"])
        var steps = FolderSteps(files: files, known: known)
        try steps.readScripts()
        isRecorded = steps.steps.isEmpty && files.contains("steps.tsv")
        if isRecorded { try steps.readRecorded(consoles: consoles) }
        guard !steps.steps.isEmpty else {
            throw ScenarioError(
                file: files.path, "has no script that names a host, and no steps.tsv",
                remedy: "add a script such as 01-west-init.sh")
        }
        self.steps = steps.steps

        let hosts = Set(steps.hosts.map(\.name)).union(settings.hosts).sorted()
        self.hosts = hosts
        foreignPlatforms = Dictionary(
            steps.hosts.compactMap { host in
                host.platform.flatMap { FolderHost.linuxPlatforms.contains($0) ? nil : (host.name, $0) }
            }, uniquingKeysWith: { first, _ in first })
        expected = consoles.filter { hosts.contains($0.key) }.mapValues { files.path(of: $0) }
        expectedOfAll = files.contains("all.console.txt") ? files.path(of: "all.console.txt") : nil
        configurations = try ScenarioFolder.candidates(files, hosts) {
            ["\($0).conf", "\($0).ipsec.conf", "ipsec.conf"]
        }
        secrets = try ScenarioFolder.candidates(files, hosts) {
            ["\($0).secrets", "\($0).ipsec.secrets", "ipsec.secrets"]
        }
        fixups = files.contains("testparams.sh") ? try ScenarioFolder.fixups(files.text(of: "testparams.sh")) : []
    }

    /// The names of the consoles by host; of `linuxeast.console.txt` the host is `east`.
    private static func consoles(_ files: FolderFiles) -> [String: String] {
        let suffix = ".console.txt"
        var consoles: [String: String] = [:]
        for name in files.names where name.hasSuffix(suffix) && name != "all" + suffix {
            let word = String(name.dropLast(suffix.count))
            let host = FolderHost(word, hosts: Set(FolderScript.hostOrder))?.name ?? word
            consoles[host] = name
        }
        return consoles
    }

    /// The one file of several possible that a host has. Two are an error: nobody could say which is meant.
    private static func candidates(
        _ files: FolderFiles, _ hosts: [String], names: (String) -> [String]
    ) throws(ScenarioError) -> [String: String] {
        var chosen: [String: String] = [:]
        for host in hosts {
            let present = names(host).filter(files.contains)
            guard present.count <= 1 else {
                throw ScenarioError(
                    file: files.path(of: present[0]),
                    "\(host) has two candidates: \(present.joined(separator: " and "))",
                    remedy: "remove one, or rename the shared one for the hosts that use it")
            }
            if let name = present.first { chosen[host] = files.path(of: name) }
        }
        return chosen
    }

    /// The sed and awk files that a testparams.sh names outside of comments.
    private static func fixups(_ text: String) -> [String] {
        var names: [String] = []
        for line in text.transcriptLines where !line.trimmed.hasPrefix("#") {
            for word in line.split(whereSeparator: { " \t\"'=;".contains($0) }) {
                if word.hasSuffix(".sed") || word.hasSuffix(".awk") {
                    names.append(word.split(separator: "/").last.map(String.init) ?? String(word))
                }
            }
        }
        return names
    }
}

/// A folder that looks like a scenario, and what reading it gave.
package struct DiscoveredScenario: Sendable {
    package let name: String
    package let path: String
    package let result: Result<ScenarioFolder, ScenarioError>
}

extension ScenarioFolder {
    /// The scenarios among the folders directly in `directory`, by name. A broken one is listed with its error.
    package static func discover(in directory: String) throws(ScenarioError) -> [DiscoveredScenario] {
        var found: [DiscoveredScenario] = []
        for name in try FolderFiles.entries(directory, folders: true) {
            let path = directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
            do throws(ScenarioError) {
                let files = try FolderFiles(path: path)
                guard isScenario(files: files.names) else { continue }
                found.append(
                    DiscoveredScenario(name: name, path: files.path, result: .success(try ScenarioFolder(files: files)))
                )
            } catch {
                found.append(DiscoveredScenario(name: name, path: path, result: .failure(error)))
            }
        }
        return found
    }
}

extension String {
    /// Without blank lines before and after.
    fileprivate var withoutBlankEdges: String {
        var text = Substring(self)
        while let first = text.first, first.isWhitespace { text.removeFirst() }
        while let last = text.last, last.isWhitespace { text.removeLast() }
        return String(text)
    }
}
