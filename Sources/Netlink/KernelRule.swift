package import NetAddress

/// A rule of policy routing: which packets ask which table (ip-rule(8)).
package struct KernelRule: Hashable, Sendable {
    package var family: AddressFamily
    /// 0...32767 as a habit; the smallest is asked first.
    package var priority: UInt32
    package var source: IPPrefix?
    package var destination: IPPrefix?
    /// The firewall mark, compared under the mask.
    package var mark: UInt32?
    package var markMask: UInt32
    package var inputInterface: String?
    package var outputInterface: String?
    package var ipProtocol: UInt8?
    /// Ports of the upper layer, 1...65535; nil for any.
    package var sourcePorts: ClosedRange<UInt16>?
    package var destinationPorts: ClosedRange<UInt16>?
    /// IPv6: a packet without a source address yet matches `source` if the address that it would get does
    /// (FIB_RULE_FIND_SADDR); without this it never does.
    package var findsSource = false
    package var table: UInt32
    /// The rule is for packets that do *not* match.
    package var isInverted: Bool
    /// Routes of the table with a prefix this long or shorter do not count; nil where all do.
    package var suppressedPrefixLength: UInt32?

    package init(
        family: AddressFamily, priority: UInt32, from source: IPPrefix? = nil, to destination: IPPrefix? = nil,
        mark: UInt32? = nil, markMask: UInt32 = .max, inputInterface: String? = nil, outputInterface: String? = nil,
        ipProtocol: UInt8? = nil, table: UInt32, isInverted: Bool = false, suppressedPrefixLength: UInt32? = nil
    ) {
        self.family = family
        self.priority = priority
        self.source = source
        self.destination = destination
        self.mark = mark
        self.markMask = markMask
        self.inputInterface = inputInterface
        self.outputInterface = outputInterface
        self.ipProtocol = ipProtocol
        self.table = table
        self.isInverted = isInverted
        self.suppressedPrefixLength = suppressedPrefixLength
    }
}

extension KernelRule: CustomStringConvertible {
    package var description: String {
        var text = "\(family) priority \(priority)\(isInverted ? " not" : "")"
        if let source { text += " from \(source)" }
        if let destination { text += " to \(destination)" }
        if let mark { text += " mark 0x\(String(mark, radix: 16))/0x\(String(markMask, radix: 16))" }
        if let inputInterface { text += " iif \(inputInterface)" }
        if let ipProtocol { text += " protocol \(ipProtocol)" }
        if let sourcePorts { text += " sport \(sourcePorts.lowerBound)-\(sourcePorts.upperBound)" }
        if let destinationPorts { text += " dport \(destinationPorts.lowerBound)-\(destinationPorts.upperBound)" }
        return text + " table \(table)"
    }
}
