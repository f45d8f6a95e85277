import Foundation
import Glibc
import LinuxSystem

/// What another process needs to enter a lab: written to a file by whoever lets a lab stay.
package struct LabRecord: Codable, Hashable, Sendable {
    package struct Host: Codable, Hashable, Sendable {
        package let name: String
        /// The number of the host's process 1 inside the sandbox.
        package let initialProcess: Int32
        package let environment: [String: String]
        package let workingDirectory: String
    }

    package var name: String
    package var topology: String
    /// The number, outside, of the sandbox's process 1; 0 until it is known.
    package var initialProcess: Int32
    /// When that process started, in clock ticks since boot (field 22 of /proc/PID/stat): a number that was given to
    /// another process since does not match.
    package var startTicks: UInt64
    package var hosts: [Host]
    /// Where the lab stands in user-mode Linux: the socket of those who come in. Its processes have their numbers in there.
    package var guestSocket: String?

    /// When a process started; nil where there is none, or one that has ended and is not collected yet.
    static func startTicks(of process: Int32) -> UInt64? {
        guard let text = try? FileSystem.readText("/proc/\(process)/stat"), let end = text.lastIndex(of: ")") else {
            return nil
        }
        let fields = text[end...].split(separator: " ")
        guard fields.count > 20, fields[1] != "Z", fields[1] != "X" else { return nil }
        return UInt64(fields[20])
    }

    package var isAlive: Bool { LabRecord.startTicks(of: initialProcess) == startTicks }

    package var encoded: [UInt8] {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.prettyPrinted, .sortedKeys]
        return Array((try? encoder.encode(self)) ?? Data())
    }

    /// nil where the text is not one of ours.
    package init?(decoding bytes: [UInt8]) {
        guard let record = try? JSONDecoder().decode(LabRecord.self, from: Data(bytes)) else { return nil }
        self = record
    }

    init(name: String, topology: String, hosts: [Host]) {
        self.name = name
        self.topology = topology
        self.initialProcess = 0
        self.startTicks = 0
        self.hosts = hosts
    }
}

extension Lab {
    /// What is to be handed to `LabSession.keep` outside, through a pipe, where this lab is to stay.
    package func record(name: String) -> LabRecord {
        LabRecord(
            name: name, topology: topology.name,
            hosts: hosts.map {
                LabRecord.Host(
                    name: $0.name, initialProcess: $0.initialProcess.rawValue, environment: $0.environment,
                    workingDirectory: $0.workingDirectory)
            })
    }
}
