import CLinux
import Glibc
import LinuxSystem
import NetAddress

/// What the kernel said of its routes, kept until they change: a socket for each question of each change would cost more
/// than the rest of the change.
///
/// Kept at most `lifetime`, because a path MTU that ICMP brought is not announced. Where changes cannot be watched nothing is
/// kept. Questions are asked in the network namespace that the calling thread is in, like all that the data plane does.
final class PathAnswers {
    private static let lifetime = Duration.seconds(10)
    /// Answers at most; with more they are forgotten and asked for anew.
    private static let limit = 4096

    private struct Path: Hashable {
        var local: IPAddress
        var remote: IPAddress
    }

    private let mark: UInt32
    private let watch: HostWatch?
    private let ignored: UInt32
    private var mtus: [Path: Int] = [:]
    private var sources: [IPAddress: IPAddress?] = [:]
    private var since = MonotonicClock.now
    /// How many the kernel was asked for.
    private(set) var questions: UInt64 = 0

    /// - Parameters:
    ///   - mark: the firewall mark that the rules see.
    ///   - port: of the netlink socket by which this data plane changes rules and routes: its own do not count.
    init(mark: UInt32, ignoring port: UInt32) {
        self.mark = mark
        ignored = port
        watch = try? HostWatch(includesLinks: true)
    }

    /// Forgets what may be wrong by now. - Returns: whether it had to.
    func renew() -> Bool {
        let now = MonotonicClock.now
        let isChanged = watch?.drain(ignoring: ignored) ?? true
        guard isChanged || now - since >= Self.lifetime || mtus.count + sources.count >= Self.limit else {
            return false
        }
        forget()
        since = now
        return true
    }

    func forget() {
        mtus = [:]
        sources = [:]
    }

    /// The source address that the main table gives to packets for an address; nil where there is no way.
    func source(towards remote: IPAddress) -> IPAddress? {
        if let known = sources[remote] { return known }
        questions += 1
        let found = HostWatch.source(towards: remote, mark: mark)
        sources[remote] = .some(found)
        return found
    }

    /// The MTU of the path between two addresses, 576...9000; 1500 where the kernel knows no way yet.
    func mtu(local: IPAddress, remote: IPAddress) -> Int {
        let path = Path(local: local, remote: remote)
        if let known = mtus[path] { return known }
        questions += 1
        let from = DatagramAddress(Endpoint(local, port: 0))
        let to = DatagramAddress(Endpoint(remote, port: 9))
        let found = from.withPointer { local, _ in
            to.withPointer { remote, length in lx_path_mtu(local, remote, length, mark) }
        }
        let mtu = found < 0 ? 1500 : min(max(Int(found), 576), 9000)
        mtus[path] = mtu
        return mtu
    }
}
