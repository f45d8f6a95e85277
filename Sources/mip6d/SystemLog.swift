import Glibc
import LinuxSystem

/// Lines as a syslog daemon writes them: `Nov 19 08:39:23 carol mip6d[1317]: …`.
struct SystemLog {
    static let path = "/var/log/daemon.log"
    private let file: FileDescriptor?

    /// A host without the folder has no log.
    init() {
        file = try? FileDescriptor.open(Self.path, O_WRONLY | O_CREAT | O_APPEND, mode: 0o644)
    }

    func line(_ text: String) {
        var now = time(nil)
        var parts = tm()
        localtime_r(&now, &parts)
        var stamp = [CChar](repeating: 0, count: 32)
        strftime(&stamp, stamp.count, "%b %e %H:%M:%S", &parts)
        var host = [CChar](repeating: 0, count: 65)
        gethostname(&host, host.count - 1)
        // A full disk costs the line and nothing else.
        try? file?.write("\(Self.text(stamp)) \(Self.text(host)) mip6d[\(getpid())]: \(text)\n")
    }

    private static func text(_ octets: [CChar]) -> String {
        String(decoding: octets.prefix { $0 != 0 }.map { UInt8(bitPattern: $0) }, as: UTF8.self)
    }
}
