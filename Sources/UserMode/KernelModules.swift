import CLinux
package import LinuxSystem

/// The modules of a kernel's release: depmod's tables, read by us, so that loading one takes no process.
package struct KernelModules {
    private let folder: String
    /// A module's name → its file and those that it needs, as modules.dep has them: relative, itself first.
    private var files: [String: [String]] = [:]

    /// - Throws: where modules.dep cannot be read.
    package init(folder: String) throws(SystemError) {
        self.folder = folder
        for line in try FileSystem.readText(folder + "/modules.dep").split(separator: "\n") {
            let words = line.split { $0 == ":" || $0 == " " }.map(String.init)
            guard let file = words.first else { continue }
            files[Self.name(ofFile: file)] = words
        }
    }

    /// `kernel/net/ipv4/esp4.ko` is `esp4`; a hyphen is the same as an underscore.
    static func name(ofFile path: String) -> String {
        let file = path.split(separator: "/").last ?? ""
        return String(file.prefix { $0 != "." }).map { $0 == "-" ? "_" : String($0) }.joined()
    }

    package func has(_ name: String) -> Bool { files[name] != nil }

    /// Loads a module and first what it needs. One that is not in the tables is taken for built in.
    package func load(_ name: String) throws(SystemError) {
        // The one that needs nothing stands last.
        for file in (files[name] ?? []).reversed() {
            let descriptor = try FileDescriptor.open("\(folder)/\(file)")
            try checked(lx_load_module(descriptor.rawValue), "finit_module", file)
        }
    }

    /// The modules that answer to a name which the kernel asks for: `esp4`, `rtnl-link-veth`, `crypto-gcm(aes)`.
    package func resolve(_ wanted: String) -> [String] {
        let plain = Self.name(ofFile: wanted)
        if has(plain) { return [plain] }
        guard let aliases = try? FileSystem.readText(folder + "/modules.alias") else { return [] }
        var found: [String] = []
        for line in aliases.split(separator: "\n") {
            let words = line.split(separator: " ")
            guard words.count == 3, words[0] == "alias", Self.matches(words[1], wanted[...]) else { continue }
            found.append(Self.name(ofFile: String(words[2])))
        }
        return found
    }

    /// `*` for any text, `?` for one character, as depmod writes aliases of devices. Octet by octet, without
    /// backtracking further than the last star.
    static func matches(_ pattern: Substring, _ text: Substring) -> Bool {
        let (pattern, text) = (Array(pattern.utf8), Array(text.utf8))
        var (p, t) = (0, 0)
        var star: (pattern: Int, text: Int)?
        while t < text.count {
            if p < pattern.count && pattern[p] == UInt8(ascii: "*") {
                star = (p + 1, t)
                p += 1
            } else if p < pattern.count && (pattern[p] == text[t] || pattern[p] == UInt8(ascii: "?")) {
                (p, t) = (p + 1, t + 1)
            } else if let last = star {
                star = (last.pattern, last.text + 1)
                (p, t) = (last.pattern, last.text + 1)
            } else {
                return false
            }
        }
        return pattern[p...].allSatisfy { $0 == UInt8(ascii: "*") }
    }
}
