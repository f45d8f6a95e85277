import CLinux
import Glibc
import LinuxSystem
import NetAddress

/// Sends and receives in the hosts with plain sockets: no program besides the test.
extension TwoHosts {
    /// ICMP echo of 56 octets, an ordinary ping (84 octets with IPv4's header); true where the answer came.
    func ping(
        from source: String, to destination: String, within limit: Duration = .seconds(60)
    ) throws -> Bool {
        let (from, to) = (IPAddress(source)!, IPAddress(destination)!)
        let isV4 = from.family == .v4
        let socket = try west.enter {
            let opened = Glibc.socket(
                isV4 ? AF_INET : AF_INET6, Int32(SOCK_RAW.rawValue | SOCK_NONBLOCK.rawValue), isV4 ? 1 : 58)
            let owner = FileDescriptor(owning: opened)
            try checked(DatagramAddress(Endpoint(from, port: 0)).withPointer { bind(opened, $0, $1) }, "bind")
            return owner
        }
        var echo: [UInt8] = [isV4 ? 8 : 128, 0, 0, 0, 0x12, 0x34, 0, 1] + (0..<56).map { UInt8($0) }
        if isV4 {
            var sum: UInt32 = 0
            for index in stride(from: 0, to: echo.count, by: 2) {
                sum += UInt32(echo[index]) << 8 | UInt32(echo[index + 1])
            }
            while sum > 0xffff { sum = (sum & 0xffff) + (sum >> 16) }
            echo[2] = UInt8(~sum >> 8 & 255)
            echo[3] = UInt8(~sum & 255)
        }
        let sent = DatagramAddress(Endpoint(to, port: 0)).withPointer { address, length in
            sendto(socket.rawValue, echo, echo.count, 0, address, length)
        }
        guard sent == echo.count else { return false }
        var buffer = [UInt8](repeating: 0, count: 2048)
        return try run(within: limit) {
            while true {
                let count = recv(socket.rawValue, &buffer, buffer.count, 0)
                if count <= 0 { return false }
                let icmp = buffer[(isV4 ? 20 : 0)..<count]
                // Not our own request, which a raw socket may hear, and not another test's answer.
                if icmp.first == (isV4 ? 0 : 129), Array(icmp.dropFirst(4)) == Array(echo.dropFirst(4)) { return true }
            }
        }
    }

    func udpSocket(_ host: TestHost, _ address: String, _ port: UInt16) throws -> FileDescriptor {
        try host.enter {
            let endpoint = Endpoint(IPAddress(address)!, port: port)
            let opened = Glibc.socket(
                endpoint.address.family == .v4 ? AF_INET : AF_INET6,
                Int32(SOCK_DGRAM.rawValue | SOCK_NONBLOCK.rawValue), 0)
            let owner = FileDescriptor(owning: opened)
            try checked(DatagramAddress(endpoint).withPointer { bind(opened, $0, $1) }, "bind")
            return owner
        }
    }

    @discardableResult
    func send(_ socket: FileDescriptor, _ text: String, to address: String, _ port: UInt16) -> Bool {
        DatagramAddress(Endpoint(IPAddress(address)!, port: port)).withPointer {
            sendto(socket.rawValue, text, text.utf8.count, 0, $0, $1)
        } == text.utf8.count
    }

    func received(_ socket: FileDescriptor) -> String? {
        var buffer = [UInt8](repeating: 0, count: 65536)
        let count = recv(socket.rawValue, &buffer, buffer.count, 0)
        return count < 0 ? nil : String(decoding: buffer[..<count], as: UTF8.self)
    }

    /// Moves octets from west to east by TCP; what arrived, whole or not.
    func transfer(_ octets: [UInt8], from source: String, to destination: String) throws -> [UInt8] {
        let (from, to) = (IPAddress(source)!, IPAddress(destination)!)
        let family = from.family == .v4 ? AF_INET : AF_INET6
        let type = Int32(SOCK_STREAM.rawValue | SOCK_NONBLOCK.rawValue)
        let listener = try east.enter { FileDescriptor(owning: Glibc.socket(family, type, 0)) }
        try checked(
            DatagramAddress(Endpoint(to, port: 7777)).withPointer { bind(listener.rawValue, $0, $1) }, "bind")
        try checked(listen(listener.rawValue, 1), "listen")
        let client = try west.enter { FileDescriptor(owning: Glibc.socket(family, type, 0)) }
        try checked(DatagramAddress(Endpoint(from, port: 0)).withPointer { bind(client.rawValue, $0, $1) }, "bind")
        _ = DatagramAddress(Endpoint(to, port: 7777)).withPointer { connect(client.rawValue, $0, $1) }
        var server: FileDescriptor?
        var sent = 0
        var result: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 1 << 18)
        try run {
            if server == nil {
                let accepted = accept(listener.rawValue, nil, nil)
                if accepted >= 0 {
                    server = FileDescriptor(owning: accepted)
                    try server!.setNonBlocking()
                }
            }
            if sent < octets.count {
                let count = octets[sent...].withUnsafeBytes {
                    Glibc.send(client.rawValue, $0.baseAddress!, $0.count, Int32(MSG_NOSIGNAL))
                }
                if count > 0 { sent += count }
            }
            if let server {
                while true {
                    let count = recv(server.rawValue, &buffer, buffer.count, 0)
                    if count <= 0 { break }
                    result += buffer[..<count]
                }
            }
            return result.count >= octets.count
        }
        return result
    }
}
