import IKECrypto
import IKEModel
import IKEWire
import TestPKI
import Testing

@testable import IKEEngine

/// Certificates by hash and URL (RFC 7296 §3.6): what is sent, fetched, and believed.
@Suite struct CertificateLookupTests {
    private let pki: SignatureAuthenticationTests.PKI

    init() throws { pki = try .init { try .generateECDSA(bits: 256) } }

    private func url(_ isWest: Bool) -> String { "http://192.0.2.1/\(isWest ? "west" : "east")" }

    /// - Parameters:
    ///   - senders: who has a URL for its certificate; both look URLs up where `looksUp` says so.
    private func ladder(
        bundle: Bool = false, looksUp: (_ isWest: Bool) -> Bool = { _ in true },
        change: (inout Connection, Bool) -> Void = { _, _ in }
    ) -> Ladder {
        let ladder = pki.ladder { connection, isWest in
            guard case .signature(var ours) = connection.local.authentication,
                case .signature(var theirs) = connection.remote.authentication
            else { return }
            let text = Array(url(isWest).utf8)
            if bundle { ours.bundleURL = text } else { ours.certificateURL = text }
            theirs.looksUpURLs = looksUp(isWest)
            (connection.local.authentication, connection.remote.authentication) = (.signature(ours), .signature(theirs))
            change(&connection, isWest)
        }
        for (isWest, certificate) in [(true, pki.west), (false, pki.east)] {
            ladder.web[url(isWest)] = bundle ? CertificateReference.bundle([certificate]) : certificate.der
        }
        return ladder
    }

    private func failures(_ end: Ladder.End) -> [FailureReason] {
        end.events.compactMap { if case .ikeFailed(_, _, let reason) = $0 { reason } else { nil } }
    }

    private func fetched(_ end: Ladder.End) -> [CertificateFetchFailure?] {
        end.events.compactMap { if case .certificateFetched(_, _, let failure) = $0 { .some(failure) } else { nil } }
    }

    private func encodings(_ end: Ladder.End) -> [CertificateEncoding] {
        end.events.flatMap { event -> [CertificateEncoding] in
            guard case .messagePassed(_, let facts) = event, !facts.isSent else { return [] }
            return facts.payloads.certificates.map(\.encoding)
        }
    }

    @Test(arguments: [false, true])
    func `each end fetches the other's certificate, alone or in a bundle`(_ bundle: Bool) {
        let ladder = ladder(bundle: bundle)
        ladder.up(staysUp: false)
        #expect(ladder.west.isEstablished && ladder.east.isEstablished, "\(failures(ladder.east))")
        #expect(ladder.asked.map(\.url) == [url(true), url(false)])
        for end in [ladder.west, ladder.east] {
            #expect(encodings(end) == [bundle ? .hashAndURLBundle : .hashAndURL])
            #expect(fetched(end) == [nil])
        }
        #expect(ladder.west.standing.count == 1 && ladder.east.standing.count == 1)
    }

    @Test func `a peer that does not look URLs up gets the certificate itself`() {
        let ladder = ladder(looksUp: { $0 })
        ladder.up(staysUp: false)
        #expect(ladder.west.isEstablished && ladder.east.isEstablished)
        #expect(ladder.asked.map(\.url) == [url(false)])
        #expect(encodings(ladder.east) == [.x509Signature] && encodings(ladder.west) == [.hashAndURL])
    }

    @Test func `a bundle has the authorities in it`() throws {
        let middle = try TestAuthority("C=CA, CN=middle", key: .generateECDSA(bits: 256), signedBy: pki.root)
        let west = try middle.issue(SignatureAuthenticationTests.PKI.template("west", pki.westKey))
        pki.west = west
        let ladder = ladder(bundle: true)
        ladder.tell(
            ladder.west,
            .setCredentials(
                Credentials(
                    privateKeys: [pki.westKey],
                    trust: TrustStore(anchors: [pki.root.certificate], intermediates: [middle.certificate]))))
        ladder.web[url(true)] = CertificateReference.bundle([west, middle.certificate])
        ladder.up(staysUp: false)
        #expect(ladder.west.isEstablished && ladder.east.isEstablished, "\(failures(ladder.east))")
    }

