import CNetlink

/// A request that the kernel's routing socket refused.
package struct NetlinkError: Error, Equatable, Sendable {
    /// What was asked for, in words: `add route 192.0.2.0/24 via 192.1.2.23`.
    package let request: String
    /// The errno, 1...4095.
    package let code: Int32
    /// The kernel's own words (NLMSGERR_ATTR_MSG), where it has some.
    package let kernelText: String?

    package init(request: String, code: Int32, kernelText: String? = nil) {
        self.request = request
        self.code = code
        self.kernelText = kernelText
    }
}

extension NetlinkError: CustomStringConvertible {
    /// `add route …: No such process (errno 3), kernel: Nexthop has invalid gateway`.
    package var description: String {
        let text = kernelText.map { ", kernel: \($0)" } ?? ""
        return "\(request): \(String(cString: strerror(code))) (errno \(code))\(text)"
    }
}
