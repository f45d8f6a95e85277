import IKECrypto
import IKEModel
import IKEWire

/// A CREATE_CHILD_SA exchange of ours for a Child SA, from the wish to the answer (RFC 7296 §1.3.1, §1.3.3).
struct ChildNegotiation {
    var connection: ConnectionID
    var offer: ChildOffer
    /// Those that the offer was made between.
    var ends: IKEEnds
    var nonce: [UInt8]
    /// nil: without a key exchange of its own.
    var keyExchange: KeyExchange?
    var proposals: [ESPProposal]
    var replaces: ChildSAID?
    /// Groups that have been tried: none twice.
    var groupsTried: Set<KeyExchangeMethod> = []
    /// The operator ended the connection meanwhile: what is made goes at once.
    var isUnwanted = false
    /// The peer replaced the same Child SA while ours was on its way.
    var collision: Collision<ChildSAID>?
}

/// Our replacement of an IKE SA, from the wish to the answer (RFC 7296 §1.3.2).
struct IKERekey {
    var id: IKESAID
    var spi: IKESPI
    var nonce: [UInt8]
    var keyExchange: KeyExchange
    var groupsTried: Set<KeyExchangeMethod> = []
    /// The peer replaced this IKE SA, too.
    var collision: Collision<IKESAID>?
}

/// What the peer made in place of an SA that we are replacing as well (RFC 7296 §2.8.1, §2.8.2).
struct Collision<SA> {
    var made: SA
    var nonces: [[UInt8]]
    /// Why the peer's was deleted before it was known which of the two stands; nil: it was not.
    var end: DeletionReason?

    /// Of two SAs in place of one, that with the lowest of the four nonces goes, by the hand of who made it.
    func isOursToGo(nonces ours: [[UInt8]]) -> Bool {
        func lowest(_ all: [[UInt8]]) -> [UInt8] { all.min { $0.lexicographicallyPrecedes($1) } ?? [] }
        return lowest(ours).lexicographicallyPrecedes(lowest(nonces))
    }
}
