import IKECrypto
import IKEModel
import IKEWire

/// A certificate, or a bundle of them, by its hash and URL (RFC 7296 §3.6).
struct CertificateReference {
    /// SHA-1, 20 octets.
    let hash: [UInt8]
    let url: String
    let isBundle: Bool

    /// As long as a URL may be.
    private static let greatestURL = 1024

    /// nil for a payload that holds the certificate itself. - Throws: `malformed` for what is no hash and `http:` URL.
    init?(_ payload: CertificatePayload) throws(CertificateFetchFailure) {
        guard [.hashAndURL, .hashAndURLBundle].contains(payload.encoding) else { return nil }
        isBundle = payload.encoding == .hashAndURLBundle
        let address = payload.data.dropFirst(20)
        guard (1...Self.greatestURL).contains(address.count), address.allSatisfy({ (0x21...0x7e).contains($0) }),
            address.starts(with: Array("http://".utf8))
        else { throw .malformed }
        hash = Array(payload.data.prefix(20))
        url = String(decoding: address, as: UTF8.self)
    }

    /// What this reference leads to: the certificates, the first one first. Revocation lists in a bundle are left out.
    func certificates(in octets: [UInt8]) throws(CertificateFetchFailure) -> [[UInt8]] {
        guard Digest.sha1(octets) == hash else { throw .otherHash }
        guard isBundle else { return [octets] }
        do throws(CryptoError) {
            var whole = DERReader(octets)
            var entries = DERReader(try whole.next(DER.sequence, "CertificateBundle").content)
            try whole.finish("CertificateBundle")
            var found: [[UInt8]] = []
            while !entries.isAtEnd {
                let entry = try entries.next("CertificateOrCRL")
                if entry.tag == Self.certificateTag { found.append(Array(entry.content)) }
            }
            if found.isEmpty { throw .malformed("no certificate") }
            return found
        } catch { throw .malformedBundle }
    }

    /// `cert [0]`, explicitly tagged.
    private static let certificateTag: UInt8 = 0xa0

    /// CertificateBundle, DER.
    static func bundle(_ certificates: [Certificate]) -> [UInt8] {
        DER.sequence(certificates.map { DER.element(certificateTag, $0.der) })
    }

    /// CERT of what stands at a URL.
    static func payload(_ octets: [UInt8], at url: [UInt8], isBundle: Bool) -> Payload {
        .certificate(
            CertificatePayload(encoding: isBundle ? .hashAndURLBundle : .hashAndURL, data: Digest.sha1(octets) + url))
    }
}

/// An IKE_AUTH message that waits for the certificates which it names.
struct CertificateLookup {
    let payloads: [Payload]
    let isResponse: Bool
    /// By the place of the payload: what it named, and what that led to.
    var references: [Int: CertificateReference] = [:]
    var found: [Int: [[UInt8]]] = [:]
    /// The places of the payloads whose fetches are under way, by the number of the fetch.
    var missing: [UInt64: Int] = [:]

    /// The message as if the certificates had stood in it; what names one that is not there, as it came.
    var completed: [Payload] {
        payloads.enumerated().flatMap { place, payload in
            found[place].map { $0.map { .certificate(CertificatePayload(encoding: .x509Signature, data: $0)) } }
                ?? [payload]
        }
    }
}
