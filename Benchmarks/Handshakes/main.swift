import Glibc
import IKECrypto
import IKEEngine
import IKEModel

/// `ikebench`: sets up IKE SAs with a responder, each with one Child SA, as fast as it answers.
///
///     ikebench LOCAL:PORT REMOTE COUNT CONCURRENCY delete|keep|live x25519|modp2048 SECRET PID…
///
/// The identities are FQDNs: `load` here, `east` there; AES-256-GCM, PRF-HMAC-SHA2-256; 10.0.1.0/24 === 10.0.2.0/24. With
/// `delete` each IKE SA is deleted once its Child SA stands. With `live` all stay, and each is asked for a sign of life, has its
/// Child SA replaced, is replaced itself, and is asked again: a line for each of these says how many have answered. PID are the
/// responder's processes: their CPU time and resident memory are read before and after. Prints lines of `name=value`. Exit
/// status: 1 where anything was lost.
let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 8, let count = Int(arguments[2]), let concurrency = Int(arguments[3]), count > 0,
    let use = Load.Use(rawValue: arguments[4])
else {
    print("usage: ikebench LOCAL:PORT REMOTE COUNT CONCURRENCY delete|keep|live x25519|modp2048 SECRET PID…")
    exit(2)
}
let load = Load(
    local: arguments[0], remote: arguments[1], use: use,
    group: arguments[5] == "modp2048" ? .modp2048 : .curve25519, secret: Array(arguments[6].utf8))
let responder = Responder(processes: arguments.dropFirst(7).compactMap { Int32($0) })
func rounded(_ value: Double, _ digits: Double = 10) -> String { String((value * digits).rounded() / digits) }
// Not counted: what the first handshakes find cold.
load.run(count: min(20, count), concurrency: 1)
let before = responder.measure()
let start = Clock.now()
load.run(count: count, concurrency: concurrency)
let seconds = Double(Clock.now() - start) / 1e9
let after = responder.measure()
let latencies = load.latencies.sorted()
let each = (after.cpuSeconds - before.cpuSeconds) / Double(max(latencies.count, 1))
print(
    "handshakes=\(latencies.count) failed=\(load.failures) seconds=\(rounded(seconds, 1000))",
    "rate=\(rounded(Double(latencies.count) / seconds))",
    "median_us=\(latencies.isEmpty ? 0 : latencies[latencies.count / 2] / 1000)", "cpu_us=\(rounded(each * 1e6))",
    "octets_each=\((after.residentOctets - before.residentOctets) / max(latencies.count, 1))")
var isComplete = load.failures == 0

/// One exchange, or several, of every IKE SA that lives.
@MainActor func exercise(_ name: String, until isOver: @escaping (Event) -> Bool, _ command: (Engine) -> Command?) {
    let before = responder.measure()
    let (done, seconds) = load.exercise(concurrency: concurrency, until: isOver, command)
    let after = responder.measure()
    let each = (after.cpuSeconds - before.cpuSeconds) / Double(max(done, 1))
    print(
        "\(name)=\(done) of=\(load.living.count) seconds=\(rounded(seconds, 1000)) cpu_us=\(rounded(each * 1e6))",
        "resident_octets=\(after.residentOctets)")
    if done != load.living.count { isComplete = false }
}

if use == .live {
    @MainActor func probe(_ name: String) {
        exercise(name, until: { if case .livenessConfirmed = $0 { true } else { false } }) {
            $0.ikeSAs.last.map { .probe($0.ike) }
        }
    }
    probe("alive")
    // What was replaced is deleted, and the answer to that is its end.
    exercise("children_rekeyed", until: { if case .childDeleted(_, _, _, .replaced) = $0 { true } else { false } }) {
        $0.childSAs.last.map { .rekeyChild($0.child) }
    }
    exercise("ikes_rekeyed", until: { if case .ikeDeleted(_, _, .replaced) = $0 { true } else { false } }) {
        $0.ikeSAs.last.map { .rekeyIKE($0.ike) }
    }
    probe("alive_after")
    let whole = load.living.count { $0.ikeSAs.count == 1 && $0.childSAs.count == 1 }
    print("whole=\(whole) of=\(load.living.count)")
    if whole != load.living.count { isComplete = false }
}
exit(isComplete ? 0 : 1)
