import IKECrypto
import IKEModel

/// A value of `ike=` or `esp=` that pluto refuses, in pluto's words.
package struct AlgorithmError: Error, Hashable, CustomStringConvertible {
    package var description: String
    init(_ description: String) { self.description = description }
}

/// Reads `aes_gcm256-sha2+sha1;modp2048,aes128-sha1` as pluto does.
///
/// Proposals are parted by `,`. Within one, `+` joins algorithms of a kind; `-` goes on to the next kind (encryption,
/// integrity, PRF for IKE, key exchange), `;` straight to the key exchange. A key length is part of a cipher's name
/// (`aes256`, `aes_256`) or follows it (`aes-256`).
package struct AlgorithmParser {
    package enum Kind: String, Sendable {
        case ike = "IKE"
        case esp = "ESP"
    }

    package let kind: Kind
    package let fips: Bool
    /// Whether a Child SA may have a key exchange of its own.
    package let pfs: Bool
    /// Whether algorithms may be named that are broken or nearly so.
    package let weak: Bool
    /// Those of them that were named, as printed.
    package private(set) var weakAlgorithms: [String] = []
    /// What was read otherwise than it was written, in pluto's words.
    package private(set) var warnings: [String] = []

    package init(_ kind: Kind, fips: Bool = false, pfs: Bool = true, weak: Bool = false) {
        self.weak = weak && !fips
        self.kind = kind
        self.fips = fips
        self.pfs = pfs
    }

    /// Far more than any configuration says; each proposal may hold 8 key exchanges.
    private static let proposalLimit = 64

    package mutating func parse(_ text: String) throws(AlgorithmError) -> [AlgorithmProposal] {
        guard !text.isEmpty else { throw AlgorithmError("\(kind.rawValue) proposal is empty") }
        var proposals: [AlgorithmProposal] = []
        for part in text.split(separator: ",", omittingEmptySubsequences: false) {
            let proposal = try proposal(part)
            if !proposals.contains(proposal) { proposals.append(proposal) }
            noteWeak(proposal)
            guard proposals.count <= AlgorithmParser.proposalLimit else {
                throw AlgorithmError("more than \(AlgorithmParser.proposalLimit) \(kind.rawValue) proposals")
            }
        }
        if kind == .esp { try settleKeyExchange(&proposals) }
        return proposals
    }

    private mutating func noteWeak(_ proposal: AlgorithmProposal) {
        let ciphers = proposal.encryption.compactMap { cipher in
            AlgorithmNames.encryption.first { $0.algorithm == cipher.algorithm && $0.standing == .weak }?.printed
        }
        let groups = proposal.keyExchange.compactMap { method in
            AlgorithmNames.keyExchange.first { $0.method == method && $0.standing == .weak }?.printed
        }
        for name in ciphers + groups where !weakAlgorithms.contains(name) { weakAlgorithms.append(name) }
    }

    // MARK: One proposal

    private struct Tokens {
        /// Each with the delimiter before it; the first has none.
        var items: [(delimiter: Character?, text: String)]
        var index = 0

        init(_ text: Substring) {
            items = []
            var delimiter: Character?
            var word = ""
            for character in text {
                if "+-;".contains(character) {
                    items.append((delimiter, word))
                    delimiter = character
                    word = ""
                } else {
                    word.append(character)
                }
            }
            items.append((delimiter, word))
        }

        var next: (delimiter: Character?, text: String)? { index < items.count ? items[index] : nil }
    }

    private mutating func proposal(_ text: Substring) throws(AlgorithmError) -> AlgorithmProposal {
        var tokens = Tokens(text)
        let names = self
        var result = AlgorithmProposal(encryption: [], integrity: [], prf: [], keyExchange: [])
        repeat {
            let cipher = try encryption(&tokens)
            // A cipher without a length stands for every length of it.
            if result.encryption.contains(where: {
                $0.algorithm == cipher.algorithm && ($0.keyBits == 0 || $0.keyBits == cipher.keyBits)
            }) {
                discard("encryption", AlgorithmNames.name(cipher))
            } else {
                result.encryption.append(cipher)
            }
        } while tokens.next?.delimiter == "+"
        if tokens.next?.delimiter == "-", kind == .esp || isIntegrityOnly(tokens.next!.text) {
            result.integrity = try list(&tokens, "integrity", AlgorithmNames.name(_:)) { names.integrity($0) }
        }
        if kind == .ike, tokens.next?.delimiter == "-" {
            result.prf = try list(&tokens, "PRF", AlgorithmNames.name(_:)) { names.prf($0) }
        }
        if let delimiter = tokens.next?.delimiter, delimiter == "-" || delimiter == ";" {
            result.keyExchange = try list(&tokens, "DH", AlgorithmNames.name(_:)) { names.keyExchange($0) }
        }
        if let rest = tokens.next {
            throw AlgorithmError("\(kind.rawValue) proposal contains unexpected '\(rest.text)'")
        }
        try complete(&result)
        return result
    }

    private enum Lookup<Value> {
        case found(Value)
        case withheld, unknown
    }

    private mutating func list<Value: Equatable>(
        _ tokens: inout Tokens, _ what: String, _ name: (Value) -> String, _ lookup: (String) -> Lookup<Value>
    ) throws(AlgorithmError) -> [Value] {
        var result: [Value] = []
        repeat {
            let text = tokens.items[tokens.index].text
            tokens.index += 1
            guard !text.isEmpty else { throw AlgorithmError("\(kind.rawValue) \(what) algorithm is empty") }
            switch lookup(text.lowercased()) {
            case .unknown: throw AlgorithmError("\(kind.rawValue) \(what) algorithm '\(text)' is not recognized")
            case .withheld: throw AlgorithmError("\(kind.rawValue) \(what) algorithm '\(text)' is not supported")
            case .found(let value):
                if result.contains(value) { discard(what, name(value)) } else { result.append(value) }
            }
        } while tokens.next?.delimiter == "+"
        return result
    }

    private mutating func discard(_ what: String, _ name: String) {
        warnings.append("discarding duplicate \(kind.rawValue) \(what) algorithm \(name)")
    }

    // MARK: Names

    private func encryption(_ tokens: inout Tokens) throws(AlgorithmError) -> CipherChoice {
        let text = tokens.items[tokens.index].text
        tokens.index += 1
        guard !text.isEmpty else { throw AlgorithmError("\(kind.rawValue) encryption algorithm is empty") }
        let lower = text.lowercased()
        var said = text
        var entry = AlgorithmNames.encryption.first { $0.typed.contains(lower) }
        var bits: Substring?
        if entry != nil {
            // `aes-128`: the number behind the dash belongs to the cipher.
            if let next = tokens.next, next.delimiter == "-", !next.text.isEmpty,
                next.text.allSatisfy({ $0.isASCII && $0.isNumber })
            {
                tokens.index += 1
                said += "-" + next.text
                bits = next.text[...]
            }
        } else {
            let digits = lower.reversed().prefix { $0.isASCII && $0.isNumber }.count
            var stem = lower.dropLast(digits)
            if digits > 0 {
                if stem.hasSuffix("_") { stem = stem.dropLast() }
                entry = AlgorithmNames.encryption.first { $0.typed.contains(String(stem)) }
                bits = lower.suffix(digits)
            }
            if entry == nil {
                let withheld =
                    AlgorithmNames.withheldEncryption.contains(lower)
                    || AlgorithmNames.withheldEncryption.contains(String(stem))
                throw AlgorithmError(
                    "\(kind.rawValue) encryption algorithm '\(text)' is not \(withheld ? "supported" : "recognized")")
            }
        }
        guard let entry, entry.fips || !fips, entry.inIKE || kind == .esp, entry.standing != .weak || weak else {
            throw AlgorithmError("\(kind.rawValue) encryption algorithm '\(text)' is not supported")
        }
        guard let bits else { return CipherChoice(entry.algorithm) }
        // Five digits are a number that cannot be meant; pluto tells it apart from one that is merely wrong.
        guard bits.count < 5, let length = Int(bits) else {
            throw AlgorithmError("\(kind.rawValue) encryption algorithm '\(said)' key length WAY too big")
        }
        guard length > 0 else { throw AlgorithmError("\(kind.rawValue) encryption key length is zero") }
        guard entry.takesKeyBits else {
            throw AlgorithmError(
                "\(kind.rawValue) encryption algorithm \(entry.printed) does not allow a key lengths")
        }
        let allowed = entry.algorithm.allowedKeyBits
        guard allowed.contains(length) else {
            let list = allowed.map { String($0) }.joined(separator: ", ")
            throw AlgorithmError(
                "\(kind.rawValue) encryption algorithm \(entry.printed) with key length \(length) invalid; "
                    + "valid key lengths: \(list)")
        }
        return CipherChoice(entry.algorithm, keyBits: length)
    }

    /// Whether an IKE proposal's second part can only be integrity: a PRF comes first where a name is both.
    private func isIntegrityOnly(_ text: String) -> Bool {
        let lower = text.lowercased()
        return AlgorithmNames.integrity.contains { $0.typed.contains(lower) }
            && !AlgorithmNames.prf.contains { $0.typed.contains(lower) }
    }

    private func integrity(_ name: String) -> Lookup<IntegrityAlgorithm> {
        guard let entry = AlgorithmNames.integrity.first(where: { $0.typed.contains(name) }) else {
            return name == "ripemd" ? .withheld : .unknown
        }
        return (entry.fips || !fips) && (entry.inIKE || kind == .esp) ? .found(entry.algorithm) : .withheld
    }

    private func prf(_ name: String) -> Lookup<PRFAlgorithm> {
        guard let entry = AlgorithmNames.prf.first(where: { $0.typed.contains(name) }) else { return .unknown }
        return entry.fips || !fips ? .found(entry.algorithm) : .withheld
    }

    private func keyExchange(_ name: String) -> Lookup<KeyExchangeMethod> {
        guard let entry = AlgorithmNames.keyExchange.first(where: { $0.typed.contains(name) }),
            entry.standing != .weak || weak
        else {
            return AlgorithmNames.withheldKeyExchange.contains(name) ? .withheld : .unknown
        }
        return entry.fips || !fips ? .found(entry.method) : .withheld
    }

    // MARK: What belongs together

    private func complete(_ proposal: inout AlgorithmProposal) throws(AlgorithmError) {
        let aead = proposal.encryption.filter { $0.algorithm.isAEAD }.count
        guard aead == 0 || aead == proposal.encryption.count else {
            throw AlgorithmError("AEAD and non-AEAD \(kind.rawValue) encryption algorithm cannot be combined")
        }
        let cipher = AlgorithmNames.name(CipherChoice(proposal.encryption[0].algorithm))
        if aead > 0 {
            if let wrong = proposal.integrity.first(where: { $0 != .none }) {
                throw AlgorithmError(
                    "AEAD \(kind.rawValue) encryption algorithm \(cipher) must have 'NONE' as the integrity algorithm, "
                        + "not '\(AlgorithmNames.name(wrong))'")
            }
            proposal.integrity = kind == .ike ? [] : [.none]
        } else {
            // RFC 2410 §4: ESP's NULL cipher needs integrity as every other one that has none of its own.
            if proposal.integrity.contains(.none) {
                throw AlgorithmError(
                    "non-AEAD \(kind.rawValue) encryption algorithm \(cipher) cannot have 'NONE' as the integrity "
                        + "algorithm")
            }
            if kind == .esp, proposal.integrity.isEmpty { proposal.integrity = DefaultProposals.integrity }
        }
        guard kind == .ike else { return }
        if proposal.prf.isEmpty { proposal.prf = DefaultProposals.prf }
        if proposal.keyExchange.contains(.none) { throw AlgorithmError("IKE DH algorithm 'none' not permitted") }
        if proposal.keyExchange.isEmpty { proposal.keyExchange = DefaultProposals.keyExchange }
    }

    /// A Child SA's key exchange: all proposals or none say one, and it is the same (a responder could not ask for
    /// another one with INVALID_KE_PAYLOAD).
    private mutating func settleKeyExchange(_ proposals: inout [AlgorithmProposal]) throws(AlgorithmError) {
        guard pfs else {
            for index in proposals.indices {
                for method in proposals[index].keyExchange {
                    warnings.append(
                        method == .none
                            ? "ignoring redundant ESP DH algorithm NONE as PFS policy is disabled"
                            : "ignoring ESP DH algorithm \(AlgorithmNames.name(method)) as PFS policy is disabled")
                }
                proposals[index].keyExchange = []
            }
            return
        }
        let saying = proposals.filter { !$0.keyExchange.isEmpty }
        guard saying.isEmpty || saying.count == proposals.count else {
            throw AlgorithmError("either all or no ESP proposals should specify DH")
        }
        let methods = saying.flatMap { $0.keyExchange }.filter { $0 != .none }
        if let first = methods.first, let other = methods.first(where: { $0 != first }) {
            throw AlgorithmError(
                "more than one IKEv2 ESP DH algorithm (\(AlgorithmNames.name(first)), \(AlgorithmNames.name(other))) "
                    + "requires unimplemented CHILD_SA INVALID_KE")
        }
    }
}
