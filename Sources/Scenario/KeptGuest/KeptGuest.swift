import CLinux
import Glibc
package import Lab
import LinuxSystem
package import UserMode

/// A lab in user-mode Linux that outlives the program which asked for it.
///
/// Process 1 of the guest's sandbox stays with it and listens on a socket beside the lab's record: each visitor (`GuestVisit`) has a
/// connection, and their frames go over the guest's one serial line to its own process 1 (`GuestSwitchboard`).
package enum KeptGuest {
    /// The longest that a guest may take until its lab is up.
    private static let limit = Duration.seconds(120)

    /// Boots, has the lab built, and lets both stay. The calling program must have one thread.
    /// - Throws: `LabError`: what this machine refused, or the guest said, or the kernel's last words.
    package static func start(_ package: UserModePackage, _ job: GuestLabJob) throws -> LabRecord {
        let lock = try LabSession.lock(job.name)
        defer { lock.release() }
        try LabSession.checkName(job.name)
        let files = try LabSession.guestFiles(job.name)
        // Of a guest that was killed while it booted.
        files.remove()
        try FileSystem.makeDirectories(files.workspace)
        var isKept = false
        defer { if !isKept { files.remove() } }
        let listener = try UnixListener(files.socket)
        let console = try FileDescriptor.open(files.console, O_RDWR | O_CREAT | O_TRUNC | O_APPEND, mode: 0o600)
        let pipe = try FileDescriptor.pipe()
        var options = Guest.Options(workspace: files.workspace)
        options.writable = [job.output].compactMap(\.self)
        // From the last one down: runs in user-mode Linux take them from the first one up.
        let processors = max(1, sysconf(Int32(_SC_NPROCESSORS_ONLN)))
        options.processor = processors - 1 - (try LabSession.list().count) % processors
        let inherited = [pipe.write.rawValue, listener.descriptor.rawValue, console.rawValue]
        let sandbox = try Sandbox.spawn(Sandbox.Options(inherited: inherited)) {
            let report = RunPool.Report(descriptor: pipe.write.rawValue)
            do {
                let (near, far) = try Guest.socketPair()
                let kernel = try Guest.startKernel(
                    package, options, channel: [far.rawValue], console: console.rawValue)
                far.close()
                let relay = try GuestRelay(line: near, listener: listener, kernel: kernel)
                report.lab(try relay.requestLab(job, limit: limit))
                pipe.write.close()
                relay.serve()
                return 0
            } catch {
                report.progress("\(error)")
                return 1
            }
        }
        pipe.write.close()
        let answer = String(decoding: try pipe.read.readToEnd(), as: UTF8.self).split(separator: "\n").last ?? ""
        guard var record = RunPool.Report.lab(ofLine: String(answer)) else {
            try? sandbox.end()
            let said = (try? FileSystem.read(files.console)).map(GuestPool.lastWords) ?? ""
            let reason = answer.hasPrefix("progress ") ? String(answer.dropFirst(9)) : "user-mode Linux ended"
            // What the guest itself refused, the kernel has nothing to say about.
            throw LabError(
                .sandbox(
                    reason.hasPrefix(GuestRelay.refusalMark)
                        ? String(reason.dropFirst(GuestRelay.refusalMark.count)) : reason + said))
        }
        record.guestSocket = files.socket
        record = try LabSession.keep(sandbox, record)
        isKept = true
        return record
    }
}

/// Process 1 of a kept guest's sandbox: carries frames between the serial line and the visitors until the kernel ends.
final class GuestRelay {
    /// What stands before the words of a guest that could not build its lab.
    static let refusalMark = "in the guest: "

    struct Failure: Error, CustomStringConvertible { let description: String }

    private let line: FileDescriptor
    private let listener: UnixListener
    private let kernel: ProcessID
    private let kernelEnd: FileDescriptor
    private let watch = DescriptorWatch()
    private var text: [UInt8] = []
    private var isOver = false
    private var visitors: [UInt16: UnixSocket] = [:]
    private var nextVisit: UInt16 = 0
    /// For the guest, until the line has room.
    private var waiting: [GuestFrame] = []
    /// The lengths of those that it has not read yet.
    private var unread: [Int] = []

