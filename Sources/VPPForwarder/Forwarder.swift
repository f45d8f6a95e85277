import IKEModel
package import NetAddress

/// VPP's data plane, without sockets and clocks: interfaces, neighbours, routes, security policies and ESP. Frames and
/// datagrams come in as octets, and go out by `transmit`.
///
/// It is for correctness, not for speed: each packet is an array of its own, and tables are searched from one end to the other.
package final class Forwarder {
    /// A frame for an interface of the host, by `sw_if_index`.
    package var transmit: (_ interface: Int, _ frame: [UInt8]) -> Void = { _, _ in }
    /// Takes over an interface of the host: its Ethernet address, or why it cannot be had. Set by who has sockets.
    package var takeOver: (_ interface: Int, _ name: String) -> Result<MACAddress, ForwarderError> = { _, _ in
        .failure(.host("no data plane"))
    }
    package var release: (_ interface: Int) -> Void = { _ in }

    package private(set) var interfaces: [Int: ForwarderInterface] = [:]
    private var nextInterface = 1
    private var loopbacks = 0
    package internal(set) var routes: [Route] = []
    package internal(set) var databases: [UInt32: SecurityPolicyDatabase] = [:]
    /// By identifier.
    package internal(set) var associations: [UInt32: ForwarderSA] = [:]
    package internal(set) var tunnels: [IPsecTunnel] = []
    var neighbours: [NeighbourKey: Neighbour] = [:]
    private var errorCounts = [UInt64](repeating: 0, count: ForwarderCounter.allCases.count)
    /// IKE messages that have come, until they are taken.
    var datagrams: [Datagram] = []
    var echoes: [Echo] = []
    var finishedEchoes: [EchoReport] = []
    var lastEchoIdentifier: UInt16 = 0
    /// What it is now, as the last caller said.
    var now = Instant.zero
    /// Of the last packet that was given one to be cut.
    var lastIdentification: UInt16 = 0
    /// ICMP errors that may be sent, and when the last of them was earned.
    var complaints = Forwarder.complaintLimit
    var lastComplaint = Instant.zero
    /// Packets within packets: a tunnel that leads into itself is cut off here.
    var depth = 0
    static let greatestDepth = 4

    package init() {
        interfaces[0] = ForwarderInterface(index: 0, kind: .local, name: "local0", mac: nil)
    }

    // MARK: Counters

    func count(_ counter: ForwarderCounter) { errorCounts[counter.rawValue] += 1 }

    package func value(of counter: ForwarderCounter) -> UInt64 { errorCounts[counter.rawValue] }

    package func clearErrors() { errorCounts = [UInt64](repeating: 0, count: errorCounts.count) }

    package func clearInterfaceCounters() { for interface in interfaces.values { interface.counters = .init() } }

    // MARK: Interfaces

    package func interface(named name: String) -> ForwarderInterface? { interfaces.values.first { $0.name == name } }

    /// - Returns: `host-NAME`, up once it is set so.
    package func createHostInterface(
        _ hostName: String, mac: MACAddress? = nil
    ) throws(ForwarderError) -> ForwarderInterface {
        let name = "host-" + hostName
        guard interface(named: name) == nil,
            !interfaces.values.contains(where: { $0.kind == .host(hostName) })
        else { throw .interfaceExists }
        let own = try takeOver(nextInterface, hostName).get()
        // As VPP's own af-packet addresses: 02:fe and four octets, here the host's, so that a run can be repeated.
        let made = mac ?? MACAddress(octets: [0x02, 0xfe] + own.octets.suffix(4))
        return add(.host(hostName), name: name, mac: made)
    }

    package func createLoopback(mac: MACAddress? = nil) -> ForwarderInterface {
        let number = loopbacks
        loopbacks += 1
        let made = mac ?? MACAddress(octets: [0xde, 0xad, 0, 0, 0, UInt8(truncatingIfNeeded: number)])
        return add(.loopback, name: "loop\(number)", mac: made)
    }

    func add(_ kind: ForwarderInterface.Kind, name: String, mac: MACAddress?) -> ForwarderInterface {
        let interface = ForwarderInterface(index: nextInterface, kind: kind, name: name, mac: mac)
        interfaces[nextInterface] = interface
        nextInterface += 1
        return interface
    }

    package func delete(_ interface: ForwarderInterface) {
        interfaces[interface.index] = nil
        routes.removeAll { $0.interface == interface.index }
        neighbours = neighbours.filter { $0.key.interface != interface.index }
        for other in interfaces.values where other.unnumbered == interface.index { other.unnumbered = nil }
        if case .host = interface.kind { release(interface.index) }
    }

    package func rename(_ interface: ForwarderInterface, _ name: String) throws(ForwarderError) {
        guard self.interface(named: name) == nil else { throw .interfaceExists }
        interface.name = name
    }

    package func setState(_ interface: ForwarderInterface, isUp: Bool) { interface.isUp = isUp }

    /// - Throws: `.exists`: an interface has the address already.
    package func addAddress(_ prefix: IPPrefix, to interface: ForwarderInterface) throws(ForwarderError) {
        guard !interfaces.values.contains(where: { $0.addresses.contains { $0.address == prefix.address } }) else {
            throw .exists
        }
        interface.addresses.append(prefix)
    }

    package func removeAddress(_ prefix: IPPrefix, from interface: ForwarderInterface) throws(ForwarderError) {
        guard let index = interface.addresses.firstIndex(of: prefix) else { throw .missing }
        interface.addresses.remove(at: index)
    }

    package func setUnnumbered(_ interface: ForwarderInterface, lender: ForwarderInterface?) {
        interface.unnumbered = lender?.index
    }

    package func setPolicies(_ interface: ForwarderInterface, _ database: UInt32?) throws(ForwarderError) {
        if let database, databases[database] == nil { throw .unknownSPD(database) }
        interface.policies = database
    }

    /// The addresses of all interfaces that are up, without those of tunnels.
    package var ownAddresses: [InterfaceAddressEntry] {
        interfaces.values.sorted { $0.index < $1.index }.filter(\.isUp).flatMap { interface in
            interface.addresses.map { InterfaceAddressEntry(interface: interface.name, address: $0.address) }
        }
    }

    /// An address and the interface that has it.
    package struct InterfaceAddressEntry: Hashable, Sendable {
        package var interface: String
        package var address: IPAddress
    }

    /// What an interface sends from: its own address of the family, or the one that it borrows.
    package func source(of interface: ForwarderInterface, _ family: AddressFamily) -> IPAddress? {
        let lender = interface.unnumbered.flatMap { interfaces[$0] } ?? interface
        return lender.addresses.first { $0.family == family }?.address
    }

    func isOwn(_ address: IPAddress) -> Bool {
        interfaces.values.contains { $0.isUp && $0.addresses.contains { $0.address == address } }
    }
}
