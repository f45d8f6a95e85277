import CNetlink
import NetAddress

/// One request under construction, in a libnl message that it owns.
struct NetlinkMessageBuilder: ~Copyable {
    private let message: OpaquePointer

    /// - Parameters:
    ///   - type: RTM_NEWLINK and the like.
    ///   - flags: NLM_F_* besides REQUEST and ACK, which every request has.
    init(type: Int, flags: Int32 = 0) {
        guard let message = nlmsg_alloc_simple(Int32(type), NLM_F_REQUEST | NLM_F_ACK | flags) else {
            fatalError("out of memory for a netlink message")
        }
        self.message = message
    }

    deinit { nlmsg_free(message) }

    /// libnl's messages are one page; the greatest of ours, a state with a window of 4096
    /// packets, has about 1100 octets: a refusal is our bug.
    private func require(_ result: Int32) { precondition(result >= 0, "a netlink message is longer than a page") }

    /// The fixed part of a message: ifinfomsg, rtmsg, …
    func header<Header: BitwiseCopyable>(_ header: Header) {
        var copy = header
        require(nlmsg_append(message, &copy, MemoryLayout<Header>.size, 4))
    }

    func append(_ octets: [UInt8]) {
        var copy = octets
        require(nlmsg_append(message, &copy, octets.count, 4))
    }

    func attribute(_ type: Int, _ bytes: [UInt8]) { require(nla_put(message, Int32(type), Int32(bytes.count), bytes)) }
    func attribute(_ type: Int, _ value: UInt32) { require(nla_put_u32(message, Int32(type), value)) }
    func attribute(_ type: Int, _ value: UInt16) { require(nla_put_u16(message, Int32(type), value)) }
    func attribute(_ type: Int, _ value: UInt8) { require(nla_put_u8(message, Int32(type), value)) }
    func attribute(_ type: Int, _ address: IPAddress) { attribute(type, address.octets) }
    /// With the ending zero that the kernel wants.
    func attribute(_ type: Int, _ text: String) { attribute(type, Array(text.utf8) + [0]) }
    func flag(_ type: Int) { attribute(type, [] as [UInt8]) }

    func nested(_ type: Int, _ content: () -> Void) {
        let start = nla_nest_start(message, Int32(type))
        content()
        nla_nest_end(message, start)
    }

    consuming func finish(_ description: String) -> NetlinkRequest {
        let header = nlmsg_hdr(message)!
        let bytes = UnsafeRawBufferPointer(start: header, count: Int(header.pointee.nlmsg_len))
        return NetlinkRequest(description: description, bytes: Array(bytes))
    }
}
