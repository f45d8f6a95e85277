package import DataPlane
import IKECrypto
package import IKEModel
package import NetAddress

/// A data plane that carries nothing and remembers what it was asked for, as strict about it as one that does.
package final class SimulatedDataPlane: DataPlane {
    private struct Installed {
        var installation: ChildInstallation
        /// Greater ones are newer: of several of one connection the newest sends.
        var number: Int
    }

    private var installed: [ChildSAID: Installed] = [:]
    private var childBySPI: [ESPSPI: ChildSAID] = [:]
    private var routes: [ConnectionID: RouteInstallation] = [:]
    private var removed: [ChildSAID: ChildCounters] = [:]
    private var installations = 0

    package init() {}

    package var name: String { "simulated" }
    package var descriptors: [Int32] { [] }

    package func apply(_ change: KernelChange) throws(DataPlaneError) {
        removed = [:]
        switch change {
        case .install(let installation):
            guard installed[installation.child] == nil else {
                throw DataPlaneError("Child SA \(installation.child.number) is installed already")
            }
            guard childBySPI[installation.inbound.spi] == nil else {
                throw DataPlaneError("the inbound SPI \(installation.inbound.spi) is in use")
            }
            guard installation.local.family == installation.remote.family else {
                throw DataPlaneError("the ends \(installation.local) and \(installation.remote) are of two families")
            }
            installations += 1
            installed[installation.child] = Installed(installation: installation, number: installations)
            childBySPI[installation.inbound.spi] = installation.child
        case .remove(let child):
            guard let gone = installed.removeValue(forKey: child) else {
                throw DataPlaneError("no Child SA \(child.number) to remove")
            }
            childBySPI[gone.installation.inbound.spi] = nil
            removed[child] = ChildCounters()
        case .route(let route): routes[route.connection] = route
        case .unroute(let connection): routes[connection] = nil
        case .move(let move):
            guard installed[move.child] != nil else {
                throw DataPlaneError("no Child SA \(move.child.number) to move")
            }
            installed[move.child]?.installation.follow(move)
        case .keepAlive: break
        }
    }

    package func counters(of child: ChildSAID) -> ChildCounters? {
        installed[child] == nil ? removed[child] : ChildCounters()
    }

    package func states() -> [SAState] {
        installed.values.sorted { $0.number > $1.number }.flatMap { entry in
            [false, true].map {
                SAState(
                    installation: entry.installation, isInbound: $0, sequence: 0, replayBitmap: [],
                    lastUsedSeconds: nil)
            }
        }
    }

    package func policies() -> [PolicyState] {
        let protected = installed.values.sorted { $0.number > $1.number }.flatMap { entry in
            let sa = entry.installation
            return pairs(sa.localSelectors, sa.remoteSelectors).map {
                PolicyState(
                    source: $0, destination: $1, direction: .outbound, priority: 0, mode: sa.mode, reqid: sa.reqid,
                    templateSource: sa.local, templateDestination: sa.remote)
            }
        }
        let held = routes.values.sorted { $0.connection < $1.connection }.flatMap { route in
            pairs(route.localSelectors, route.remoteSelectors).map {
                PolicyState(
                    source: $0, destination: $1, direction: .outbound, priority: 1, mode: route.mode,
                    reqid: route.reqid, templateSource: .unspecified(route.local.family),
                    templateDestination: route.remote, action: .onDemand)
            }
        }
        return protected + held
    }

    private func pairs(
        _ local: [TrafficSelector], _ remote: [TrafficSelector]
    ) -> [(TrafficSelector, TrafficSelector)] {
        local.flatMap { mine in remote.map { (mine, $0) } }
    }

    package func descriptorReady(_ descriptor: Int32, at now: Instant) {}
    package func receiveEncapsulated(
        _ payload: UnsafeMutableRawBufferPointer, local: Endpoint, remote: Endpoint, at now: Instant
    ) {}
    package func takeReports() -> [DataPlaneReport] { [] }

    package func shutdown() {
        installed = [:]
        childBySPI = [:]
        routes = [:]
    }

    // MARK: What the simulator asks of it

    package var children: Set<ChildSAID> { Set(installed.keys) }
    package var isEmpty: Bool { installed.isEmpty && routes.isEmpty }

    package func child(inbound spi: ESPSPI) -> ChildInstallation? {
        childBySPI[spi].flatMap { installed[$0]?.installation }
    }

    package func installation(of child: ChildSAID) -> ChildInstallation? { installed[child]?.installation }

    /// Whether a packet of a connection is either sealed or held back, and never sent in clear.
    package func shields(_ connection: ConnectionID) -> Bool {
        routes[connection] != nil || installed.values.contains { $0.installation.connection == connection }
    }

    /// The Child SA that seals the packets of a connection.
    package func sender(for connection: ConnectionID) -> ChildInstallation? {
        installed.values.filter { $0.installation.connection == connection }.max { $0.number < $1.number }?
            .installation
    }
}
