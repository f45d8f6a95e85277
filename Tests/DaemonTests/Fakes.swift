import Daemon
import DataPlane
import DialectKit
import IKEModel
import NetAddress

/// An engine whose answers a test gives, and which keeps what it was told.
final class ScriptedEngine: EngineDriver {
    var inputs: [Input] = []
    var answer: (Input) -> [Output] = { _ in [] }
    func handle(_ input: Input, at now: Instant) -> [Output] {
        inputs.append(input)
        return answer(input)
    }
    var connections: [ConnectionSnapshot] { [] }
    var ikeSAs: [IKESnapshot] { [] }
    var childSAs: [ChildFacts] { [] }
}

/// A data plane that carries nothing and notes what it is asked.
final class RecordingDataPlane: DataPlane {
    let name = "recording"
    var changes: [KernelChange] = []
    var refusal: DataPlaneError?
    var reports: [DataPlaneReport] = []
    var encapsulated: [[UInt8]] = []
    var descriptors: [Int32] = []
    var readyDescriptors: [Int32] = []
    var onReady: (Int32) -> Void = { _ in }
    var isShutDown = false

    func apply(_ change: KernelChange) throws(DataPlaneError) {
        changes.append(change)
        if let refusal { throw refusal }
    }
    func counters(of child: ChildSAID) -> ChildCounters? { nil }
    func states() -> [SAState] { [] }
    func policies() -> [PolicyState] { [] }
    func descriptorReady(_ descriptor: Int32, at now: Instant) {
        readyDescriptors.append(descriptor)
        onReady(descriptor)
    }
    func receiveEncapsulated(
        _ payload: UnsafeMutableRawBufferPointer, local: Endpoint, remote: Endpoint, at now: Instant
    ) {
        encapsulated.append(Array(payload))
    }
    func takeReports() -> [DataPlaneReport] {
        defer { reports = [] }
        return reports
    }
    func shutdown() { isShutDown = true }
}

/// A dialect whose manners a test gives.
final class ScriptedDialect: Dialect {
    var wireProfile: WireProfile { WireProfile() }
    var ports: [UInt16] = [0]
    var startEffects: [DialectEffect] = []
    var onAccept: (ClientRequest, SessionID, any DaemonView) -> [DialectEffect] = { _, _, _ in [] }
    var onRender: (Event) -> [DialectEffect] = { _ in [] }
    var onWoken: () -> [DialectEffect] = { [] }
    var disconnectedSessions: [SessionID] = []

    func start(_ view: any DaemonView) throws(StartFailure) -> [DialectEffect] { startEffects }
    func accept(
        _ request: ClientRequest, from session: SessionID, _ view: any DaemonView
    ) -> [DialectEffect] { onAccept(request, session, view) }
    func render(_ event: Event, _ view: any DaemonView) -> [DialectEffect] { onRender(event) }
    func woken(_ view: any DaemonView) -> [DialectEffect] { onWoken() }
    func disconnected(_ session: SessionID) { disconnectedSessions.append(session) }
}
