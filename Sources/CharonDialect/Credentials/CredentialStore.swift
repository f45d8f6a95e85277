import IKECrypto
import IKEModel

/// What a charon signs with and whom it trusts: from ipsec.d and ipsec.secrets, and from swanctl's folders.
struct CredentialStore {
    /// Of one of the two ways in which they come.
    struct Part {
        var authorities: [Certificate] = []
        var certificates: [Certificate] = []
        var lists: [RevocationList] = []
        var keys: [PrivateKey] = []
        /// Where authorities' lists are, as configurations say (`TrustStore.listPlaces`).
        var listPlaces: [[UInt8]: [String]] = [:]
    }

    var stroke = Part()
    var vici = Part()
    /// What came in ipsec.secrets' PKCS #12 files.
    var strokeContainers = Part()
    /// Authorities that connections ask of their peers (swanctl's `cacerts`).
    var required = Part()
    /// Lists that were fetched.
    var fetched = Part()
    /// Of peers that proved who they are, the newest last.
    private(set) var seen: [Certificate] = []

    /// Peers' certificates that are kept for a listing.
    private static let seenLimit = 64

    mutating func note(_ certificate: Certificate) {
        guard !seen.contains(certificate), !certificates.contains(certificate) else { return }
        seen.append(certificate)
        if seen.count > Self.seenLimit { seen.removeFirst() }
    }

    mutating func forgetSeen() { seen = [] }

    private static func unique<Item: Hashable>(_ items: [Item]) -> [Item] {
        var known: Set<Item> = []
        return items.filter { known.insert($0).inserted }
    }

    var authorities: [Certificate] {
        Self.unique(stroke.authorities + strokeContainers.authorities + vici.authorities + required.authorities)
    }
    var certificates: [Certificate] {
        Self.unique(stroke.certificates + strokeContainers.certificates + vici.certificates)
    }
    var lists: [RevocationList] { Self.unique(stroke.lists + vici.lists + fetched.lists) }
    var keys: [PrivateKey] { stroke.keys + strokeContainers.keys + vici.keys }

    mutating func add(_ container: PKCS12, to part: WritableKeyPath<CredentialStore, Part>) {
        self[keyPath: part].authorities += container.authorities
        self[keyPath: part].certificates += container.ends
        if let key = container.privateKey { self[keyPath: part].keys.append(key) }
    }

    func hasPrivateKey(of key: PublicKey) -> Bool { keys.contains { $0.publicKey == key } }

    /// The authority that a Certificate Request names by the hash of its key (RFC 7296 §3.7).
    func authority(hash: [UInt8]) -> Certificate? { authorities.first { $0.publicKey.authorityHash == hash } }

    /// An authority that signed itself is an anchor, any other a link between.
    var credentials: Credentials {
        var trust = TrustStore(
            anchors: authorities.filter(\.isSelfIssued), intermediates: authorities.filter { !$0.isSelfIssued },
            revocationLists: lists)
        trust.listPlaces = stroke.listPlaces.merging(vici.listPlaces) { $0 + $1 }
        return Credentials(privateKeys: keys, trust: trust)
    }

    /// Adds an authority's list in the place of an older one (RFC 5280 §5.2.3).
    /// - Returns: what strongSwan says of it; nil for the first one.
    mutating func add(_ list: RevocationList, to part: WritableKeyPath<CredentialStore, Part>) -> String? {
        func number(_ list: RevocationList) -> String {
            "crl #" + (list.number ?? []).map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined(separator: ":")
        }
        guard let index = self[keyPath: part].lists.firstIndex(where: { $0.issuer == list.issuer }) else {
            self[keyPath: part].lists.append(list)
            return nil
        }
        let old = self[keyPath: part].lists[index]
        guard list.isNewer(than: old) else {
            return "  \(number(list)) is not newer - existing \(number(old)) retained"
        }
        self[keyPath: part].lists[index] = list
        return "  \(number(list)) is newer - existing \(number(old)) replaced"
    }
}

extension RevocationList {
    /// By cRLNumber where both have one, else by thisUpdate.
    fileprivate func isNewer(than other: RevocationList) -> Bool {
        if let mine = number, let theirs = other.number {
            return mine.count != theirs.count
                ? mine.count > theirs.count : theirs.lexicographicallyPrecedes(mine)
        }
        return thisUpdate > other.thisUpdate
    }
}