    init(line: FileDescriptor, listener: UnixListener, kernel: ProcessID) throws {
        self.line = line
        self.listener = listener
        self.kernel = kernel
        kernelEnd = FileDescriptor(owning: try checked(lx_pidfd_open(kernel.rawValue), "pidfd_open"))
        watch.add(line.rawValue) { [unowned self] in
            let bytes = (try? self.line.read(upTo: 65536)) ?? []
            if bytes.isEmpty { isOver = true }
            text += bytes
        }
        // linux.uml's children hold the line open when it is killed.
        watch.add(kernelEnd.rawValue) { [unowned self] in isOver = true }
    }

    /// Waits for the guest's first process, asks it for the lab and waits for that.
    func requestLab(_ job: GuestLabJob, limit: Duration) throws -> LabRecord {
        let deadline = ContinuousClock.now + limit
        while let line = try nextLine(until: deadline) {
            if line == "ready" {
                try self.line.write(Array("up ".utf8) + job.line() + [0x0a])
            } else if let record = RunPool.Report.lab(ofLine: line) {
                return record
            } else if line.hasPrefix("failed ") {
                throw Failure(description: Self.refusalMark + line.dropFirst(7))
            }
        }
        throw Failure(description: isOver ? "user-mode Linux ended" : "no lab after \(limit) in user-mode Linux")
    }

    private func nextLine(until deadline: ContinuousClock.Instant) throws -> String? {
        while !isOver && ContinuousClock.now < deadline {
            if let newline = text.firstIndex(of: 0x0a) {
                defer { text.removeSubrange(...newline) }
                return String(decoding: text[..<newline], as: UTF8.self)
            }
            watch.wait(until: deadline)
        }
        return nil
    }

    func serve() {
        // The terminal that it was started from may close.
        if let null = try? FileDescriptor.open("/dev/null", O_RDWR) {
            for descriptor: Int32 in 0...2 { dup2(null.rawValue, descriptor) }
        }
        watch.add(listener.descriptor.rawValue) { [unowned self] in
            while let visitor = try? listener.accept() { receive(visitor) }
        }
        while !isOver {
            while let frame = GuestFrame.next(from: &text) { deliver(frame) }
            watch.wait(until: .now + .seconds(60))
        }
    }

    private func receive(_ visitor: UnixSocket) {
        // Counted on, so that no late frame of one visit is taken for another's.
        repeat { nextVisit &+= 1 } while visitors[nextVisit] != nil
        let number = nextVisit
        visitors[number] = visitor
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        watch.add(visitor.descriptor.rawValue) { [unowned self] in
            do throws(SystemError) {
                guard let octets = try visitor.receive(into: &buffer) else { return forget(number, hangingUp: true) }
                guard let frame = GuestFrame(visit: number, onSocket: octets) else { return }
                self.send(frame)
            } catch  where error.code == EAGAIN {} catch { forget(number, hangingUp: true) }
        }
    }

    private func deliver(_ frame: GuestFrame) {
        if frame.kind == .read {
            if !unread.isEmpty { unread.removeFirst() }
            return fillLine()
        }
        guard let visitor = visitors[frame.visit] else { return }
        let isLast = frame.kind == .ended || frame.kind == .refused
        do { try visitor.send(frame.onSocket) } catch { return forget(frame.visit, hangingUp: !isLast) }
        if isLast { forget(frame.visit, hangingUp: false) }
    }

    private func forget(_ number: UInt16, hangingUp: Bool) {
        guard let visitor = visitors.removeValue(forKey: number) else { return }
        watch.remove(visitor.descriptor.rawValue)
        if hangingUp { send(GuestFrame(visit: number, .hangUp)) }
    }

    private func send(_ frame: GuestFrame) {
        waiting.append(frame)
        fillLine()
    }

    private func fillLine() {
        while let frame = waiting.first {
            let octets = frame.onLine
            guard unread.reduce(octets.count, +) <= GuestFrame.lineLimit else { return }
            waiting.removeFirst()
            unread.append(octets.count)
            // That the guest is gone is seen as the line's end.
            try? line.write(octets)
        }
    }
}
