import CLinux
import Glibc
package import LinuxSystem

/// A packet socket of this network namespace: takes frames as they came, with the time at which they did.
/// It does not see what this machine itself sends (PACKET_IGNORE_OUTGOING), so a frame that crosses a bridge comes once.
package final class PacketSocket {
    /// A frame as it was taken; its octets stay in the socket's buffer until the next one.
    package struct Arrival {
        /// The interface that it came in by.
        package let interfaceIndex: Int32
        /// Since 1970.
        package let seconds: Int64
        package let nanoseconds: Int32
    }

    /// The size of the buffer for one frame: 64 KiB and room for a header; veth hands over whole TSO segments.
    private static let frameCapacity = 65536 + 256

    package let descriptor: FileDescriptor
    private var buffer = [UInt8](repeating: 0, count: frameCapacity)

    /// - Parameters:
    ///   - interfaceIndex: 0 for all interfaces.
    ///   - offloads: each frame has 10 octets before it (virtio_net_hdr) that keep its partial checksum and its
    ///     segmentation through `send`; without them a frame that is sent on has a wrong checksum.
    package init(interfaceIndex: UInt32, offloads: Bool) throws(SystemError) {
        // 32 MiB of kernel memory: some 20,000 full frames may wait while the run does something else.
        let result = clinux_capture_open(Int32(interfaceIndex), offloads ? 1 : 0, 32 << 20)
        if result < 0 { throw SystemError("packet socket", "interface \(interfaceIndex)", code: -result) }
        descriptor = FileDescriptor(owning: result)
    }

    /// Takes one frame, if there is one, and hands it on; false where there was none.
    package func receive(_ body: (Arrival, ArraySlice<UInt8>) -> Void) -> Bool {
        var frame = clinux_captured_frame()
        let count = buffer.withUnsafeMutableBytes {
            clinux_capture_receive(descriptor.rawValue, $0.baseAddress, UInt($0.count), &frame)
        }
        guard count >= 0 else { return false }
        body(
            Arrival(interfaceIndex: frame.ifindex, seconds: frame.seconds, nanoseconds: frame.nanoseconds),
            buffer[..<count])
        return true
    }

    /// Sends a frame out of the socket's interface; one that the interface cannot take now is lost, as on a wire.
    package func send(_ frame: ArraySlice<UInt8>) {
        _ = frame.withUnsafeBytes {
            Glibc.send(descriptor.rawValue, $0.baseAddress, $0.count, Int32(MSG_DONTWAIT))
        }
    }

    /// Frames that the kernel had no room for since the last call.
    package func drops() -> Int { Swift.max(0, clinux_capture_drops(descriptor.rawValue)) }
}
