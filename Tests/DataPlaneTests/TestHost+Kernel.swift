import DataPlane
import IKEModel
import LinuxSystem

/// What a test asks of the kernel in a host, beside the data plane.
extension TestHost {
    /// Packets refused for their inner addresses. The user-space plane knows whose they were; the kernel counts them for the
    /// whole network namespace: no policy, one with another template, a state with another selector.
    func policyFailures(_ child: ChildSAID) throws -> UInt64 {
        let counters = try enter { plane.counters(of: child) }
        return try (counters?.policyFailures ?? 0)
            + ["XfrmInNoPols", "XfrmInTmplMismatch", "XfrmInStateMismatch"].reduce(0) { try $0 + kernelCount($1) }
    }

    /// A row of /proc/net/xfrm_stat of this host; 0 where the kernel has none.
    func kernelCount(_ name: String) throws -> UInt64 {
        try enter {
            guard let octets = try? FileSystem.read("/proc/thread-self/net/xfrm_stat") else { return 0 }
            for line in String(decoding: octets, as: UTF8.self).split(separator: "\n") {
                let words = line.split(whereSeparator: { $0 == " " || $0 == "\t" })
                if words.count == 2, words[0] == name { return UInt64(words[1]) ?? 0 }
            }
            return 0
        }
    }

    /// What `ip` prints in this host, line by line, without blanks at their ends.
    func iproute(_ words: String...) throws -> [String] {
        let pipe = try FileDescriptor.pipe()
        let process = try enter {
            try Command(
                ["ip"] + words, environment: Command.ownEnvironment, descriptors: [0, pipe.write.rawValue, 2]
            ).start()
        }
        pipe.write.close()
        let text = String(decoding: try pipe.read.readToEnd(), as: UTF8.self)
        try process.wait()
        return text.split(separator: "\n").map { line in
            String(line.reversed().drop { $0 == " " }.reversed())
        }
    }

    /// After how long a packet asks anew: net.core.xfrm_acq_expires.
    func setKernelAcquireLifetime(seconds: Int) throws {
        try enter {
            try FileSystem.write("/proc/sys/net/core/xfrm_acq_expires", Array("\(seconds)".utf8))
        }
    }
}
