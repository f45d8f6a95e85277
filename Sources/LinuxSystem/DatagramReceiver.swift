import CLinux
import Glibc

/// Reused buffers for recvmmsg(2): up to `capacity` datagrams in one system call, no allocation.
///
/// A datagram stays where it is until the next `receive`. The memory of a slot is touched, hence real, only as far as a
/// datagram ever filled it: slots of 64 KiB cost a page each where packets are small.
package final class DatagramReceiver {
    package let capacity: Int
    private let slotOctets: Int
    private static let nameOctets = 32
    private static let controlOctets = 64

    private let slots: UnsafeMutableRawPointer
    private let names: UnsafeMutableRawPointer
    private let controls: UnsafeMutableRawPointer
    private let parts: UnsafeMutablePointer<iovec>
    private let messages: UnsafeMutablePointer<lx_mmsghdr>

    /// - Parameter slotOctets: the longest datagram that is not truncated.
    package init(capacity: Int, slotOctets: Int) {
        self.capacity = capacity
        self.slotOctets = slotOctets
        slots = .allocate(byteCount: capacity * slotOctets, alignment: 64)
        names = .allocate(byteCount: capacity * Self.nameOctets, alignment: 16)
        controls = .allocate(byteCount: capacity * Self.controlOctets, alignment: 16)
        parts = .allocate(capacity: capacity)
        messages = .allocate(capacity: capacity)
        for index in 0..<capacity {
            (parts + index).initialize(to: iovec(iov_base: slots + index * slotOctets, iov_len: slotOctets))
            var header = msghdr()
            header.msg_iov = parts + index
            header.msg_iovlen = 1
            header.msg_name = names + index * Self.nameOctets
            header.msg_control = controls + index * Self.controlOctets
            (messages + index).initialize(to: lx_mmsghdr(header: header, octets: 0))
        }
    }

    deinit {
        slots.deallocate()
        names.deallocate()
        controls.deallocate()
        parts.deallocate()
        messages.deallocate()
    }

    /// Takes what is there, at most `capacity` datagrams. Returns their number, 0 where the call would block.
    /// - Throws: a socket's pending error; the next call may succeed.
    package func receive(from descriptor: Int32) throws(SystemError) -> Int {
        for index in 0..<capacity {
            messages[index].header.msg_namelen = socklen_t(Self.nameOctets)
            messages[index].header.msg_controllen = Self.controlOctets
        }
        while true {
            let count = lx_recvmmsg(descriptor, messages, UInt32(capacity), 0)
            if count >= 0 { return Int(count) }
            let code = errno
            if code == EAGAIN { return 0 }
            if code != EINTR { throw SystemError("recvmmsg", code: code) }
        }
    }

    /// The octets of a received datagram.
    package subscript(index: Int) -> UnsafeMutableRawBufferPointer {
        UnsafeMutableRawBufferPointer(start: slots + index * slotOctets, count: Int(messages[index].octets))
    }

    /// Whether octets of a datagram did not fit its slot and are lost.
    package func isTruncated(_ index: Int) -> Bool { messages[index].header.msg_flags & Int32(MSG_TRUNC) != 0 }

    /// The sender, a sockaddr of at most 32 octets.
    package func source(_ index: Int) -> UnsafeRawPointer { UnsafeRawPointer(names + index * Self.nameOctets) }

    /// Lets a UDP socket receive consecutive datagrams of one sender as one, up to 64 KiB (UDP_GRO, udp(7)): the
    /// datagrams of a slot are then `segmentOctets` long each, the last one perhaps shorter.
    package static func joinDatagrams(_ descriptor: Int32) throws(SystemError) {
        var on: Int32 = 1
        try checked(setsockopt(descriptor, LX_SOL_UDP, LX_UDP_GRO, &on, 4), "setsockopt", "UDP_GRO")
    }

    /// The length of each datagram of a slot: all of it where they were not joined.
    package func segmentOctets(_ index: Int) -> Int {
        let whole = Int(messages[index].octets)
        guard let octets = control(index, level: LX_SOL_UDP, type: LX_UDP_GRO), octets > 0 else { return whole }
        return min(Int(octets), whole)
    }

    /// The first 32 bits of a control message's data; nil where it did not come.
    package func control(_ index: Int, level: Int32, type: Int32) -> Int32? {
        let control = controls + index * Self.controlOctets
        let end = messages[index].header.msg_controllen
        var offset = 0
        // struct cmsghdr: a length of 8 octets that counts its header, level and type of 4 each; then aligned to 8.
        while offset + 16 <= end {
            let length = control.load(fromByteOffset: offset, as: Int.self)
            if length < 16 { return nil }
            if control.load(fromByteOffset: offset + 8, as: Int32.self) == level,
                control.load(fromByteOffset: offset + 12, as: Int32.self) == type, length >= 20
            {
                return control.load(fromByteOffset: offset + 16, as: Int32.self)
            }
            offset += (length + 7) & ~7
        }
        return nil
    }
}
