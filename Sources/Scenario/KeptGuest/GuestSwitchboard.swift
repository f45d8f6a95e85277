import CLinux
import FoundationEssentials
import Glibc
import Lab
import LinuxSystem

/// The inside of a guest whose lab stays: runs what visitors ask for on its hosts, each with a terminal or pipes of its own, and
/// carries what they type and what comes of it over the one serial line.
final class GuestSwitchboard {
    /// A command that runs.
    private final class Visit {
        let number: UInt16
        let process: ProcessID
        /// Says why it could not be started, and closes when it has ended.
        let report: FileDescriptor
        var refusal: [UInt8] = []
        /// Where what is typed goes; nil once that has ended.
        var input: FileDescriptor?
        /// Of the kind with which it is told: pipes, or the terminal.
        var outputs: [(kind: GuestFrame.Kind, descriptor: FileDescriptor)]
        var waiting: [[UInt8]] = []
        /// How many frames of output may still be sent before one is taken.
        var credit = GuestFrame.window
        let hasTerminal: Bool
        /// The command's exit code, once it has ended; its last output may still be on its way.
        var code: Int32?
        /// Of the pipes, what was in each when it ended, less what was told since.
        var rest: [Int32: Int] = [:]

        init(
            _ number: UInt16, _ process: ProcessID, report: FileDescriptor, input: FileDescriptor,
            outputs: [(GuestFrame.Kind, FileDescriptor)], hasTerminal: Bool
        ) {
            self.number = number
            self.process = process
            self.report = report
            self.input = input
            self.outputs = outputs
            self.hasTerminal = hasTerminal
        }
    }

    /// How long a command that does not read is left alone before what was typed is offered again.
    private static let inputRetry = Duration.milliseconds(10)
    private static let visitLimit = 64

    private let line: FileDescriptor
    private let record: LabRecord
    private let watch = DescriptorWatch()
    private var text: [UInt8]
    private var visits: [UInt16: Visit] = [:]
    /// Of commands that are not whole yet.
    private var parts: [UInt16: [UInt8]] = [:]
    private var isOver = false

    /// - Parameters:
    ///   - line: to the host, raw.
    ///   - text: what came over it behind the request for the lab.
    init(line: FileDescriptor, text: [UInt8], record: LabRecord) {
        self.line = line
        self.text = text
        self.record = record
    }

    /// Until the host's end of the line closes.
    func serve() {
        watch.add(line.rawValue) { [unowned self] in
            let bytes = (try? line.read(upTo: 16384)) ?? []
            if bytes.isEmpty { isOver = true }
            text += bytes
            while let frame = GuestFrame.next(from: &text) { take(frame) }
        }
        while let frame = GuestFrame.next(from: &text) { take(frame) }
        while !isOver { watch.wait(until: .now + .seconds(60)) }
    }

    private func take(_ frame: GuestFrame) {
        send(GuestFrame(visit: 0, .read))
        if frame.kind == .openPart { parts[frame.visit, default: []] += frame.payload }
        if frame.kind == .open { return open(frame) }
        if frame.kind == .hangUp { parts[frame.visit] = nil }
        guard let visit = visits[frame.visit] else { return }
        switch frame.kind {
        case .input:
            visit.waiting.append(frame.payload)
            writeInput(visit)
        case .inputEnd:
            // An empty piece is the end, behind what is still waiting.
            visit.waiting.append([])
            writeInput(visit)
        case .window:
            guard frame.numbers.count == 2, visit.hasTerminal, let input = visit.input else { return }
            _ = lx_set_window(input.rawValue, frame.numbers[0], frame.numbers[1])
        case .hangUp:
            // The leader of the session, and with the terminal all that work at it.
            // It may not have made its session yet.
            if visit.code == nil, kill(-visit.process.rawValue, SIGHUP) < 0 { kill(visit.process.rawValue, SIGHUP) }
            close(visit)
        case .taken:
            visit.credit += 1
            if visit.code != nil { return finish(visit) }
            if visit.credit == 1 { for output in visit.outputs { listen(visit, output.kind, output.descriptor) } }
        default: break
        }
    }

