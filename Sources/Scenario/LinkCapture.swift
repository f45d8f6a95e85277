import CaptureFile
import Glibc
package import LinuxSystem
package import NetAddress

/// What crossed one link: every frame goes to a capture file and past the checks, at the moment in which it comes.
package final class LinkCapture {
    /// Two networks whose packets to one another must not be seen on a link (RFC 4301 §4.4.1: PROTECT).
    package struct Protected: Hashable, Sendable {
        package let left: IPPrefix
        package let right: IPPrefix
        /// The only link on which they are looked for, be one of them its own; nil: every link that has neither.
        package let link: String?

        package init(left: IPPrefix, right: IPPrefix, link: String? = nil) {
            self.left = left
            self.right = right
            self.link = link
        }

        func covers(_ frame: FrameSummary) -> Bool {
            left.contains(frame.source) && right.contains(frame.destination)
                || right.contains(frame.source) && left.contains(frame.destination)
        }
    }

    package let link: String
    package let protected: [Protected]
    /// Packets that may be seen in clear all the same.
    package let exempt: [Protected]
    /// Frames of any kind.
    package private(set) var frameCount = 0
    /// Packets of ESP, raw or in UDP, and segments of TCP with some.
    package private(set) var espCount = 0
    /// Packets of a protected pair in clear.
    package private(set) var clearCount = 0
    /// The first of them: `192.0.1.254 > 192.0.2.254 protocol 1, frame 12`.
    package private(set) var firstClear: String?

    /// Why the file is not complete, if it is not.
    package private(set) var writeError: SystemError?

    private let file: FileDescriptor?
    private let writer: CaptureWriter
    private var pending: [UInt8] = []

    /// - Parameters:
    ///   - path: the capture file, pcapng with the link's name, link type Ethernet; nil for none.
    ///   - protected: the pairs that may not be seen in clear on this link.
    package init(link: String, path: String?, protected: [Protected], exempt: [Protected] = []) throws(SystemError) {
        self.link = link
        writer = CaptureWriter(interface: link)
        self.protected = protected
        self.exempt = exempt
        guard let path else {
            file = nil
            return
        }
        file = try FileDescriptor.open(path, O_WRONLY | O_CREAT | O_TRUNC)
        pending = writer.fileHeader
    }

    /// Takes a frame as it came from the link.
    package func take(_ frame: ArraySlice<UInt8>, seconds: Int64, nanoseconds: Int32) {
        frameCount += 1
        if file != nil {
            writer.append(frame, timestamp: seconds * 1_000_000_000 + Int64(nanoseconds), to: &pending)
            if pending.count >= 1 << 16 { flush() }
        }
        guard let summary = FrameSummary(ethernet: frame) else { return }
        if summary.content == .esp { espCount += 1 }
        look(at: summary)
    }

    private func look(at summary: FrameSummary) {
        for inner in summary.carried { look(at: inner) }
        guard case .plain(let ipProtocol) = summary.content, protected.contains(where: { $0.covers(summary) }),
            !exempt.contains(where: { $0.covers(summary) })
        else { return }
        clearCount += 1
        if firstClear == nil {
            firstClear = "\(summary.source) > \(summary.destination) protocol \(ipProtocol), frame \(frameCount)"
        }
    }

    /// Writes what has been taken to the file. A file that cannot be written is said to be so, once.
    package func flush() {
        guard let file, !pending.isEmpty else { return }
        do { try file.write(pending) } catch { if writeError == nil { writeError = error } }
        pending.removeAll(keepingCapacity: true)
    }
}
