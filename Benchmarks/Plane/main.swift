import CLinux
import DataPlane
import DataPlaneUserspace
import Glibc
import IKECrypto
import IKEModel
import LinuxSystem
import NetAddress

// One tunnel with fixed keys in the network namespace that it is started in, until its standard input ends:
//
//     planebench SIDE LOCAL REMOTE LOCAL-NET REMOTE-NET [esp|udp]
//
// SIDE is `a` on one host and `b` on the other. It prints `ready` and how long the installation took, and at the end
// its counters and processor time. For throughput.sh, and for looking at the data plane by hand; the keys are public,
// so it protects nothing.

func fail(_ text: String) -> Never {
    let line = "planebench: \(text)\n"
    _ = write(2, line, line.utf8.count)
    exit(1)
}

let words = CommandLine.arguments
guard words.count >= 6, let local = IPAddress(words[2]), let remote = IPAddress(words[3]),
    let localNet = IPPrefix(words[4]), let remoteNet = IPPrefix(words[5])
else { fail("usage: planebench a|b LOCAL REMOTE LOCAL-NET REMOTE-NET [esp|udp]") }
let isFirst = words[1] == "a"
let isUDP = words.contains("udp")

/// The daemon's IKE socket of port 4500, as far as the data plane cares for it.
var udp: Int32 = -1
if isUDP {
    udp = socket(local.family == .v4 ? AF_INET : AF_INET6, Int32(SOCK_DGRAM.rawValue), 0)
    var mark = DataPlaneUserspace.bypassMark
    var room: Int32 = 8 << 20
    guard setsockopt(udp, SOL_SOCKET, SO_MARK, &mark, 4) == 0,
        DatagramAddress(Endpoint(local, port: 4500)).withPointer({ bind(udp, $0, $1) }) == 0
    else { fail("socket: \(SystemError.last("bind"))") }
    _ = setsockopt(udp, SOL_SOCKET, SO_RCVBUFFORCE, &room, 4)
    do { try DatagramReceiver.joinDatagrams(udp) } catch { fail("\(error)") }
}

func direction(_ spi: UInt32) -> ESPDirection {
    ESPDirection(
        spi: ESPSPI(spi), encryptionKey: SecretBytes((0..<36).map { UInt8(truncatingIfNeeded: UInt32($0) &+ spi) }),
        integrityKey: .empty)
}

let plane = DataPlaneUserspace { _ in isUDP ? udp : nil }
let begin = MonotonicClock.now
do {
    try plane.apply(
        .install(
            ChildInstallation(
                child: ChildSAID(1), connection: ConnectionID(1), reqid: 1, mode: .tunnel, local: local, remote: remote,
                encapsulation: isUDP ? .udp(localPort: 4500, remotePort: 4500) : .none,
                suite: ESPSuite(
                    cipher: CipherChoice(.aesGCM16, keyBits: 256), integrity: .none, extendedSequenceNumbers: true),
                inbound: direction(isFirst ? 0x2000 : 0x1000), outbound: direction(isFirst ? 0x1000 : 0x2000),
                localSelectors: [TrafficSelector(localNet)], remoteSelectors: [TrafficSelector(remoteNet)],
                replayWindow: 128)))
} catch { fail("\(error)") }

let receiver = DatagramReceiver(capacity: 64, slotOctets: 65536)
let remoteEnd = Endpoint(remote, port: 4500)
var polled = ([0, udp] + plane.descriptors).filter { $0 >= 0 }
    .map { pollfd(fd: $0, events: Int16(POLLIN), revents: 0) }
print("ready, installed in \((MonotonicClock.now - begin).microseconds) us")
fflush(nil)
loop: while true {
    guard poll(&polled, nfds_t(polled.count), -1) > 0 else { continue }
    for entry in polled where entry.revents != 0 {
        switch entry.fd {
        case 0:
            var octet: UInt8 = 0
            if read(0, &octet, 1) <= 0 { break loop }
        case udp:
            let count = (try? receiver.receive(from: udp)) ?? 0
            plane.beginBatch()
            for index in 0..<count {
                let all = receiver[index]
                let octets = receiver.segmentOctets(index)
                for start in stride(from: 0, to: all.count, by: max(1, octets)) {
                    plane.receiveEncapsulated(
                        UnsafeMutableRawBufferPointer(rebasing: all[start..<min(start + octets, all.count)]),
                        local: Endpoint(local, port: 4500), remote: remoteEnd, at: .zero)
                }
            }
            plane.endBatch()
        default: plane.descriptorReady(entry.fd, at: .zero)
        }
    }
}
var usage = rusage()
getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
let counters = plane.counters(of: ChildSAID(1))!
print("in \(counters.inboundPackets) packets, \(counters.inboundOctets) octets")
print("out \(counters.outboundPackets) packets, \(counters.outboundOctets) octets")
print("replays \(counters.replays), integrity \(counters.integrityFailures), policy \(counters.policyFailures)")
print("\(plane.dropped), \(plane.sentDirectly) sent directly")
func milliseconds(_ time: timeval) -> Int { time.tv_sec * 1000 + Int(time.tv_usec) / 1000 }
print("user \(milliseconds(usage.ru_utime)) ms, system \(milliseconds(usage.ru_stime)) ms")
plane.shutdown()