    // MARK: Beginning

    private func open(_ frame: GuestFrame) {
        do {
            guard visits.count < Self.visitLimit else {
                throw LabError(.sandbox("\(visits.count) commands run already"))
            }
            let command = try JSONDecoder().decode(
                GuestCommand.self, from: Data((parts.removeValue(forKey: frame.visit) ?? []) + frame.payload))
            let visit = try start(frame.visit, command)
            visits[frame.visit] = visit
            for output in visit.outputs { listen(visit, output.kind, output.descriptor) }
            watch.add(visit.report.rawValue) { [unowned self] in
                let bytes = (try? visit.report.read(upTo: 4096)) ?? []
                visit.refusal += bytes
                if bytes.isEmpty { end(visit) }
            }
        } catch {
            send(GuestFrame(visit: frame.visit, .refused, [0] + Array("\(error)".utf8.prefix(GuestFrame.payloadLimit))))
        }
    }

    private func start(_ number: UInt16, _ command: GuestCommand) throws -> Visit {
        let report = try FileDescriptor.pipe()
        guard let window = command.window, window.count == 2 else {
            let (input, output, error) = (
                try FileDescriptor.pipe(), try FileDescriptor.pipe(), try FileDescriptor.pipe()
            )
            let process = try run(
                command, [input.read.rawValue, output.write.rawValue, error.write.rawValue], report: report.write)
            try input.write.setNonBlocking()
            return Visit(
                number, process, report: report.read, input: input.write,
                outputs: [(.output, output.read), (.errorOutput, error.read)], hasTerminal: false)
        }
        var ends: [Int32] = [-1, -1]
        try checked(lx_open_terminal(&ends), "openpt")
        let (near, far) = (FileDescriptor(owning: ends[0]), FileDescriptor(owning: ends[1]))
        try checked(lx_set_window(near.rawValue, window[0], window[1]), "TIOCSWINSZ")
        let process = try run(
            command, [far.rawValue, far.rawValue, far.rawValue], report: report.write, terminal: true)
        try near.setNonBlocking()
        return Visit(
            number, process, report: report.read, input: near, outputs: [(.output, near)], hasTerminal: true)
    }

    /// Forks: what enters a lab's namespaces cannot leave them.
    private func run(
        _ command: GuestCommand, _ descriptors: [Int32], report: FileDescriptor, terminal: Bool = false
    ) throws -> ProcessID {
        fflush(nil)
        let child = lx_fork()
        if child < 0 { throw SystemError.last("fork") }
        if child > 0 {
            report.close()
            return ProcessID(child)
        }
        let number = report.rawValue
        setsid()
        if terminal { _ = lx_take_terminal(descriptors[0]) }
        for (place, descriptor) in descriptors.enumerated() { dup2(descriptor, Int32(place)) }
        if number > 3 { _ = lx_close_range(3, UInt32(number) - 1) }
        _ = lx_close_range(UInt32(number) + 1, .max)
        do throws(LabError) {
            let status = try LabSession.execute(
                record, host: command.host, command.arguments, environment: command.environment)
            _exit(status.shellCode)
        } catch {
            // As the command line tells the two apart.
            let isUsage: Bool
            let text: String
            switch error.cause {
            case .usage(let words): (isUsage, text) = (true, words)
            case .system(let system) where system.call == "execve": (isUsage, text) = (true, system.description)
            default: (isUsage, text) = (false, error.description)
            }
            let bytes: [UInt8] = [isUsage ? 1 : 0] + Array(text.utf8.prefix(GuestFrame.payloadLimit))
            _ = bytes.withUnsafeBytes { write(number, $0.baseAddress, $0.count) }
            _exit(1)
        }
    }

    // MARK: Carrying

