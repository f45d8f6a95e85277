import COpenSSL
import Synchronization

/// An elliptic curve over a prime field (RFC 5903, RFC 6954), made once for the life of the process.
///
/// Works on EC_GROUP and not on EVP_PKEY because the private key comes from the caller's random source; the
/// multiplication is libcrypto's constant-time one in either case.
///
/// Unchecked Sendable because nothing in it changes after init, and libcrypto only reads it.
final class ECPGroup: @unchecked Sendable {
    private let group: OpaquePointer
    private let order: OpaquePointer
    /// Octets of a coordinate; a public value is two of them, a shared secret one.
    let coordinateLength: Int
    /// Octets of a private key.
    let scalarLength: Int

    private init?(_ curve: Int32) {
        guard let group = EC_GROUP_new_by_curve_name(curve), let order = EC_GROUP_get0_order(group) else {
            ERR_clear_error()
            return nil
        }
        self.group = group
        self.order = order
        coordinateLength = (Int(EC_GROUP_get_degree(group)) + 7) / 8
        scalarLength = (Int(BN_num_bits(order)) + 7) / 8
    }

    deinit { EC_GROUP_free(group) }

    private static let made = Mutex<[KeyExchangeMethod: ECPGroup]>([:])

    /// The curve, made at the first call; nil where the method is none of these or libcrypto was built without it.
    static func of(_ method: KeyExchangeMethod) -> ECPGroup? {
        let curve: Int32
        switch method {
        case .ecp192: curve = NID_X9_62_prime192v1
        case .ecp224: curve = NID_secp224r1
        case .ecp256: curve = NID_X9_62_prime256v1
        case .ecp384: curve = NID_secp384r1
        case .ecp521: curve = NID_secp521r1
        case .brainpoolP224: curve = NID_brainpoolP224r1
        case .brainpoolP256: curve = NID_brainpoolP256r1
        case .brainpoolP384: curve = NID_brainpoolP384r1
        case .brainpoolP512: curve = NID_brainpoolP512r1
        default: return nil
        }
        return made.withLock { groups in
            if let group = groups[method] { return group }
            let group = ECPGroup(curve)
            groups[method] = group
            return group
        }
    }

    private struct Point: ~Copyable {
        let pointer: OpaquePointer
        init(_ group: OpaquePointer) throws(CryptoError) {
            guard let new = EC_POINT_new(group) else { throw .drained("EC_POINT_new") }
            pointer = new
        }
        deinit { EC_POINT_clear_free(pointer) }
    }

    func privateKey(random: inout some RandomSource) throws(CryptoError) -> SecretBytes {
        try scalar(below: order, length: scalarLength, random: &random)
    }

    /// x | y (RFC 5903 §7: without the format octet).
    func publicValue(scalar: SecretBytes) throws(CryptoError) -> [UInt8] {
        try coordinates(of: nil, times: scalar).exposed
    }

    /// The x coordinate alone (RFC 5903 §7, errata applied in the RFC itself).
    /// - Throws: `CryptoError.publicValue` for coordinates outside of the field or a point off the curve (RFC 6989
    ///   §2.3). The cofactor of all these curves is 1, so there is no small subgroup to test for.
    func sharedSecret(scalar: SecretBytes, peer: [UInt8], method: KeyExchangeMethod) throws(CryptoError) -> SecretBytes
    {
        let point = try Point(group)
        let encoded = [UInt8(POINT_CONVERSION_UNCOMPRESSED.rawValue)] + peer
        if EC_POINT_oct2point(group, point.pointer, encoded, encoded.count, nil) != 1 {
            ERR_clear_error()
            throw .publicValue(method, "not a point of the curve")
        }
        return try coordinates(of: point.pointer, times: scalar)[0..<coordinateLength]
    }

    /// x | y of a multiple of `point`, or of the generator.
    private func coordinates(of point: OpaquePointer?, times scalar: SecretBytes) throws(CryptoError) -> SecretBytes {
        let scratch = try BigNumberScratch()
        let secret = try scalar.withBytes { (octets) throws(CryptoError) in try BigNumber(octets, secret: true) }
        let result = try Point(group)
        let status =
            point == nil
            ? EC_POINT_mul(group, result.pointer, secret.pointer, nil, nil, scratch.pointer)
            : EC_POINT_mul(group, result.pointer, nil, point, secret.pointer, scratch.pointer)
        try CryptoError.check(status, "EC_POINT_mul")
        let length = 1 + 2 * coordinateLength
        let encoded = try SecretBytes(count: length) { (out) throws(CryptoError) in
            let written = EC_POINT_point2oct(
                group, result.pointer, POINT_CONVERSION_UNCOMPRESSED,
                out.baseAddress?.assumingMemoryBound(to: UInt8.self), length, scratch.pointer)
            // The point at infinity, which a private key of 0 would give, has another length.
            if written != length { throw .drained("EC_POINT_point2oct") }
        }
        return encoded[1..<length]
    }
}
