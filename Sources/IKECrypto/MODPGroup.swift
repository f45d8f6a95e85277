import COpenSSL
import Synchronization

/// A group of integers modulo a prime, made once for the life of the process.
///
/// Works on BIGNUMs and not on EVP_PKEY because the private key comes from the caller's random source, and because
/// OpenSSL has no EVP name for group 2; the power is libcrypto's constant-time one in either case.
///
/// Unchecked Sendable because nothing in it changes after init but what a lock guards, and libcrypto only reads it.
final class MODPGroup: @unchecked Sendable {
    private let prime: BigNumber
    private let primeLessOne: BigNumber
    private let generator: BigNumber
    /// The order of the generator's subgroup, for the groups of RFC 5114; the others' primes are safe ones.
    private let subgroupOrder: BigNumber?
    private let montgomery: OpaquePointer
    /// Octets of the prime, and so of public values and shared secrets.
    let length: Int
    /// Octets of a private key.
    let exponentLength: Int
    private let fixedBase = Mutex<FixedBase>(.wanted(after: 8))

    private enum FixedBase {
        /// Key pairs until one is worth its price, which is that of some ten key pairs.
        case wanted(after: Int)
        case made(MODPFixedBase)
        case none
    }

    /// Beyond this many octets of the prime a table would take a megabyte and more.
    private static let longestFixedBase = 512

    private init(prime: BigNumber, generator: BigNumber, order: BigNumber?) throws(CryptoError) {
        let scratch = try BigNumberScratch()
        let lessOne = try BigNumber(owning: BN_dup(prime.pointer))
        try CryptoError.check(BN_sub_word(lessOne.pointer, 1), "BN_sub_word")
        guard let montgomery = BN_MONT_CTX_new() else { throw .drained("BN_MONT_CTX_new") }
        let bits = Int(BN_num_bits(prime.pointer))
        length = (bits + 7) / 8
        if let order {
            exponentLength = (Int(BN_num_bits(order.pointer)) + 7) / 8
        } else {
            // Twice the strength that NIST SP 800-57 gives a group of this size, as SP 800-56A §5.6.1.1.1 asks for and RFC
            // 7919 §5.2 advises, in whole octets: the lengths that OpenSSL uses. A longer one would cost more and add nothing.
            exponentLength =
                switch bits {
                case ...2048: 29
                case ...3072: 35
                case ...4096: 41
                case ...6144: 47
                default: 50
                }
        }
        let status = BN_MONT_CTX_set(montgomery, prime.pointer, scratch.pointer)
        self.prime = prime
        primeLessOne = lessOne
        self.generator = generator
        subgroupOrder = order
        self.montgomery = montgomery
        try CryptoError.check(status, "BN_MONT_CTX_set")
    }

    deinit { BN_MONT_CTX_free(montgomery) }

    private static let made = Mutex<[KeyExchangeMethod: MODPGroup]>([:])

    /// The group, made at the first call; nil where the method is none of these.
    static func of(_ method: KeyExchangeMethod) -> MODPGroup? {
        made.withLock { groups in
            if let group = groups[method] { return group }
            let group = try? make(method)
            groups[method] = group
            return group
        }
    }

    private static func make(_ method: KeyExchangeMethod) throws(CryptoError) -> MODPGroup? {
        switch method {
        case .modp768: try safe(BN_get_rfc2409_prime_768(nil))
        case .modp1024: try safe(BN_get_rfc2409_prime_1024(nil))
        case .modp1536: try safe(BN_get_rfc3526_prime_1536(nil))
        case .modp2048: try safe(BN_get_rfc3526_prime_2048(nil))
        case .modp3072: try safe(BN_get_rfc3526_prime_3072(nil))
        case .modp4096: try safe(BN_get_rfc3526_prime_4096(nil))
        case .modp6144: try safe(BN_get_rfc3526_prime_6144(nil))
        case .modp8192: try safe(BN_get_rfc3526_prime_8192(nil))
        case .modp1024s160: try named("dh_1024_160")
        case .modp2048s224: try named("dh_2048_224")
        case .modp2048s256: try named("dh_2048_256")
        default: nil
        }
    }

    /// A safe prime with generator 2.
    private static func safe(_ prime: OpaquePointer?) throws(CryptoError) -> MODPGroup {
        let prime = try BigNumber(owning: prime)
        let generator = try BigNumber()
        try CryptoError.check(BN_set_word(generator.pointer, 2), "BN_set_word")
        return try MODPGroup(prime: prime, generator: generator, order: nil)
    }

    /// One of RFC 5114's, by OpenSSL's name for it.
    private static func named(_ name: String) throws(CryptoError) -> MODPGroup {
        guard let context = EVP_PKEY_CTX_new_from_name(nil, "DH", nil) else { throw .drained("EVP_PKEY_CTX_new") }
        defer { EVP_PKEY_CTX_free(context) }
        try CryptoError.check(EVP_PKEY_paramgen_init(context), "EVP_PKEY_paramgen_init")
        var text = Array(name.utf8CString)
        let status = OSSL_PKEY_PARAM_GROUP_NAME.withCString { parameter in
            text.withUnsafeMutableBufferPointer { text in
                var parameters = [
                    OSSL_PARAM_construct_utf8_string(parameter, text.baseAddress, 0), OSSL_PARAM_construct_end(),
                ]
                return EVP_PKEY_CTX_set_params(context, &parameters)
            }
        }
        try CryptoError.check(status, "EVP_PKEY_CTX_set_params")
        var key: OpaquePointer?
        try CryptoError.check(EVP_PKEY_generate(context, &key), "EVP_PKEY_generate")
        defer { EVP_PKEY_free(key) }
        return try MODPGroup(
            prime: number(key, OSSL_PKEY_PARAM_FFC_P), generator: number(key, OSSL_PKEY_PARAM_FFC_G),
            order: number(key, OSSL_PKEY_PARAM_FFC_Q))
    }

