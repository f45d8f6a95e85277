/// Why a table was not changed: the caller puts it into words.
package enum ForwarderError: Error, Hashable, Sendable {
    case unknownInterface
    case interfaceExists
    case unknownSA(UInt32)
    case unknownSPD(UInt32)
    case exists
    case missing
    case inUse
    /// Keys or algorithms that ESP cannot use, with libcrypto's or our reason.
    case badKeys(String)
    /// The host's interface could not be taken over.
    case host(String)
}
