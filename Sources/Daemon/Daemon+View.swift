package import DataPlane
package import DialectKit
import Glibc
package import IKEModel
import LinuxSystem
package import NetAddress

extension Daemon: DaemonView {
    package var wallClockMicroseconds: Int64 {
        var time = timespec()
        clock_gettime(CLOCK_REALTIME, &time)
        return Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000
    }
    package var processID: Int32 { getpid() }
    package var connections: [ConnectionSnapshot] { engine.connections }
    package var ikeSAs: [IKESnapshot] { engine.ikeSAs }
    package var childSAs: [ChildFacts] { engine.childSAs }
    package func ikeSA(_ id: IKESAID) -> IKESnapshot? { engine.ikeSA(id) }
    package func hasChildSA(of connection: ConnectionID, besides child: ChildSAID) -> Bool {
        engine.hasChildSA(of: connection, besides: child)
    }
    package var dataPlaneName: String { dataPlane.name }
    package func counters(of child: ChildSAID) -> ChildCounters? { dataPlane.counters(of: child) }
    package var saStates: [SAState] { dataPlane.states() }
    package var acquireStates: [AcquireState] { dataPlane.acquires() }
    package var reservedSPIs: [ReservedSPI] { engine.reservedSPIs }
    package var policyStates: [PolicyState] { dataPlane.policies() }

    package var interfaceAddresses: [InterfaceAddress] {
        HostAddresses.current().map { InterfaceAddress(interface: $0.interface, address: $0.address) }
    }

    package var interfacesUp: Set<String> { HostAddresses.interfacesUp() }

    package func sourceAddress(towards remote: IPAddress) -> IPAddress? { sockets.source(towards: remote) }

    package var listeningPorts: [UInt16] { sockets.ports }

    package func readFile(_ path: String) throws(FileFailure) -> [UInt8] { try HostFile.read(path) }

    package func glob(_ pattern: String) -> [String] { PathPattern(pattern).matches() }
}
