import Glibc
import LinuxSystem
import Testing

@Suite struct EventLoopTests {
    @Test func `timers fire in the order of their times, equal ones as they were set`() throws {
        let loop = try EventLoop()
        var fired: [String] = []
        let now = EventLoop.nowNanoseconds
        loop.schedule(at: now + 3_000_000) { fired.append("c") }
        loop.schedule(at: now + 1_000_000) { fired.append("a1") }
        loop.schedule(at: now + 1_000_000) { fired.append("a2") }
        loop.schedule(at: now + 2_000_000) { fired.append("b") }
        #expect(try loop.turn { fired.count == 4 })
        #expect(fired == ["a1", "a2", "b", "c"])
    }

    @Test func `a timer does not fire before its time`() throws {
        let loop = try EventLoop()
        let due = EventLoop.nowNanoseconds + 20_000_000
        var firedAt: Int64 = 0
        loop.schedule(at: due) { firedAt = EventLoop.nowNanoseconds }
        #expect(try loop.turn { firedAt != 0 })
        #expect(firedAt >= due)
        #expect(firedAt < due + 1_000_000_000)
    }

    @Test func `a time that has passed is due in the next turn and not within the call`() throws {
        let loop = try EventLoop()
        var fired = false
        loop.schedule(at: 0) { fired = true }
        #expect(!fired)
        try loop.turn(waitingAtMost: .seconds(1))
        #expect(fired)
    }

    @Test func `a timer that another one cancels in the same turn does not fire`() throws {
        let loop = try EventLoop()
        var fired: [Int] = []
        var second: TimerToken?
        loop.schedule(at: 1) {
            fired.append(1)
            if let second { loop.cancel(second) }
        }
        second = loop.schedule(at: 2) { fired.append(2) }
        loop.schedule(at: 3) { fired.append(3) }
        try loop.turn(for: .milliseconds(20))
        #expect(fired == [1, 3])
    }

    @Test func `a timer that sets itself anew at once does not starve descriptors`() throws {
        let loop = try EventLoop()
        let pipe = try FileDescriptor.pipe()
        var isRead = false
        var count = 0
        func again() {
            count += 1
            loop.schedule(at: 0) { again() }
        }
        again()
        try loop.watch(pipe.read.rawValue, .read) { _ in isRead = true }
        try pipe.write.write("x")
        for _ in 0..<5 { try loop.turn(waitingAtMost: .seconds(1)) }
        #expect(isRead)
        #expect((2...6).contains(count))
    }

    @Test func `a cancelled earliest timer leaves the later one armed`() throws {
        let loop = try EventLoop()
        var fired = false
        let now = EventLoop.nowNanoseconds
        let first = loop.schedule(at: now + 1_000_000) { Issue.record("cancelled and fired") }
        loop.schedule(at: now + 5_000_000) { fired = true }
        loop.cancel(first)
        #expect(try loop.turn { fired })
    }

    @Test func `a descriptor that is unwatched in the turn in which it became ready is not called back`() throws {
        let loop = try EventLoop()
        let pipes = [try FileDescriptor.pipe(), try FileDescriptor.pipe()]
        var calls: [Int] = []
        for (index, pipe) in pipes.enumerated() {
            try pipe.write.write("x")
            try loop.watch(pipe.read.rawValue, .read) { _ in
                calls.append(index)
                for pipe in pipes { loop.unwatch(pipe.read.rawValue) }
            }
        }
        try loop.turn(waitingAtMost: .seconds(1))
        try loop.turn(waitingAtMost: .zero)
        #expect(calls.count == 1)
    }

    @Test func `a descriptor number that is given out anew does not inherit the old one's readiness`() throws {
        let loop = try EventLoop()
        let first = try FileDescriptor.pipe()
        let second = try FileDescriptor.pipe()
        try first.write.write("x")
        try second.write.write("x")
        var calls: [String] = []
        var replacement: (read: FileDescriptor, write: FileDescriptor)?
        /// Whichever is called first closes the other and opens a pipe in its place.
        func replace(_ other: FileDescriptor) throws {
            guard replacement == nil else { return }
            let number = other.rawValue
            loop.unwatch(number)
            other.close()
            let made = try FileDescriptor.pipe()
            replacement = made
            #expect(made.read.rawValue == number)
            try loop.watch(made.read.rawValue, .read) { _ in calls.append("replacement") }
        }
        try loop.watch(first.read.rawValue, .read) { _ in
            calls.append("old")
            do { try replace(second.read) } catch { Issue.record(error) }
        }
        try loop.watch(second.read.rawValue, .read) { _ in
            calls.append("old")
            do { try replace(first.read) } catch { Issue.record(error) }
        }
        try loop.turn(waitingAtMost: .seconds(1))
        #expect(calls == ["old"])
    }

    @Test func `a hang-up counts as readable`() throws {
        let loop = try EventLoop()
        let pipe = try FileDescriptor.pipe()
        var interest: EventLoop.Interest = []
        try loop.watch(pipe.read.rawValue, .read) {
            interest = $0
            loop.unwatch(pipe.read.rawValue)
        }
        pipe.write.close()
        try loop.turn(waitingAtMost: .seconds(1))
        #expect(interest.contains(.read))
    }

    @Test func `run ends after the callback that stops it`() throws {
        let loop = try EventLoop()
        var fired: [Int] = []
        loop.schedule(at: 1) {
            fired.append(1)
            loop.stop()
        }
        loop.schedule(at: 2) { fired.append(2) }
        try loop.run()
        #expect(fired == [1])
        #expect(try loop.turn { fired == [1, 2] })
    }
}
