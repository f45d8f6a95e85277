import IKECrypto
import IKEModel
import IKEWire
import NetAddress

/// Post-quantum pre-shared keys, mixed into SK_d, SK_pi and SK_pr (RFC 8784).
extension Engine {
    /// PPK_ID_FIXED: what follows is the name that both ends know the key by (RFC 8784 §5.1).
    private static let fixedIdentityType: UInt8 = 2

    // MARK: IKE_SA_INIT

    /// N(USE_PPK) where there is one for the peer; who insists says it without one, too.
    func ppkOffer(_ connection: Connection, _ ike: IKESA) -> [Payload] {
        switch connection.ppk {
        case .never: return []
        case .insist: break
        case .propose:
            let peer = connection.remote.identification
            if peer == nil && secrets.postQuantum.isEmpty
                || peer != nil && candidates(connection, ike, peer: peer).isEmpty
            {
                return []
            }
        }
        return [.notify(NotifyPayload(type: .usePPK))]
    }

    /// What the peer's IKE_SA_INIT says of it. Who has none to offer has said nothing, and the peer will go on without.
    func notePPK(_ payloads: [Payload], _ ike: IKESA, _ connection: Connection) {
        ike.usesPPK = payloads.notify(.usePPK) != nil && !ppkOffer(connection, ike).isEmpty
    }

    private func candidates(_ connection: Connection, _ ike: IKESA, peer: Identification?) -> [PostQuantumKey] {
        let all = secrets.postQuantumKeys(
            local: connection.localIdentification(address: ike.local.address), remote: peer,
            localAddress: ike.local.address, remoteAddress: ike.remote.address)
        guard !connection.ppkNames.isEmpty else { return all }
        return connection.ppkNames.compactMap { name in all.first { $0.name == name } }
    }

    // MARK: Initiator

    /// Whether a PPK is to be mixed in and there is none: known before EAP begins, though it is mixed in behind it.
    func lacksPPK(_ connection: Connection, _ ike: IKESA) -> Bool {
        ike.usesPPK && candidates(connection, ike, peer: connection.remote.identification).isEmpty
    }

    /// Mixes the keys and says with which; where it may be done without, with an AUTH for that case. It goes with the AUTH that it
    /// changes, which with EAP is the last one (RFC 8784 §3).
    /// - Throws: what keeps the initiator from going on.
    func mixPPK(
        _ connection: Connection, _ ike: IKESA, withoutPPK: () throws(CryptoError) -> [UInt8]?
    ) throws(CryptoError) -> Result<[Payload], Refusal> {
        guard ike.usesPPK, let keys = ike.keys, let suite = ike.suite else { return .success([]) }
        guard let chosen = candidates(connection, ike, peer: connection.remote.identification).first else {
            return .failure(Refusal(reason: .ppk(.noneForPeer)))
        }
        var payloads: [Payload] = [
            .notify(NotifyPayload(type: .ppkIdentity, data: [Engine.fixedIdentityType] + chosen.name))
        ]
        if connection.ppk == .propose, let authentication = try withoutPPK() {
            payloads.append(.notify(NotifyPayload(type: .noPPKAuth, data: authentication)))
        }
        ike.keysWithoutPPK = keys
        ike.keys = try keys.mixed(with: chosen.secret, prf: suite.prf)
        // The mixed ones hand out what protects messages; it is the same.
        ike.keysWithoutPPK?.exported = nil
        emit(.ppkMixed(ike.id, ike.role))
        return .success(payloads)
    }

    /// The responder's answer says whether it mixed the key in, too.
    /// - Returns: why the IKE SA cannot be.
    func settlePPK(_ payloads: [Payload], _ ike: IKESA, _ connection: Connection) -> FailureReason? {
        guard let without = ike.keysWithoutPPK, payloads.authentication != nil else { return nil }
        ike.keysWithoutPPK = nil
        if payloads.notify(.ppkIdentity) != nil { return nil }
        ike.usesPPK = false
        ike.keys = without
        return connection.ppk == .insist ? .ppk(.unusedByPeer) : nil
    }

    // MARK: Responder

    /// Mixes the keys with what the initiator named, or falls back to its other AUTH (RFC 8784 §3, Table 1).
    /// - Returns: the AUTH that is to be verified.
    func answerPPK(
        _ proof: AuthenticationPayload, _ payloads: [Payload], _ ike: IKESA, _ connection: Connection,
        peer: Identification
    ) -> Result<AuthenticationPayload, Refusal> {
        guard ike.usesPPK, connection.ppk != .never else {
            return connection.ppk == .insist
                ? .failure(Refusal(reason: .ppk(.unsupportedByPeer))) : .success(proof)
        }
        guard let named = payloads.notify(.ppkIdentity) else {
            return .failure(Refusal(reason: .ppk(.identityMissing)))
        }
        if named.data.first == Engine.fixedIdentityType, let keys = ike.keys, let suite = ike.suite,
            let key = candidates(connection, ike, peer: peer).first(where: { $0.name == Array(named.data.dropFirst()) }
            ),
            let mixed = try? keys.mixed(with: key.secret, prf: suite.prf)
        {
            ike.keys = mixed
            emit(.ppkMixed(ike.id, ike.role))
            return .success(proof)
        }
        guard connection.ppk == .propose, let other = payloads.notify(.noPPKAuth) else {
            return .failure(Refusal(reason: .ppk(.unknownIdentity)))
        }
        ike.usesPPK = false
        return .success(AuthenticationPayload(method: proof.method, data: other.data))
    }

    /// N(PPK_IDENTITY) without data: the key is mixed in here, too.
    func ppkAnswer(_ ike: IKESA) -> [Payload] {
        ike.usesPPK ? [.notify(NotifyPayload(type: .ppkIdentity))] : []
    }
}

extension IKEKeys {
    /// SK_d = prf+ (PPK, SK_d'), and so SK_pi and SK_pr; what protects messages stays (RFC 8784 §3).
    func mixed(with ppk: SecretBytes, prf: PRFAlgorithm) throws(CryptoError) -> IKEKeys {
        func mix(_ key: SecretBytes) throws(CryptoError) -> SecretBytes {
            try PRF.plus(prf, key: ppk, secret: key, seed: [], count: key.count)
        }
        return IKEKeys(self, skD: try mix(skD), skPi: try mix(skPi), skPr: try mix(skPr))
    }
}
