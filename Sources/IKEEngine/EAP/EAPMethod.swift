import IKECrypto
import IKEModel
import IKEWire

/// One method of EAP, in the role that it answers requests in; it sees their data, behind the type (RFC 3748 §4.1).
protocol EAPPeerMethod: AnyObject {
    var type: EAPType { get }
    /// The data of the response.
    func answer(_ data: [UInt8]) throws(EAPFailure) -> [UInt8]
    /// Whether the server has shown all that it has to: only then a Success is one.
    var isSatisfied: Bool { get }
    /// 64 octets, once it is over.
    func masterSessionKey() throws(EAPFailure) -> SecretBytes
    /// What it makes of an EAP Failure.
    var failure: EAPFailure { get }
}

/// The same in the role that asks.
protocol EAPServerMethod: AnyObject {
    var type: EAPType { get }
    /// The data of the first request.
    func begin() -> [UInt8]
    /// The data of the next request; nil: the peer has proved who it is.
    func next(after data: [UInt8]) throws(EAPFailure) -> [UInt8]?
    func masterSessionKey() throws(EAPFailure) -> SecretBytes
}

/// An EAP peer (RFC 3748 §4): it says who it is, takes the one method that it is made with, and asks for that instead of any
/// other.
final class EAPPeer {
    enum Step {
        case respond([UInt8])
        case succeeded(SecretBytes)
    }

    private let method: any EAPPeerMethod
    private let identity: [UInt8]

    init(_ method: any EAPPeerMethod, identity: [UInt8]) {
        self.method = method
        self.identity = identity
    }

    func take(_ octets: [UInt8]) throws(EAPFailure) -> Step {
        let message: EAPMessage
        do { message = try EAPMessage(parsing: octets) } catch { throw .unexpected(String(describing: error)) }
        switch (message.code, message.type) {
        case (.success, _):
            guard method.isSatisfied else { throw .unexpected("Success before the method was through") }
            return .succeeded(try method.masterSessionKey())
        case (.failure, _): throw method.failure
        case (.request, .identity): return respond(message, .identity, identity)
        case (.request, .notification): return respond(message, .notification, [])
        case (.request, method.type): return respond(message, method.type, try method.answer(message.data))
        case (.request, _): return respond(message, .nak, [method.type.rawValue])
        default: throw .unexpected("EAP \(message.code)")
        }
    }

    private func respond(_ request: EAPMessage, _ type: EAPType, _ data: [UInt8]) -> Step {
        .respond(EAPMessage(.response, identifier: request.identifier, type: type, data: data).octets)
    }
}

/// An EAP server (RFC 3748 §4).
final class EAPServer {
    enum Step {
        case request([UInt8])
        case succeeded([UInt8], SecretBytes)
    }

    private let policy: EAPPolicy
    /// Who the peer is; in IKE at first, and what it says where it is asked.
    private(set) var identity: [UInt8]
    private let makeMethod: (_ identity: [UInt8]) throws(EAPFailure) -> any EAPServerMethod
    private var method: (any EAPServerMethod)?
    private var identifier: UInt8

    /// - Parameter identifier: of the first request; one more for each that follows (RFC 3748 §4.1).
    init(
        _ policy: EAPPolicy, identity: [UInt8], identifier: UInt8,
        makeMethod: @escaping (_ identity: [UInt8]) throws(EAPFailure) -> any EAPServerMethod
    ) {
        self.policy = policy
        self.identity = identity
        self.identifier = identifier
        self.makeMethod = makeMethod
    }

    func begin() throws(EAPFailure) -> [UInt8] {
        if policy.asksForIdentity { return request(.identity, []) }
        return try beginMethod()
    }

    private func beginMethod() throws(EAPFailure) -> [UInt8] {
        let made = try makeMethod(identity)
        method = made
        return request(made.type, made.begin())
    }

    func take(_ octets: [UInt8]) throws(EAPFailure) -> Step {
        let message: EAPMessage
        do { message = try EAPMessage(parsing: octets) } catch { throw .unexpected(String(describing: error)) }
        guard message.code == .response, message.identifier == identifier else {
            throw .unexpected("EAP \(message.code) \(message.identifier), expected Response \(identifier)")
        }
        identifier &+= 1
        guard let method else {
            guard message.type == .identity else { throw .unexpected("a response that is no Identity") }
            identity = message.data
            guard policy.identity == nil || policy.identity == identity else { throw .identityMismatch(identity) }
            return .request(try beginMethod())
        }
        guard message.type != .nak else { throw .methodRefused }
        guard message.type == method.type else { throw .unexpected("a response of another type") }
        if let next = try method.next(after: message.data) { return .request(request(method.type, next)) }
        return .succeeded(EAPMessage(.success, identifier: identifier &- 1).octets, try method.masterSessionKey())
    }

    /// EAP Failure in answer to the last response.
    var failure: [UInt8] { EAPMessage(.failure, identifier: identifier &- 1).octets }

    private func request(_ type: EAPType, _ data: [UInt8]) -> [UInt8] {
        EAPMessage(.request, identifier: identifier, type: type, data: data).octets
    }
}
