import Daemon
import Glibc
import LinuxSystem
import Testing

@Suite struct RunDirectoryTests {
    @Test func `a folder has one daemon at a time, and what a dead one left is removed`() throws {
        let folder = try TemporaryFolder()
        let directory = RunDirectory(folder.path + "/a/run", name: "pluto")
        try directory.make()
        #expect(FileSystem.status(directory.path)!.st_mode & 0o777 == 0o700)
        try FileSystem.write(directory.socket, "left behind")
        let first = try #require(try directory.lock())
        #expect(!FileSystem.exists(directory.socket))
        #expect(try FileSystem.readText(directory.processFile) == "\(getpid())\n")
        #expect(try directory.lock() == nil)
        first.release()
        #expect(!FileSystem.exists(directory.processFile))
        let second = try directory.lock()
        #expect(second != nil)
        // Released twice: the second daemon's files stay.
        first.release()
        #expect(FileSystem.exists(directory.processFile))
        second?.release()
    }
}

@Suite struct ReadinessTests {
    static let words: [Readiness] = [
        .ready, .alreadyRunning(processFile: "/run/pluto/pluto.pid"), .failed("bind: Address already in use"),
    ]

    @Test(arguments: words) func `what a daemon tells its starter hears`(_ word: Readiness) throws {
        let pipe = try FileDescriptor.pipe()
        word.tell(pipe.write)
        #expect(Readiness.hear(pipe.read) == word)
    }

    @Test(arguments: ["", "rea", "running", "bogus text"]) func `anything else is a failure`(_ text: String) throws {
        let pipe = try FileDescriptor.pipe()
        try pipe.write.write(text)
        pipe.write.close()
        #expect(Readiness.hear(pipe.read) == .failed("the daemon died before it was ready"))
    }

    @Test func `a daemon that says nothing is not waited for without end`() throws {
        let pipe = try FileDescriptor.pipe()
        guard case .failed = Readiness.hear(pipe.read, atMost: .milliseconds(20)) else {
            Issue.record("not failed")
            return
        }
    }
}
