import COpenSSL

/// One BIGNUM and its end; wiped, because most hold a secret once.
final class BigNumber {
    let pointer: OpaquePointer

    init() throws(CryptoError) {
        guard let new = BN_new() else { throw .drained("BN_new") }
        pointer = new
    }

    /// Takes the ownership of what a libcrypto function made.
    /// - Throws: the drained queue where it made nothing.
    init(owning made: OpaquePointer?) throws(CryptoError) {
        guard let made else { throw .drained("a BIGNUM constructor") }
        pointer = made
    }

    /// From octets in network order. A secret one makes libcrypto take its constant-time ways.
    convenience init(_ octets: UnsafeRawBufferPointer, secret: Bool = false) throws(CryptoError) {
        let address = octets.baseAddress?.assumingMemoryBound(to: UInt8.self)
        try self.init(owning: BN_bin2bn(address, Int32(octets.count), nil))
        if secret { BN_set_flags(pointer, BN_FLG_CONSTTIME) }
    }

    deinit { BN_clear_free(pointer) }

    /// In network order, filled with zeros at the front.
    func octets(count: Int) throws(CryptoError) -> SecretBytes {
        try SecretBytes(count: count) { (out) throws(CryptoError) in
            let written = BN_bn2binpad(pointer, out.baseAddress?.assumingMemoryBound(to: UInt8.self), Int32(count))
            if Int(written) != count { throw .drained("BN_bn2binpad") }
        }
    }
}

/// One BN_CTX, the scratch space of an arithmetic operation, and its end.
struct BigNumberScratch: ~Copyable {
    let pointer: OpaquePointer

    init() throws(CryptoError) {
        guard let new = BN_CTX_secure_new() ?? BN_CTX_new() else { throw .drained("BN_CTX_new") }
        pointer = new
    }

    deinit { BN_CTX_free(pointer) }
}
