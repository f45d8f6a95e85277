import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// Certificates that a message names by hash and URL, and that are fetched before it is looked at (RFC 7296 §3.6). Whoever sends one is
/// not authenticated: only connections that say so have them fetched, a few each, and of bounded size and time.
extension Engine {
    /// CERT payloads of one message that are fetched: as many as certificates are sent at most (RFC 7296 §3.6).
    private static let fetchLimit = 4
    /// What is under way for all peers at one address: none of them has shown yet who it is.
    private static let fetchAddressLimit = 4
    /// What is under way for all peers together: well below what is fetched at once, of which others need some.
    private static let fetchTotalLimit = 8
    /// Octets of a certificate or bundle.
    private static let fetchOctets = 64 * 1024
    /// An initiator waits longer than this for its answer.
    private static let fetchTimeout = Duration.seconds(10)

    /// N(HTTP_CERT_LOOKUP_SUPPORTED), where one of the connections looks its peer's certificate up.
    func lookupOffer(_ connections: [Connection], _ ike: IKESA) -> [Payload] {
        ike.looksUpCertificates = connections.contains { connection in
            guard case .signature(let policy) = connection.remote.authentication else { return false }
            return policy.looksUpURLs && policy.knownKey == nil
        }
        return ike.looksUpCertificates ? [.notify(NotifyPayload(type: .httpCertLookupSupported))] : []
    }

    /// The payloads with the certificates that they name; nil while these are on their way, and `take` goes on with the message.
    func withCertificates(_ payloads: [Payload], _ ike: IKESA, isResponse: Bool) -> [Payload]? {
        guard ike.looksUpCertificates else { return payloads }
        var lookup = CertificateLookup(payloads: payloads, isResponse: isResponse)
        for case (let place, .certificate(let payload)) in payloads.enumerated() {
            // One that is no use says nothing of the others.
            do throws(CertificateFetchFailure) {
                guard let reference = try CertificateReference(payload) else { continue }
                guard lookup.references.count < Engine.fetchLimit else {
                    emit(.certificateFetched(ike.id, url: reference.url, .tooMany))
                    break
                }
                lookup.references[place] = reference
            } catch {
                emit(.certificateFetched(ike.id, url: "", error))
            }
        }
        guard !lookup.references.isEmpty else { return payloads }
        // What this end asked for itself, it waits for; a request comes again.
        if !isResponse,
            fetches.values.count(where: { $0.address == ike.remote.address }) + lookup.references.count
                > Engine.fetchAddressLimit
                || fetches.count + lookup.references.count > Engine.fetchTotalLimit
        {
            emit(.dropped(.fetchLimit, ike.id, from: ike.remote, .ikeAuth, payloads: []))
            return nil
        }
        for (place, reference) in lookup.references.sorted(by: { $0.key < $1.key }) {
            let number = nextNumber()
            lookup.missing[number] = place
            fetches[number] = (ike.id, ike.remote.address)
            outbox.append(
                .fetch(
                    FetchRequest(
                        number: number, url: reference.url, limit: Engine.fetchOctets, timeout: Engine.fetchTimeout)))
        }
        ike.lookup = lookup
        return nil
    }

    func take(_ report: FetchReport) {
        guard let ike = fetches.removeValue(forKey: report.number).flatMap({ ikes[$0.ike] }), var lookup = ike.lookup,
            let place = lookup.missing.removeValue(forKey: report.number), let reference = lookup.references[place]
        else { return }
        do throws(CertificateFetchFailure) {
            guard let octets = report.octets else { throw .notFetched(report.reason) }
            lookup.found[place] = try reference.certificates(in: octets)
            emit(.certificateFetched(ike.id, url: reference.url, nil))
        } catch {
            emit(.certificateFetched(ike.id, url: reference.url, error))
        }
        ike.lookup = lookup.missing.isEmpty ? nil : lookup
        guard lookup.missing.isEmpty else { return }
        switch (lookup.isResponse, ike.phase) {
        case (true, .authSent(let offer)):
            takeIKEAuthResponse(lookup.completed, ike, offer)
            sendNext(ike)
        case (false, .awaitingAuth(let halfOpen)): answerIKEAuth(lookup.completed, ike, halfOpen)
        default: break
        }
    }

    /// What waited for revocation lists is looked at again, now with those that are there.
    func continueAuthentication(_ ike: IKESA) {
        guard let payloads = ike.parked else { return }
        ike.parked = nil
        switch ike.phase {
        case .authSent(let offer):
            takeIKEAuthResponse(payloads, ike, offer)
            sendNext(ike)
        case .awaitingAuth(let halfOpen): answerIKEAuth(payloads, ike, halfOpen)
        default: break
        }
    }
}
