import NetAddress
import Recordings
import Testing

@testable import Netlink

/// Messages of the kernel's IPsec, held against what iproute2 and the kernel write.
@Suite struct XFRMMessageTests {
    private func address(_ text: String) -> IPAddress { IPAddress(text)! }
    private func prefix(_ text: String) -> IPPrefix { IPPrefix(text)! }

    /// The state that iproute2 was asked for in `RecordedXFRM.addState`.
    private var state: XFRMState {
        var state = XFRMState(from: address("192.0.1.254"), to: address("192.0.9.1"), spi: 0x1234_5678)
        state.reqid = 42
        state.isForAnyFamily = true
        state.replay = XFRMReplay(window: 32)
        state.limits.softPackets = 1
        state.limits.hardPackets = 3
        state.limits.softOctets = 5000
        state.algorithms = [.aead("rfc4106(gcm(aes))", key: (0..<20).map { $0 }, icvBits: 128)]
        state.encapsulation = XFRMEncapsulation(sourcePort: 4500, destinationPort: 4501)
        return state
    }

    /// A message without its nlmsghdr.
    private func body(_ request: NetlinkRequest) -> [UInt8] { Array(request.bytes.dropFirst(16)) }

    private func message(_ request: NetlinkRequest) throws -> NetlinkMessage {
        try #require(NetlinkMessage.all(in: request.bytes).first)
    }

    @Test func `a state is written as iproute2 writes it, octet for octet`() {
        #expect(body(.addState(state)).hex == RecordedXFRM.addState.hex)
    }

    @Test func `a state is read as it was written, whatever it has`() throws {
        var large = state
        large.usesESN = true
        large.hasLargeReplay = true
        large.replay = XFRMReplay(window: 128)
        large.replay.received = 0x1_0000_0005
        large.replay.sent = 0x2_0000_0007
        large.replay.bitmap = [1, 2, 3, 0x8000_0000]
        large.mark = XFRMMark(value: 7, mask: 0xff)
        large.interfaceID = 99
        large.direction = .outbound
        large.algorithms = [
            .authentication("hmac(sha256)", key: (1...32).map { $0 }, icvBits: 128),
            .encryption("cbc(aes)", key: (1...16).map { $0 }),
        ]
        var transport = XFRMState(from: address("2001:db8::1"), to: address("2001:db8::2"), spi: 256)
        transport.mode = .transport
        var selector = XFRMSelector(from: prefix("2001:db8::1/128"), to: prefix("2001:db8::2/128"), ipProtocol: 6)
        (selector.destinationPort, selector.destinationPortMask) = (80, 0xfff0)
        transport.selector = selector
        transport.limits.hardSeconds = 60
        transport.limits.softUseSeconds = 30
        for written in [state, large, transport] {
            var read = try #require(XFRMState(try message(.addState(written))))
            // Without counts the old window's form is not written, and is empty when it is read.
            read.replay.bitmap = written.replay.bitmap
            #expect(read == written)
        }
    }

    @Test func `a policy is read as it was written`() throws {
        var policy = XFRMPolicy(
            XFRMSelector(from: prefix("192.0.1.0/24"), to: prefix("192.0.2.0/24"), ipProtocol: 17), .forward)
        policy.priority = 0x10_0123
        policy.templates = [
            XFRMTemplate(from: address("192.1.2.45"), to: address("192.1.2.23"), reqid: 16389, mode: .tunnel),
            XFRMTemplate(from: address("0.0.0.0"), to: address("0.0.0.0"), reqid: 0, mode: .transport),
        ]
        policy.templates[1].isOptional = true
        policy.mark = XFRMMark(value: 1)
        policy.interfaceID = 5
        policy.limits.hardUseSeconds = 9
        #expect(XFRMPolicy(try message(.setPolicy(policy))) == policy)
    }

    @Test func `a migration is read as it was written, with the key manager's addresses`() throws {
        let migration = XFRMMigration(
            XFRMSelector(from: prefix("2001:1::10/128"), to: prefix("::/0")), .outbound,
            steps: [
                XFRMMigration.Step(
                    from: (address("2001::1"), address("2001:1::1")), to: (address("2001::50"), address("2001:1::1")),
                    mode: .tunnel, reqid: 2)
            ],
            keyManager: XFRMKeyManagerAddresses(local: address("2001::50"), remote: address("2001:1::1")))
        let request = NetlinkRequest.migrate(migration)
        #expect(XFRMEvent.all(in: request.bytes) == [.migrated(migration)])
    }

    // MARK: Events

    @Test func `an acquire tells the packet and the policy that it met`() throws {
        guard case .acquire(let packet, let policy) = try #require(XFRMEvent.all(in: RecordedXFRM.acquire).first) else {
            Issue.record("no acquire")
            return
        }
        #expect(packet.description == "from 192.0.1.254/32 to 192.0.2.1/32 protocol 17 sport 55775 dport 1025")
        #expect(policy.selector == XFRMSelector(from: prefix("192.0.1.0/24"), to: prefix("192.0.2.0/24")))
        #expect(policy.direction == .outbound && policy.priority == 7 && policy.index == 1)
        #expect(policy.templates.map(\.mode) == [.transport] && policy.templates[0].destination.isUnspecified)
    }

    @Test func `an expiry tells the state, its use, and whether it is gone`() throws {
        func expiry(_ octets: [UInt8]) throws -> (XFRMState, Bool) {
            guard case .expired(let state, let isHard) = try #require(XFRMEvent.all(in: octets).first) else {
                throw NetlinkError(request: "no expiry", code: 0)
            }
            return (state, isHard)
        }
        let (soft, isSoftHard) = try expiry(RecordedXFRM.softExpiry)
        #expect(soft.id == state.id && soft.reqid == 42 && !isSoftHard)
        #expect(soft.use.octets == 84 && soft.use.packets == 1 && soft.limits == state.limits)
        let (hard, isHard) = try expiry(RecordedXFRM.hardExpiry)
        #expect(hard.use.octets == 252 && hard.use.packets == 3 && isHard)
    }

    @Test func `what is cut short at any octet, or altered at any, is no event or another, and never a trap`() {
        for recorded in [RecordedXFRM.acquire, RecordedXFRM.softExpiry, RecordedXFRM.hardExpiry] {
            #expect(XFRMEvent.all(in: recorded).count == 1)
            for count in recorded.indices {
                #expect(XFRMEvent.all(in: Array(recorded[..<count])).isEmpty)
                // The length in the header cut with it: attributes and structures end early.
                var cut = Array(recorded[..<count])
                if count >= 16 { withUnsafeBytes(of: UInt32(count)) { cut.replaceSubrange(0..<4, with: $0) } }
                #expect(XFRMEvent.all(in: cut).count <= 1)
                for value in [UInt8(0), 0x7f, 0xff] {
                    var altered = recorded
                    altered[count] = value
                    #expect(XFRMEvent.all(in: altered).count <= 1)
                }
            }
        }
    }

    // MARK: The window

    @Test func `the new form's window is turned so that the newest packet is bit 0`() {
        var replay = XFRMReplay(window: 64)
        // 70, 69 and 7 have come: bits (number - 1) modulo 64.
        replay.received = 70
        replay.bitmap = [1 << 5 | 1 << 4 | 1 << 6, 0]
        #expect(replay.newestFirst(isLarge: true) == [0b11, 1 << 31])
        #expect(XFRMReplay(large: replay.large[...]) == replay)
        #expect(XFRMReplay(large: replay.large.dropLast()) == nil)
    }
}
