import IKEWire
import NetAddress

/// Reads what a document shows of configurations: lines of an ASA's or of IOS's, and the parameters of Azure's policy commands.
/// A heading ends one device's and begins the next one's.
struct CiscoConfiguration {
    private let file: String
    private let language: DeviceConfiguration.Language
    private var devices: [DeviceConfiguration] = []
    /// The section that a line of words alone belongs to: `crypto ikev2 policy 2`.
    private var section: [Substring] = []
    private var ike = LoggedProposal(.ike)
    private var child = LoggedProposal(.esp)

    static func read(_ lines: [Substring], file: String, kind: InputKind) -> [DeviceConfiguration] {
        var reader = CiscoConfiguration(file: file, language: kind == .ios ? .ios : .asa)
        for (index, line) in lines.enumerated() {
            reader.take(line, LogPosition(file, line: index + 1))
        }
        reader.finish()
        return reader.devices.filter { !$0.lines.isEmpty }
    }

    private init(file: String, language: DeviceConfiguration.Language) {
        (self.file, self.language) = (file, language)
    }

    private mutating func take(_ line: Substring, _ position: LogPosition) {
        let words = line.split(whereSeparator: \.isWhitespace)
        if line.first == "#", line.contains(" ") {
            finish()
            return
        }
        if words.contains("New-AzureRmIpsecPolicy") || words.contains("New-AzIpsecPolicy") {
            azure(words, position)
            return
        }
        guard let first = words.first, words.count <= 14, line.allSatisfy(\.isASCII) else { return }
        let isSection =
            first == "crypto" || first == "interface" || first == "tunnel-group" || first == "object"
            || first == "access-list"
        if isSection {
            // The document's prose and its debug lines say `crypto` too; what counts is the second word.
            section = words
            header(words, position)
        } else if !section.isEmpty {
            inside(words, position)
        }
    }

    private mutating func device(_ position: LogPosition) -> Int {
        if let last = devices.indices.last, devices[last].language == language, isOpen { return last }
        devices.append(DeviceConfiguration(language, position))
        isOpen = true
        return devices.count - 1
    }

    private var isOpen = false

    private mutating func finish() {
        closeProposals()
        (section, isOpen) = ([], false)
    }

    private mutating func closeProposals() {
        guard isOpen, let last = devices.indices.last(where: { devices[$0].language == language }) else { return }
        if !ike.transforms.isEmpty {
            // The integrity algorithm names the PRF where nothing else does.
            if ike.transforms(of: .prf).isEmpty {
                ike.transforms += ike.transforms(of: .integrity).compactMap { hash in
                    [1: UInt16(1), 2: 2, 12: 5, 13: 6, 14: 7][hash.id].map { LoggedTransform(.prf, $0) }
                }
            }
            devices[last].ike.append(ike)
        }
        if !child.transforms.isEmpty { devices[last].child.append(child) }
        (ike, child) = (LoggedProposal(.ike), LoggedProposal(.esp))
    }

    private mutating func header(_ words: [Substring], _ position: LogPosition) {
        let text = words.map(String.init)
        func begins(_ start: String...) -> Bool { text.starts(with: start) }
        let known =
            begins("crypto", "map") || begins("crypto", "ikev2") || begins("crypto", "ipsec")
            || begins("interface") || begins("tunnel-group") || begins("access-list") || begins("object")
        guard known, !text.contains("debug") else { return }
        closeProposals()
        let at = device(position)
        devices[at].lines.append(text.joined(separator: " "))
        if begins("crypto", "map"), text.count >= 6, Int(text[3]) != nil {
            if devices[at].tunnel == nil {
                (devices[at].tunnel, devices[at].tunnelPosition) = ("crypto map \(text[2]) \(text[3])", position)
                devices[at].pfs = DeviceConfiguration.PFS.none
            }
            if text[4] == "set", text[5] == "peer", text.count > 6 { devices[at].peer = text[6] }
            if text[4] == "set", text[5] == "pfs" {
                let group = text.count > 6 ? UInt16(text[6].drop { !$0.isNumber }) : nil
                devices[at].pfs = .group(group ?? 14)
            }
        }
        if begins("crypto", "ipsec", "security-association", "lifetime", "kilobytes"), text.count > 5 {
            devices[at].childKilobytes = Int(text[5])
        }
        if begins("crypto", "ipsec", "security-association", "lifetime", "seconds"), text.count > 5 {
            devices[at].childSeconds = Int(text[5])
        }
        if begins("crypto", "ipsec", "transform-set") {
            for word in text.dropFirst(4) {
                child.transforms += [
                    TransformWords.ciscoConfiguration(.encryption, word),
                    TransformWords.ciscoConfiguration(.integrity, word),
                ].compactMap(\.self)
            }
            if !child.transforms.isEmpty { child.transforms.append(LoggedTransform(.extendedSequenceNumbers, 0)) }
        }
        if begins("crypto", "ipsec", "profile") {
            (devices[at].tunnel, devices[at].tunnelPosition) = (text.joined(separator: " "), position)
            devices[at].pfs = devices[at].pfs ?? DeviceConfiguration.PFS.none
        }
    }

