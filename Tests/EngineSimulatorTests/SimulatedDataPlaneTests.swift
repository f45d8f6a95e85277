import DataPlane
import EngineSimulator
import IKECrypto
import IKEModel
import NetAddress
import Testing

/// The contract of data planes, as far as one that carries no packets can keep it.
@Suite struct SimulatedDataPlaneTests {
    private func installation(_ number: UInt64, spi: UInt32, replaces: UInt64? = nil) -> ChildInstallation {
        func direction(_ spi: UInt32) -> ESPDirection {
            ESPDirection(
                spi: ESPSPI(spi), encryptionKey: SecretBytes([UInt8](repeating: 1, count: 36)), integrityKey: .empty)
        }
        return ChildInstallation(
            child: ChildSAID(number), connection: ConnectionID(1), reqid: 16388, mode: .tunnel,
            local: EndName.west.address, remote: EndName.east.address, encapsulation: .none,
            suite: ESPSuite(
                cipher: CipherChoice(.aesGCM16, keyBits: 256), integrity: .none, extendedSequenceNumbers: true),
            inbound: direction(spi), outbound: direction(spi + 1),
            localSelectors: [TrafficSelector(IPPrefix("192.0.1.0/24")!)],
            remoteSelectors: [TrafficSelector(IPPrefix("192.0.2.0/24")!)], replayWindow: 128,
            replaces: replaces.map { ChildSAID($0) })
    }

    @Test func `a change that cannot be made is refused`() throws {
        let plane = SimulatedDataPlane()
        try plane.apply(.install(installation(1, spi: 1000)))
        #expect(throws: DataPlaneError.self) { try plane.apply(.install(installation(1, spi: 2000))) }
        #expect(throws: DataPlaneError.self) { try plane.apply(.install(installation(2, spi: 1000))) }
        #expect(throws: DataPlaneError.self) { try plane.apply(.remove(ChildSAID(3))) }
        #expect(throws: DataPlaneError.self) {
            try plane.apply(
                .move(
                    ChildMove(
                        ChildSAID(3), local: EndName.west.address, remote: EndName.east.address, encapsulation: .none)))
        }
        #expect(plane.children == [ChildSAID(1)])
    }

    @Test func `removing keeps the last counters until the next change, and leaves no policy`() throws {
        let plane = SimulatedDataPlane()
        try plane.apply(.install(installation(1, spi: 1000)))
        #expect(plane.policies().count == 1 && plane.states().count == 2)
        try plane.apply(.remove(ChildSAID(1)))
        #expect(plane.counters(of: ChildSAID(1)) != nil)
        #expect(plane.policies().isEmpty && plane.states().isEmpty && plane.isEmpty)
        try plane.apply(.unroute(ConnectionID(1)))
        #expect(plane.counters(of: ChildSAID(1)) == nil)
    }

    @Test func `a replacement is used at once and the replaced SA still receives until it is removed`() throws {
        let plane = SimulatedDataPlane()
        try plane.apply(.install(installation(1, spi: 1000)))
        try plane.apply(.install(installation(2, spi: 2000, replaces: 1)))
        #expect(plane.sender(for: ConnectionID(1))?.child == ChildSAID(2))
        #expect(plane.child(inbound: ESPSPI(1000))?.child == ChildSAID(1))
        try plane.apply(.remove(ChildSAID(1)))
        #expect(plane.child(inbound: ESPSPI(1000)) == nil && plane.shields(ConnectionID(1)))
    }
}
