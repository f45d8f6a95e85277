import COpenSSL

/// AES-XCBC-MAC (RFC 3566 §4), which OpenSSL does not have: CBC-MAC over whole blocks, with a second or third key
/// mixed into the last block. Made of single AES blocks; meant for control traffic.
final class XCBC {
    private let context: CipherContext
    /// 16 octets each, K2 and K3, then E (the chain) and the block being filled.
    private let scratch: Scratch
    private var filled = 0

    private struct Scratch: ~Copyable {
        let octets = UnsafeMutableRawBufferPointer.allocate(byteCount: 64, alignment: 16)
        init() { octets.initializeMemory(as: UInt8.self, repeating: 0) }
        deinit {
            OPENSSL_cleanse(octets.baseAddress, octets.count)
            octets.deallocate()
        }
        var k2: UnsafeMutableRawPointer { octets.baseAddress! }
        var k3: UnsafeMutableRawPointer { octets.baseAddress! + 16 }
        var chain: UnsafeMutableRawPointer { octets.baseAddress! + 32 }
        var block: UnsafeMutableRawPointer { octets.baseAddress! + 48 }
    }

    init(key: SecretBytes) throws(CryptoError) {
        guard key.count == 16 else { throw .keyLength(expected: 16, got: key.count) }
        scratch = Scratch()
        // K1, K2 and K3 are the encryptions of 0x01…, 0x02… and 0x03… under the key (§4 step 1).
        let derivation = try CipherContext(.aes128ECB, key: key, encrypting: true)
        let k2 = scratch.k2
        let k3 = scratch.k3
        let k1 = try SecretBytes(count: 16) { (out) throws(CryptoError) in
            try XCBC.encrypt(derivation, repeating: 1, to: out.baseAddress!)
        }
        try XCBC.encrypt(derivation, repeating: 2, to: k2)
        try XCBC.encrypt(derivation, repeating: 3, to: k3)
        context = try CipherContext(.aes128ECB, key: k1, encrypting: true)
    }

    private static func encrypt(
        _ context: CipherContext, repeating octet: UInt8, to out: UnsafeMutableRawPointer
    ) throws(CryptoError) {
        out.initializeMemory(as: UInt8.self, repeating: octet, count: 16)
        try context.update(UnsafeMutableRawBufferPointer(start: out, count: 16))
    }

    private func mix(_ source: UnsafeMutableRawPointer) {
        for offset in stride(from: 0, to: 16, by: 8) {
            let mixed =
                scratch.chain.load(fromByteOffset: offset, as: UInt64.self)
                ^ source.load(fromByteOffset: offset, as: UInt64.self)
            scratch.chain.storeBytes(of: mixed, toByteOffset: offset, as: UInt64.self)
        }
    }

    func update(_ octets: UnsafeRawBufferPointer) throws(CryptoError) {
        for octet in octets {
            // A full block is held back until one more octet shows that it was not the last.
            if filled == 16 {
                mix(scratch.block)
                try context.update(UnsafeMutableRawBufferPointer(start: scratch.chain, count: 16))
                filled = 0
            }
            scratch.block.storeBytes(of: octet, toByteOffset: filled, as: UInt8.self)
            filled += 1
        }
    }

    func finish(into out: UnsafeMutableRawBufferPointer) throws(CryptoError) {
        if filled == 16 {
            mix(scratch.k2)
        } else {
            // 10* padding, and the other key (§4 step 4b).
            scratch.block.storeBytes(of: 0x80, toByteOffset: filled, as: UInt8.self)
            for offset in filled + 1..<max(16, filled + 1) {
                scratch.block.storeBytes(of: 0, toByteOffset: offset, as: UInt8.self)
            }
            mix(scratch.k3)
        }
        mix(scratch.block)
        try context.update(UnsafeMutableRawBufferPointer(start: scratch.chain, count: 16))
        out.copyMemory(from: UnsafeRawBufferPointer(start: scratch.chain, count: 16))
        scratch.chain.initializeMemory(as: UInt8.self, repeating: 0, count: 16)
        filled = 0
    }
}
