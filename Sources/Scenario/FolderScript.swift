/// A script of a scenario's folder, told by its name (libreswan's conventions).
struct FolderScript: Hashable {
    enum Kind: Hashable {
        /// `eastinit.sh`: first, in the order of hosts.
        case initial(FolderHost)
        /// `eastrun.sh`: after all `init`, in the order of hosts.
        case run(FolderHost)
        /// `03-west-up.sh`: by name; one with several hosts runs on each, left to right.
        case ordered([FolderHost])
        /// `all.west-east.sh`: every line says its host.
        case all([FolderHost])
        /// `final.sh`: at the end, on every host that took part.
        case final
        /// Named for no host: run by other scripts, if at all.
        case helper
    }

    let name: String
    let kind: Kind

    /// - Parameter hosts: the names that are hosts.
    init(name: String, hosts: Set<String>) {
        self.name = name
        let stem = name.dropLast(".sh".count)
        let words = stem.split { !($0.isLetter || $0.isNumber || $0 == "_") }.compactMap {
            FolderHost(String($0), hosts: hosts)
        }
        if name == "final.sh" {
            kind = .final
        } else if name.hasPrefix("all.") {
            kind = .all(words)
        } else if stem.hasSuffix("init"), let host = FolderHost(String(stem.dropLast(4)), hosts: hosts) {
            kind = .initial(host)
        } else if stem.hasSuffix("run"), let host = FolderHost(String(stem.dropLast(3)), hosts: hosts) {
            kind = .run(host)
        } else {
            kind = words.isEmpty ? .helper : .ordered(words)
        }
    }

    /// The order of libreswan's hosts in `init` and `run` scripts; hosts of other topologies follow by name.
    static let hostOrder = ["nic", "east", "north", "pole", "rise", "road", "set", "west"]

    static func precedes(_ first: String, _ second: String) -> Bool {
        let places = [first, second].map { hostOrder.firstIndex(of: $0) ?? hostOrder.count }
        return places[0] == places[1] ? first < second : places[0] < places[1]
    }

    /// The scripts in the order in which they run; helpers and `final.sh` are left out.
    static func inOrder(_ scripts: [FolderScript]) -> [FolderScript] {
        func ofHosts(_ host: (Kind) -> FolderHost?) -> [FolderScript] {
            scripts.compactMap { script in host(script.kind).map { ($0, script) } }
                .sorted { precedes($0.0.name, $1.0.name) }
                .map(\.1)
        }
        let initial = ofHosts { if case .initial(let host) = $0 { host } else { nil } }
        let run = ofHosts { if case .run(let host) = $0 { host } else { nil } }
        let named = scripts.filter {
            switch $0.kind {
            case .ordered, .all: true
            default: false
            }
        }
        return initial + run + named.sorted { $0.name.utf8.lexicographicallyPrecedes($1.name.utf8) }
    }
}

/// A host as scripts name it: `east`, or with the system that it is to run, `linuxeast`, `netbsdwest`.
struct FolderHost: Hashable {
    let name: String
    /// nil where the name says none.
    let platform: String?

    /// The systems that names may begin with, and which of them a host here is.
    static let platforms = ["linux", "fedora", "debian", "alpine", "freebsd", "netbsd", "openbsd"]
    static let linuxPlatforms: Set = ["linux", "fedora", "debian", "alpine"]

    init?(_ word: String, hosts: Set<String>) {
        if hosts.contains(word) {
            name = word
            platform = nil
            return
        }
        guard let platform = FolderHost.platforms.first(where: { word.hasPrefix($0) }),
            hosts.contains(String(word.dropFirst(platform.count)))
        else { return nil }
        name = String(word.dropFirst(platform.count))
        self.platform = platform
    }
}
