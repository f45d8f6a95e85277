import Glibc
import IKECrypto

/// `ikebench`: sets up IKE SAs with a responder, each with one Child SA, as fast as it answers.
///
///     ikebench LOCAL:PORT REMOTE COUNT CONCURRENCY delete|keep x25519|modp2048 SECRET PID…
///
/// The identities are FQDNs: `load` here, `east` there; AES-256-GCM, PRF-HMAC-SHA2-256; 10.0.1.0/24 === 10.0.2.0/24. With
/// `delete` each IKE SA is deleted once its Child SA stands. PID are the responder's processes: their CPU time and resident
/// memory are read before and after. Prints one line of `name=value`.
let arguments = Array(CommandLine.arguments.dropFirst())
guard arguments.count >= 8, let count = Int(arguments[2]), let concurrency = Int(arguments[3]), count > 0 else {
    print("usage: ikebench LOCAL:PORT REMOTE COUNT CONCURRENCY delete|keep x25519|modp2048 SECRET PID…")
    exit(2)
}
let load = Load(
    local: arguments[0], remote: arguments[1], deletes: arguments[4] == "delete",
    group: arguments[5] == "modp2048" ? .modp2048 : .curve25519, secret: Array(arguments[6].utf8))
let responder = Responder(processes: arguments.dropFirst(7).compactMap { Int32($0) })
// Not counted: what the first handshakes find cold.
load.run(count: min(20, count), concurrency: 1)
let before = responder.measure()
let start = Clock.now()
load.run(count: count, concurrency: concurrency)
let seconds = Double(Clock.now() - start) / 1e9
let after = responder.measure()
let latencies = load.latencies.sorted()
let each = (after.cpuSeconds - before.cpuSeconds) / Double(max(latencies.count, 1))
func rounded(_ value: Double, _ digits: Double = 10) -> String { String((value * digits).rounded() / digits) }
print(
    "handshakes=\(latencies.count) failed=\(load.failures) seconds=\(rounded(seconds, 1000))",
    "rate=\(rounded(Double(latencies.count) / seconds))",
    "median_us=\(latencies.isEmpty ? 0 : latencies[latencies.count / 2] / 1000)", "cpu_us=\(rounded(each * 1e6))",
    "octets_each=\((after.residentOctets - before.residentOctets) / max(latencies.count, 1))")
exit(load.failures == 0 ? 0 : 1)