    private mutating func inside(_ words: [Substring], _ position: LogPosition) {
        let text = words.map(String.init)
        guard isOpen, let at = devices.indices.last else { return }
        func add(_ type: TransformType, _ into: WritableKeyPath<CiscoConfiguration, LoggedProposal>, from: Int) {
            for word in text.dropFirst(from) {
                if let transform = TransformWords.ciscoConfiguration(type, word) {
                    self[keyPath: into].transforms.append(transform)
                }
            }
        }
        switch (section.dropFirst().first ?? "", text[0]) {
        case ("ikev2", "encryption"): add(.encryption, \.ike, from: 1)
        case ("ikev2", "integrity"): add(.integrity, \.ike, from: 1)
        case ("ikev2", "prf"): add(.prf, \.ike, from: 1)
        case ("ikev2", "group"): add(.keyExchange, \.ike, from: 1)
        case ("ikev2", "address") where text.count > 1: devices[at].peer = text[1]
        case ("ipsec", "protocol") where text.count > 3 && text[1] == "esp":
            add(text[2] == "encryption" ? .encryption : .integrity, \.child, from: 3)
        case ("ipsec", "set") where text.count > 2 && text[1] == "pfs":
            devices[at].pfs = UInt16(text[2].drop { !$0.isNumber }).map { .group($0) }
        case (_, "ip") where section.first == "interface" && text.count > 2 && text[1] == "address":
            // The tunnel's and loopbacks' own addresses are not those that IKE goes between.
            let name = section.dropFirst().first ?? ""
            if !name.hasPrefix("Loopback"), !name.hasPrefix("Tunnel") { devices[at].address = text[2] }
        case (_, "!"): break
        default: return
        }
        devices[at].lines.append(" " + text.joined(separator: " "))
    }

    /// `New-AzureRmIpsecPolicy -IkeEncryption AES128 … -PfsGroup ECP256`: the other end's wishes.
    private mutating func azure(_ words: [Substring], _ position: LogPosition) {
        var values: [Substring: Substring] = [:]
        for (name, value) in zip(words, words.dropFirst()) where name.first == "-" { values[name.dropFirst()] = value }
        func cipher(_ word: Substring?) -> LoggedTransform? {
            guard let word else { return nil }
            let bits = UInt16(word.drop { !$0.isNumber })
            if word.hasPrefix("GCMAES") { return bits.map { LoggedTransform(.encryption, 20, .bits($0)) } }
            if word.hasPrefix("AES") { return bits.map { LoggedTransform(.encryption, 12, .bits($0)) } }
            return word == "DES3" ? LoggedTransform(.encryption, 3) : nil
        }
        let groups: [Substring: UInt16] = [
            "DHGroup1": 1, "DHGroup2": 2, "DHGroup14": 14, "DHGroup2048": 14, "DHGroup24": 24, "ECP256": 19,
            "ECP384": 20,
            "PFS1": 1, "PFS2": 2, "PFS2048": 14, "PFS14": 14, "PFS24": 24,
        ]
        func hash(_ word: Substring?, _ type: TransformType) -> LoggedTransform? {
            word.flatMap { TransformWords.ciscoConfiguration(type, $0.lowercased()) }
        }
        var azure = DeviceConfiguration(.azure, position)
        azure.ike = [
            LoggedProposal(
                .ike,
                [
                    cipher(values["IkeEncryption"]), hash(values["IkeIntegrity"], .prf),
                    hash(values["IkeIntegrity"], .integrity),
                    values["DhGroup"].flatMap { groups[$0] }.map { LoggedTransform(.keyExchange, $0) },
                ].compactMap(\.self))
        ]
        let pfs = values["PfsGroup"].flatMap { groups[$0] }
        let esp = cipher(values["IpsecEncryption"])
        azure.child = [
            LoggedProposal(
                .esp,
                [
                    esp, esp?.id == 20 ? nil : hash(values["IpsecIntegrity"], .integrity),
                    pfs.map { LoggedTransform(.keyExchange, $0) }, LoggedTransform(.extendedSequenceNumbers, 0),
                ].compactMap(\.self))
        ]
        azure.pfs = pfs.map { .group($0) } ?? DeviceConfiguration.PFS.none
        azure.childSeconds = values["SALifeTimeSeconds"].flatMap { Int($0) }
        azure.childKilobytes = values["SADataSizeKilobytes"].flatMap { Int($0) }
        azure.lines = [words.joined(separator: " ")]
        // Before what is being read, so that a line that follows still finds its device last.
        devices.insert(azure, at: isOpen ? max(0, devices.count - 1) : devices.count)
    }
}
