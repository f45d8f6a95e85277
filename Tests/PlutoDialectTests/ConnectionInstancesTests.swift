import IKEModel
import NetAddress
import Testing

@testable import PlutoDialect

/// `"CONN"[N] ADDRESS`: an instance for each peer.
struct ConnectionInstancesTests {
    @Test func `however many peers come, those without an IKE SA are forgotten, and no number comes twice`() {
        var instances = ConnectionInstances()
        let id = ConnectionID(1)
        var serial: UInt64 = 100
        func address(_ number: Int) -> IPAddress { IPAddress(family: .v6, value: UInt128(number)) }
        let first = address(1)
        for number in 1...3 * ConnectionInstances.limit {
            serial += 1
            let made = instances.add(id, at: address(number), inUse: { [first] }, serial: { ConnectionID(serial) })
            if made.number != number || instances.count(of: id) > ConnectionInstances.limit + 1 {
                Issue.record("peer \(number): number \(made.number), \(instances.count(of: id)) instances")
                break
            }
        }
        #expect(instances.instance(of: id, at: first)?.number == 1)
        #expect(instances.instance(of: id, at: address(2)) == nil)
        let again = instances.add(id, at: address(2)) { ConnectionID(1) }
        #expect(again.number == 3 * ConnectionInstances.limit + 1)
    }
}
