import Control
import Glibc

/// Where a client's user sits: a terminal and a folder.
enum Console {
    static func print(_ text: String) { ControlClient.copy(1, Array(text.utf8)[...]) }
    static func complain(_ text: String) { ControlClient.copy(2, Array(text.utf8)[...]) }

    /// Of the environment; nil where it is not set, or empty.
    static func variable(_ name: String) -> String? {
        getenv(name).flatMap { $0.pointee == 0 ? nil : String(cString: $0) }
    }

    /// `/` where it cannot be told.
    static var workingDirectory: String {
        var folder = [CChar](repeating: 0, count: 4096)
        return getcwd(&folder, folder.count).map { String(cString: $0) } ?? "/"
    }

    /// All of it, up to 8 MiB.
    static func standardInput() -> [UInt8] {
        var octets: [UInt8] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while octets.count < 8 << 20 {
            let count = read(0, &buffer, buffer.count)
            guard count > 0 else { break }
            octets += buffer[..<count]
        }
        return octets
    }

    /// A daemon works elsewhere.
    static func absolute(_ path: String) -> String { path.hasPrefix("/") ? path : workingDirectory + "/" + path }
}