    @Test func `what is not there, or is something else, does not prove who the peer is`() throws {
        func refused(
            _ ladder: Ladder, _ failure: CertificateFetchFailure, _ location: SourceLocation = #_sourceLocation
        ) {
            ladder.up(staysUp: false)
            #expect(fetched(ladder.east) == [failure], sourceLocation: location)
            #expect(failures(ladder.east) == [.certificateByURL], sourceLocation: location)
            #expect(failures(ladder.west) == [.refused(.authenticationFailed)], sourceLocation: location)
        }
        var ladder = ladder()
        ladder.web = [:]
        refused(ladder, .notFetched("not there"))
        ladder = self.ladder()
        ladder.web[url(true)] = pki.east.der
        refused(ladder, .otherHash)
        ladder = self.ladder(change: { connection, isWest in
            guard isWest, case .signature(var policy) = connection.local.authentication else { return }
            policy.certificateURL = Array("ftp://192.0.2.1/west".utf8)
            connection.local.authentication = .signature(policy)
        })
        refused(ladder, .malformed)
        #expect(ladder.asked.isEmpty)
        // The right hash of no bundle.
        let octets = DER.sequence([DER.element(0xa1, [1, 2, 3])])
        let reference = try #require(
            try CertificateReference(
                CertificatePayload(
                    encoding: .hashAndURLBundle, data: Digest.sha1(octets) + Array("http://x/".utf8))))
        #expect(throws: CertificateFetchFailure.malformedBundle) { try reference.certificates(in: octets) }
        #expect(throws: CertificateFetchFailure.otherHash) { try reference.certificates(in: octets + [0]) }
    }

    @Test func `a certificate that is fetched is judged as one that was sent`() throws {
        pki.west = try pki.root.issue(SignatureAuthenticationTests.PKI.template("somebody else", pki.westKey))
        let ladder = ladder()
        ladder.up(staysUp: false)
        #expect(fetched(ladder.east) == [nil] && failures(ladder.east) == [.identityNotInCertificate])
    }

    @Test func `a request that is repeated while its certificates are fetched is answered once`() throws {
        let ladder = ladder()
        ladder.isWebSilent = true
        ladder.up(staysUp: false)
        #expect(ladder.asked.count == 1 && !ladder.east.isEstablished)
        ladder.pass(.seconds(2))
        let requests = ladder.wire.count { $0.from == "west" && $0.header.exchangeType == .ikeAuth }
        #expect(requests > 1)
        #expect(ladder.asked.count == 1)
        #expect(!ladder.wire.contains { $0.from == "east" && $0.header.exchangeType == .ikeAuth })
        #expect(ladder.east.drops == Array(repeating: .requestWaits(messageID: 1), count: requests - 1))
        ladder.report(ladder.east, ladder.report(on: ladder.asked[0]))
        ladder.report(ladder.west, ladder.report(on: try #require(ladder.asked.last)))
        #expect(ladder.west.isEstablished && ladder.east.isEstablished)
        #expect(ladder.asked.count == 2)
        // One that comes twice, or too late, is nobody's.
        ladder.report(ladder.east, ladder.report(on: ladder.asked[0]))
        #expect(ladder.east.standing.count == 1)
    }

    @Test func `another certificate that is not there does not take away the first`() {
        let ladder = ladder()
        ladder.west.engine.tamper = { exchange, first, plaintext in
            guard exchange == .ikeAuth, let payloads = try? Message.parsePayloads(first: first, plaintext[...]) else {
                return
            }
            let place = payloads.firstIndex { if case .certificate = $0 { true } else { false } } ?? 0
            var more = payloads
            more.insert(
                CertificateReference.payload([0], at: Array("http://192.0.2.1/gone".utf8), isBundle: false),
                at: place + 1)
            (first, plaintext) = Message.encodePayloads(more)
        }
        ladder.up(staysUp: false)
        #expect(fetched(ladder.east) == [nil, .notFetched("not there")])
        #expect(ladder.west.isEstablished && ladder.east.isEstablished, "\(failures(ladder.east))")
    }

    @Test func `a URL that is none, or one too many, takes nothing away from the others`() {
        func url(_ number: Int) -> [UInt8] { Array("http://192.0.2.1/\(number)".utf8) }
        let ladder = ladder()
        ladder.west.engine.tamper = { exchange, first, plaintext in
            guard exchange == .ikeAuth, let payloads = try? Message.parsePayloads(first: first, plaintext[...]) else {
                return
            }
            let place = payloads.firstIndex { if case .certificate = $0 { true } else { false } } ?? 0
            var more = payloads
            let malformed = CertificateReference.payload([0], at: Array("ldap://192.0.2.1/x".utf8), isBundle: false)
            for number in 1...5 {
                more.insert(CertificateReference.payload([0], at: url(number), isBundle: false), at: place + 1)
            }
            more.insert(malformed, at: place + 1)
            (first, plaintext) = Message.encodePayloads(more)
        }
        ladder.up(staysUp: false)
        let first = Array(ladder.asked.map(\.url).prefix(4))
        #expect(first == ["http://192.0.2.1/west"] + [5, 4, 3].map { "http://192.0.2.1/\($0)" })
        #expect(
            fetched(ladder.east)
                == [.malformed, .tooMany, nil] + Array(repeating: .notFetched("not there"), count: 3))
        #expect(ladder.west.isEstablished && ladder.east.isEstablished, "\(failures(ladder.east))")
    }

    @Test func `for the peers at one address few are fetched at once, and the others come again`() throws {
        var west: Connection?
        let ladder = ladder(change: { connection, isWest in if isWest { west = connection } })
        ladder.isWebSilent = true
        for number in 1...6 {
            var another = try #require(west)
            another.id = ConnectionID(UInt64(number))
            if number > 1 {
                another.local.identification = Identification(type: .fqdn, data: Array("west\(number)".utf8))
                ladder.tell(ladder.west, .add(another))
            }
            ladder.tell(ladder.west, .initiate(another.id, staysUp: false))
            ladder.settle()
        }
        #expect(ladder.asked.count == 4)
        #expect(ladder.east.drops == [.fetchLimit, .fetchLimit])
        ladder.report(ladder.east, ladder.report(on: ladder.asked[3]))
        #expect(ladder.asked.count == 4)
        ladder.pass(.seconds(1))
        #expect(ladder.asked.count == 5)
    }

    @Test func `an IKE SA that ends while its certificates are fetched is gone`() throws {
        let ladder = ladder()
        ladder.isWebSilent = true
        ladder.up(staysUp: false)
        ladder.pass(.seconds(200))
        #expect(ladder.east.engine.ikeSAs.isEmpty && ladder.west.engine.ikeSAs.isEmpty)
        ladder.report(ladder.east, ladder.report(on: try #require(ladder.asked.first)))
        #expect(ladder.east.engine.ikeSAs.isEmpty && ladder.east.engine.fetches.isEmpty)
    }
}
