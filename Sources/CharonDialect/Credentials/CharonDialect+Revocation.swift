package import DialectKit
import IKECrypto
package import IKEModel

/// Revocation lists that a chain says where to fetch, for an IKE SA whose peer's proof waits for them.
struct ListSearch {
    /// One certificate whose list is looked for, and where.
    struct Place {
        var certificate: Certificate
        var issuer: Certificate
        var urls: [String]
    }

    /// The first of them, and of its URLs the first, is under way.
    var places: [Place]
    var began: Instant
    var request: UInt64 = 0
}

extension CharonDialect {
    /// Of a list.
    private static let listOctets = 8 << 20
    /// As strongSwan's fetchers have it.
    private static let fetchTimeout = Duration.seconds(10)
    /// From here on no other place is tried: the peer waits for an answer, and a half-open IKE SA does not last.
    private static let searchLimit = Duration.seconds(25)

    /// Of each certificate without a good list one URL after another is asked, until there is one.
    func searchLists(_ path: CertificatePath, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        let places = path.checks.filter { $0.status == .unknown }.compactMap { check -> ListSearch.Place? in
            let urls = check.certificate.listURLs
            return urls.isEmpty ? nil : .init(certificate: check.certificate, issuer: check.issuer, urls: urls)
        }
        listSearches[ike] = ListSearch(places: places, began: view.now)
        return search(ike, view)
    }

    private func search(_ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        while let search = listSearches[ike], let place = search.places.first,
            view.now - search.began < Self.searchLimit
        {
            guard let text = place.urls.first else {
                listSearches[ike]?.places.removeFirst()
                continue
            }
            note("CFG", "  fetching crl from '\(text)' ...", place.certificate, ike)
            lastFetch += 1
            listSearches[ike]?.request = lastFetch
            return [
                .fetch(
                    FetchRequest(number: lastFetch, url: text, limit: Self.listOctets, timeout: Self.fetchTimeout))
            ]
        }
        listSearches[ike] = nil
        return [.command(.setCredentials(credentials.credentials)), .command(.continueAuthentication(ike))]
    }

    /// Lines that stand in a chain's report, at this certificate.
    private func note(_ group: String, _ text: String, _ certificate: Certificate, _ ike: IKESAID) {
        ikes[ike]?.proof.fetching[certificate, default: []].append((group, text))
    }

    /// The next URL, if there is one.
    private func failed(_ ike: IKESAID) {
        guard let place = listSearches[ike]?.places.first else { return }
        note("CFG", "crl fetching failed", place.certificate, ike)
        listSearches[ike]?.places[0].urls.removeFirst()
    }

    package func fetched(
        _ request: FetchRequest, _ result: Result<[UInt8], FetchFailure>, _ view: any DaemonView
    ) -> [DialectEffect] {
        guard let ike = listSearches.first(where: { $0.value.request == request.number })?.key,
            let place = listSearches[ike]?.places.first
        else { return [] }
        nextJob()
        switch result {
        case .success(let octets):
            // A file of the web is DER as a rule (RFC 5280 §4.2.1.13), and PEM at times.
            let sections = (try? PEM.sections(of: octets)) ?? []
            let der = sections.first { $0.label.hasSuffix("X509 CRL") }?.contents.exposed ?? octets
            guard let list = try? RevocationList(der: der), list.issuer == place.certificate.issuer,
                list.isSigned(by: place.issuer.publicKey)
            else {
                note(
                    "LIB", "crl response is no list that \"\(place.issuer.subject.text)\" has signed",
                    place.certificate, ike)
                failed(ike)
                break
            }
            // What becomes a file is not forgotten with those that were only fetched.
            if let verdict = credentials.add(list, to: cachesLists ? \.stroke : \.fetched) {
                note("LIB", verdict, place.certificate, ike)
            }
            let isFresh =
                list.thisUpdate <= view.wallClockSeconds && list.nextUpdate.map { $0 >= view.wallClockSeconds } ?? true
            if isFresh {
                listSearches[ike]?.places.removeFirst()
            } else {
                listSearches[ike]?.places[0].urls.removeFirst()
            }
        case .failure(let failure):
            note("LIB", Self.words(failure, request.url), place.certificate, ike)
            failed(ike)
        }
        return search(ike, view)
    }

    /// `cachecrls=yes`: a list that was fetched becomes a file, named for its authority's key, which is read at the next start.
    /// strongSwan does so when the verdict stands.
    func keep(_ list: RevocationList, _ ike: IKESAID, _ view: any DaemonView) -> [DialectEffect] {
        guard cachesLists, let key = list.authorityKeyIdentifier else { return [] }
        let name = key.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        let path = "\(paths.ipsecFolder)/crls/\(name).crl"
        let group = version == .v4_2_9 ? "LIB" : "CFG"
        return [
            .writeFile(
                path, list.der,
                then: tell(group, "  written crl file '\(path)' (\(list.der.count) bytes)", ike, view),
                otherwise: tell(group, "  writing crl file '\(path)' failed", ike, view))
        ]
    }

    /// As the library words it that strongSwan fetches with.
    private static func words(_ failure: FetchFailure, _ url: String) -> String {
        let words: String
        switch failure {
        case .malformedURL: return "unable to fetch from \(url), no capable fetcher found"
        case .unknownHost(let name): words = "[6]: Could not resolve host: \(name)"
        case .noConnection(let host, let port, let milliseconds):
            words =
                "[7]: Failed to connect to \(host) port \(port) after \(milliseconds) ms: Couldn't connect to server"
        case .sendFailed(let reason): words = "[55]: Send failure: \(reason)"
        case .receiveFailed(let reason): words = "[56]: Recv failure: \(reason)"
        case .timedOut(let milliseconds): words = "[28]: Connection timed out after \(milliseconds) milliseconds"
        case .status(let status): words = "[22]: The requested URL returned error: \(status)"
        case .malformedAnswer: words = "[56]: Failure when receiving data from the peer"
        case .tooLong: words = "[63]: Maximum file size exceeded"
        case .busy: words = "[55]: Too many at once"
        }
        return "libcurl request failed \(words)"
    }
}
