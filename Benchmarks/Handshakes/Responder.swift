import Glibc

/// What the processes of a responder have used, by /proc.
struct Responder {
    var processes: [Int32]

    struct Usage {
        var cpuSeconds = 0.0
        var residentOctets = 0
    }

    func measure() -> Usage {
        var usage = Usage()
        let ticks = Double(sysconf(Int32(_SC_CLK_TCK)))
        for process in processes {
            // Behind the name in parentheses: the 12th and 13th are user and system time, the 22nd the resident pages.
            let fields = text("/proc/\(process)/stat").split(separator: ")").last?.split(separator: " ") ?? []
            guard fields.count > 21 else { continue }
            usage.cpuSeconds += ((Double(fields[11]) ?? 0) + (Double(fields[12]) ?? 0)) / ticks
            usage.residentOctets += (Int(fields[21]) ?? 0) * sysconf(Int32(_SC_PAGESIZE))
        }
        return usage
    }

    private func text(_ path: String) -> String {
        guard let file = fopen(path, "r") else { return "" }
        defer { fclose(file) }
        var buffer = [UInt8](repeating: 0, count: 4096)
        let read = fread(&buffer, 1, buffer.count, file)
        return String(decoding: buffer[..<read], as: UTF8.self)
    }
}

enum Clock {
    /// Nanoseconds that only grow.
    static func now() -> Int64 {
        var time = timespec()
        clock_gettime(CLOCK_MONOTONIC, &time)
        return Int64(time.tv_sec) * 1_000_000_000 + Int64(time.tv_nsec)
    }
}