    private func listen(_ visit: Visit, _ kind: GuestFrame.Kind, _ descriptor: FileDescriptor) {
        watch.add(descriptor.rawValue) { [unowned self] in
            if carry(visit, kind, descriptor) == .closed {
                watch.remove(descriptor.rawValue)
                visit.outputs.removeAll { $0.descriptor === descriptor }
            }
            if visit.credit == 0 { for output in visit.outputs { watch.remove(output.descriptor.rawValue) } }
        }
    }

    private enum Carried { case frame, nothing, closed }

    /// One frame of output.
    private func carry(_ visit: Visit, _ kind: GuestFrame.Kind, _ descriptor: FileDescriptor) -> Carried {
        do throws(SystemError) {
            let rest = visit.rest[descriptor.rawValue]
            if rest == 0 { return .closed }
            let bytes = try descriptor.read(upTo: min(GuestFrame.payloadLimit, rest ?? .max))
            if bytes.isEmpty { return .closed }
            if let rest { visit.rest[descriptor.rawValue] = rest - bytes.count }
            visit.credit -= 1
            send(GuestFrame(visit: visit.number, kind, bytes))
            return .frame
        } catch {
            // A terminal that nobody has open any more says EIO.
            return error.code == EAGAIN ? .nothing : .closed
        }
    }

    private func writeInput(_ visit: Visit) {
        while let piece = visit.waiting.first {
            guard let input = visit.input, !piece.isEmpty else {
                if !visit.hasTerminal { visit.input?.close() }
                visit.input = visit.hasTerminal ? visit.input : nil
                return visit.waiting.removeAll()
            }
            let written = piece.withUnsafeBytes { write(input.rawValue, $0.baseAddress, $0.count) }
            if written < 0 && errno == EAGAIN {
                return watch.call(after: Self.inputRetry) { [weak self, weak visit] in
                    if let self, let visit { writeInput(visit) }
                }
            }
            // Nobody reads it any more: it is taken all the same.
            if written < 0 || written == piece.count {
                visit.waiting.removeFirst()
                send(GuestFrame(visit: visit.number, .taken))
            } else {
                visit.waiting[0] = Array(piece.dropFirst(written))
            }
        }
    }

    private func send(_ frame: GuestFrame) { try? line.write(frame.onLine) }

    // MARK: Ending

    /// Its process has ended.
    private func end(_ visit: Visit) {
        watch.remove(visit.report.rawValue)
        visit.report.close()
        visit.code = (try? visit.process.wait())?.shellCode ?? 1
        // A visitor who has gone is told nothing.
        guard visits[visit.number] != nil else { return }
        for output in visit.outputs {
            watch.remove(output.descriptor.rawValue)
            try? output.descriptor.setNonBlocking()
            // A terminal is hung up with the leader of its session; into a pipe others may write for ever.
            if !visit.hasTerminal {
                visit.rest[output.descriptor.rawValue] = Int(lx_readable(output.descriptor.rawValue))
            }
        }
        finish(visit)
    }

    /// What it has said and is not told yet comes first, as far as it may; who else has its output open is not waited for.
    private func finish(_ visit: Visit) {
        while let (kind, descriptor) = visit.outputs.first {
            if visit.credit <= 0 { return }
            if carry(visit, kind, descriptor) != .frame { visit.outputs.removeFirst() }
        }
        if visit.refusal.isEmpty {
            let code = UInt32(bitPattern: visit.code ?? 1)
            send(
                GuestFrame(
                    visit: visit.number, .ended, GuestFrame.numbers([UInt16(code >> 16), UInt16(code & 0xffff)])))
        } else {
            send(GuestFrame(visit: visit.number, .refused, visit.refusal))
        }
        close(visit)
    }

    /// Lets go of its terminal or pipes. Its process is waited for when it ends.
    private func close(_ visit: Visit) {
        visits[visit.number] = nil
        for output in visit.outputs { watch.remove(output.descriptor.rawValue) }
        visit.outputs = []
        visit.input = nil
        visit.waiting = []
    }
}
