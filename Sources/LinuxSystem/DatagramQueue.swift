import CLinux
package import Glibc

/// Reused messages for sendmmsg(2): gathers up to `capacity` datagrams and sends them in one system call, no
/// allocation.
///
/// It is bounded: what the kernel does not take at once is dropped and counted, never kept (a queue that grows turns a
/// busy link into seconds of delay).
package final class DatagramQueue {
    package let capacity: Int
    package let partsPerMessage: Int
    private static let controlOctets = 96

    private let controls: UnsafeMutableRawPointer
    private let parts: UnsafeMutablePointer<iovec>
    private let messages: UnsafeMutablePointer<lx_mmsghdr>
    /// Messages gathered since the last flush.
    package private(set) var count = 0
    /// The errno of the datagram that was refused last for what it is; 0: none yet.
    package private(set) var lastRefusal: Int32 = 0

    package init(capacity: Int, partsPerMessage: Int) {
        self.capacity = capacity
        self.partsPerMessage = partsPerMessage
        controls = .allocate(byteCount: capacity * Self.controlOctets, alignment: 16)
        parts = .allocate(capacity: capacity * partsPerMessage)
        messages = .allocate(capacity: capacity)
        for index in 0..<capacity {
            var header = msghdr()
            header.msg_iov = parts + index * partsPerMessage
            (messages + index).initialize(to: lx_mmsghdr(header: header, octets: 0))
        }
    }

    deinit {
        controls.deallocate()
        parts.deallocate()
        messages.deallocate()
    }

    package var isFull: Bool { count == capacity }

    /// Begins a message without parts, destination or control; returns its index.
    package func begin() -> Int {
        precondition(count < capacity, "a message for a full queue")
        let index = count
        count += 1
        messages[index].header.msg_name = nil
        messages[index].header.msg_namelen = 0
        messages[index].header.msg_iovlen = 0
        messages[index].header.msg_control = nil
        messages[index].header.msg_controllen = 0
        return index
    }

    /// The octets must stay until the flush.
    package func addPart(_ index: Int, _ base: UnsafeMutableRawPointer, _ octets: Int) {
        let used = messages[index].header.msg_iovlen
        precondition(used < partsPerMessage, "too many parts of one message")
        parts[index * partsPerMessage + used] = iovec(iov_base: base, iov_len: octets)
        messages[index].header.msg_iovlen = used + 1
    }

    package func partCount(_ index: Int) -> Int { messages[index].header.msg_iovlen }

    /// The sockaddr must stay until the flush.
    package func setDestination(_ index: Int, _ address: UnsafeMutableRawPointer, _ length: socklen_t) {
        messages[index].header.msg_name = address
        messages[index].header.msg_namelen = length
    }

    /// The first part of a message.
    package func firstPart(_ index: Int) -> UnsafeMutableRawBufferPointer {
        let part = parts[index * partsPerMessage]
        return UnsafeMutableRawBufferPointer(start: part.iov_base, count: part.iov_len)
    }

    /// Makes a message anew: one part, to stay until the flush; no destination and no control message.
    package func replace(_ index: Int, _ octets: UnsafeMutableRawBufferPointer) {
        parts[index * partsPerMessage] = iovec(iov_base: octets.baseAddress, iov_len: octets.count)
        messages[index].header.msg_iovlen = 1
        messages[index].header.msg_control = nil
        messages[index].header.msg_controllen = 0
        messages[index].header.msg_name = nil
        messages[index].header.msg_namelen = 0
    }

    /// Adds a control message; at most 96 octets for all of one datagram.
    package func addControl<Value: BitwiseCopyable>(_ index: Int, level: Int32, type: Int32, _ value: Value) {
        let base = controls + index * Self.controlOctets
        let offset = messages[index].header.msg_controllen
        let length = 16 + MemoryLayout<Value>.size
        precondition(offset + length <= Self.controlOctets, "too many control messages of one datagram")
        base.storeBytes(of: length, toByteOffset: offset, as: Int.self)
        base.storeBytes(of: level, toByteOffset: offset + 8, as: Int32.self)
        base.storeBytes(of: type, toByteOffset: offset + 12, as: Int32.self)
        base.storeBytes(of: value, toByteOffset: offset + 16, as: Value.self)
        messages[index].header.msg_control = base
        messages[index].header.msg_controllen = offset + ((length + 7) & ~7)
    }

    /// Sends everything and empties the queue. Returns the number of datagrams that were dropped: all that are left
    /// when the socket would block or the kernel has no buffer, and each one that it refuses (too long, no route).
    package func flush(to descriptor: Int32) -> Int {
        var done = 0
        var dropped = 0
        while done < count {
            let sent = lx_sendmmsg(descriptor, messages + done, UInt32(count - done), 0)
            if sent > 0 {
                done += Int(sent)
                continue
            }
            switch errno {
            case EINTR: continue
            case EAGAIN, ENOBUFS, EBADF:
                dropped += count - done
                done = count
            case let refusal:
                lastRefusal = refusal
                dropped += 1
                done += 1
            }
        }
        count = 0
        return dropped
    }
}
