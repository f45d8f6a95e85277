/// The computations of MS-CHAP-V2 (RFC 2759 §8) and the keys that come of it (RFC 3079 §3).
///
/// A value of it is what one password, two challenges of 16 octets and a user name make.
package struct MSCHAPv2: Sendable {
    /// 24 octets: what shows that the peer has the password.
    package let response: [UInt8]
    /// 20 octets: what shows that the authenticator has it, too.
    package let authenticatorResponse: [UInt8]
    /// 64 octets: the server's receive key and its send key, 16 octets each, and zeros.
    package let masterSessionKey: SecretBytes

    /// Octets of a challenge.
    package static let challengeLength = 16
    /// Whether OpenSSL has what it takes.
    package static var isSupported: Bool { MD4.isSupported }

    /// - Parameters:
    ///   - password: UTF-8.
    ///   - user: with or without `DOMAIN\` before it, which is no part of what is computed (RFC 2759 §4).
    /// - Throws: `unsupported` without MD4, `malformed` where the password is no UTF-8, `length` for a challenge of another
    ///   length.
    package init(
        password: SecretBytes, user: [UInt8], authenticatorChallenge: [UInt8], peerChallenge: [UInt8]
    ) throws(CryptoError) {
        for challenge in [authenticatorChallenge, peerChallenge] where challenge.count != MSCHAPv2.challengeLength {
            throw .length(what: "a challenge", expected: MSCHAPv2.challengeLength, got: challenge.count)
        }
        var hash = try MSCHAPv2.passwordHash(password)
        var hashOfHash = try MD4.compute(hash)
        defer {
            hash.wipe()
            hashOfHash.wipe()
        }
        let name = user.lastIndex(of: UInt8(ascii: "\\")).map { Array(user[($0 + 1)...]) } ?? user
        let challenge = Array(Digest.sha1(peerChallenge, authenticatorChallenge, name).prefix(8))
        response = try MSCHAPv2.challengeResponse(challenge, hash: hash)
        let first = Digest.sha1(hashOfHash, response, Array("Magic server to client signing constant".utf8))
        authenticatorResponse = Digest.sha1(
            first, challenge, Array("Pad to make it do more than one iteration".utf8))
        var master = Array(
            Digest.sha1(hashOfHash, response, Array("This is the MPPE Master Key".utf8)).prefix(16))
        defer { master.wipe() }
        let (toServer, toClient) = (
            MSCHAPv2.startKey(master, isToServer: true), MSCHAPv2.startKey(master, isToServer: false)
        )
        masterSessionKey = SecretBytes(toServer + toClient + [UInt8](repeating: 0, count: 32))
    }

    /// NtPasswordHash: MD4 of the password in UTF-16, the low octet first (RFC 2759 §8.3).
    private static func passwordHash(_ password: SecretBytes) throws(CryptoError) -> [UInt8] {
        var octets = password.exposed
        defer { octets.wipe() }
        var wide: [UInt8] = []
        wide.reserveCapacity(2 * octets.count)
        defer { wide.wipe() }
        var decoder = UTF8()
        var source = octets.makeIterator()
        decoding: while true {
            switch decoder.decode(&source) {
            case .scalarValue(let scalar):
                for unit in UTF16.encode(scalar)! { wide += [UInt8(truncatingIfNeeded: unit), UInt8(unit >> 8)] }
            case .emptyInput: break decoding
            case .error: throw .malformed("a password that is no UTF-8")
            }
        }
        return try MD4.compute(wide)
    }

    /// ChallengeResponse: the challenge under three keys of DES, cut from the hash and zeros (RFC 2759 §8.5).
    private static func challengeResponse(_ challenge: [UInt8], hash: [UInt8]) throws(CryptoError) -> [UInt8] {
        let material = hash + [UInt8](repeating: 0, count: 21 - hash.count)
        var result: [UInt8] = []
        for start in [0, 7, 14] {
            let key = SecretBytes(spread(material[start..<start + 7]))
            // One block of CBC under the zero vector is one of ECB, and Triple DES with one key three times is DES.
            let cipher = try CipherContext(.tripleDESCBC, key: key + key + key, encrypting: true)
            try cipher.start(encrypting: true)
            result += try encrypt(challenge, cipher)
        }
        return result
    }

    private static func encrypt(_ block: [UInt8], _ cipher: CipherContext) throws(CryptoError) -> [UInt8] {
        let sealed = try SecretBytes(count: block.count) { (out) throws(CryptoError) in
            out.copyBytes(from: block)
            try cipher.update(out)
        }
        return sealed.exposed
    }

    /// 56 bits to 64: seven of key and one of parity, which DES does not look at.
    private static func spread(_ key: ArraySlice<UInt8>) -> [UInt8] {
        let bits = key.reduce(UInt64(0)) { $0 << 8 | UInt64($1) }
        return (0..<8).map { UInt8(truncatingIfNeeded: bits >> UInt64(49 - 7 * $0)) << 1 }
    }

    /// GetAsymmetricStartKey for 128 bits (RFC 3079 §3.4).
    private static func startKey(_ master: [UInt8], isToServer: Bool) -> [UInt8] {
        let (send, receive) = isToServer ? ("send", "receive") : ("receive", "send")
        let words = "On the client side, this is the \(send) key; on the server side, it is the \(receive) key."
        return Array(
            Digest.sha1(
                master, [UInt8](repeating: 0, count: 40), Array(words.utf8), [UInt8](repeating: 0xf2, count: 40)
            ).prefix(16))
    }
}