    private static func number(_ key: OpaquePointer?, _ name: String) throws(CryptoError) -> BigNumber {
        var number: OpaquePointer?
        try CryptoError.check(EVP_PKEY_get_bn_param(key, name, &number), "EVP_PKEY_get_bn_param")
        return try BigNumber(owning: number)
    }

    /// A private key of `exponentLength` octets in 1...q-1, or of that many random octets where the prime is safe.
    func privateKey(random: inout some RandomSource) throws(CryptoError) -> SecretBytes {
        guard let subgroupOrder else {
            var octets = random.octets(exponentLength)
            // Neither 0 nor short: with the highest bit set every exponent takes equally long.
            octets[0] |= 0x80
            return SecretBytes(octets)
        }
        return try scalar(below: subgroupOrder.pointer, length: exponentLength, random: &random)
    }

    /// generator ^ exponent, `length` octets.
    func publicValue(exponent: SecretBytes) throws(CryptoError) -> [UInt8] {
        if exponent.count == exponentLength, let table = table() {
            return try table.power(exponent, montgomery: montgomery).octets(count: length).exposed
        }
        return try power(generator.pointer, exponent).exposed
    }

    /// The table of the generator's powers, once enough key pairs have been made: a daemon that makes a few needs none.
    private func table() -> MODPFixedBase? {
        fixedBase.withLock { state in
            switch state {
            case .made(let table): return table
            case .none: return nil
            case .wanted(let left) where left > 0:
                state = .wanted(after: left - 1)
                return nil
            case .wanted:
                let table =
                    length > MODPGroup.longestFixedBase
                    ? nil
                    : try? MODPFixedBase(
                        base: generator.pointer, exponentLength: exponentLength, length: length, montgomery: montgomery)
                state = table.map { .made($0) } ?? .none
                return table
            }
        }
    }

    /// peer ^ exponent, `length` octets with the zeros at the front kept (RFC 7296 §2.14).
    /// - Throws: `CryptoError.publicValue` unless 1 < y < p-1 (RFC 6989 §2.1) and, for RFC 5114's groups, y lies in
    ///   the generator's subgroup (§2.2).
    func sharedSecret(exponent: SecretBytes, peer: [UInt8], method: KeyExchangeMethod) throws(CryptoError)
        -> SecretBytes
    {
        let value = try peer.span.withUnsafeBytes { (octets) throws(CryptoError) in try BigNumber(octets) }
        guard BN_cmp(value.pointer, BN_value_one()) > 0, BN_cmp(value.pointer, primeLessOne.pointer) < 0 else {
            throw .publicValue(method, "not in 2...p-2")
        }
        if let subgroupOrder {
            let scratch = try BigNumberScratch()
            let result = try BigNumber()
            // The peer's value and q are public, so this power need not be the constant-time one.
            try CryptoError.check(
                BN_mod_exp_mont(
                    result.pointer, value.pointer, subgroupOrder.pointer, prime.pointer, scratch.pointer, montgomery),
                "BN_mod_exp_mont")
            guard BN_is_one(result.pointer) == 1 else { throw .publicValue(method, "outside of the subgroup") }
        }
        return try power(value.pointer, exponent)
    }

    private func power(_ base: OpaquePointer, _ exponent: SecretBytes) throws(CryptoError) -> SecretBytes {
        let scratch = try BigNumberScratch()
        let secret = try exponent.withBytes { (octets) throws(CryptoError) in try BigNumber(octets, secret: true) }
        let result = try BigNumber()
        try CryptoError.check(
            BN_mod_exp_mont_consttime(
                result.pointer, base, secret.pointer, prime.pointer, scratch.pointer, montgomery),
            "BN_mod_exp_mont_consttime")
        return try result.octets(count: length)
    }
}

/// A uniformly distributed secret in 1...order-1, in network order: 8 more octets than needed are reduced, which
/// leaves a bias below 2^-64 (FIPS 186-4 appendix B.4.1).
func scalar(
    below order: OpaquePointer, length: Int, random: inout some RandomSource
) throws(CryptoError) -> SecretBytes {
    let scratch = try BigNumberScratch()
    let drawn = SecretBytes(random.octets(length + 8))
    let wide = try drawn.withBytes { (octets) throws(CryptoError) in try BigNumber(octets, secret: true) }
    let lessOne = try BigNumber(owning: BN_dup(order))
    try CryptoError.check(BN_sub_word(lessOne.pointer, 1), "BN_sub_word")
    let result = try BigNumber()
    BN_set_flags(result.pointer, BN_FLG_CONSTTIME)
    try CryptoError.check(BN_div(nil, result.pointer, wide.pointer, lessOne.pointer, scratch.pointer), "BN_div")
    try CryptoError.check(BN_add_word(result.pointer, 1), "BN_add_word")
    return try result.octets(count: length)
}
