import Glibc
import LinuxSystem
import Testing

/// What is left of a run whose runner was killed.
@Suite(.serialized) struct KilledRunnerTests {
    @Test(arguments: [RunnerProgram.User.own, .ordinary])
    func `a runner that is killed in mid-run leaves no namespace, process, mount or link`(user: RunnerProgram.User)
        throws
    {
        try withRunner(user) { runner in
            try runner.scenario("w", RunTests.west("sleep 3333", "sleep 3333\nwest #"))
            let mountsBefore = try Self.mounts()
            let linksBefore = try FileSystem.list("/sys/class/net")
            let (process, output) = try runner.start(["run", "w", "--repeat", "2", "--jobs", "2"])
            // Both runs are at work when both hosts' shells have their command.
            let deadline = ContinuousClock.now + .seconds(120)
            var family: [Int32] = []
            func isRunning() -> Bool {
                family = Self.descendants(of: process.rawValue)
                return family.count { (try? FileSystem.readText("/proc/\($0)/comm")) == "sleep\n" } == 2
            }
            while !isRunning() && ContinuousClock.now < deadline { MonotonicClock.sleep(.milliseconds(5)) }
            #expect(isRunning())
            let namespaces = Set(family.flatMap(Self.namespaces(of:))).subtracting(Self.namespaces(of: getpid()))
            // Two keepers, two sandboxes, four hosts, two shells and two commands at the least; a network namespace
            // for each sandbox and host.
            #expect(family.count >= 12, "\(family.count) processes")
            #expect(namespaces.count { $0.hasPrefix("net:") } == 6, "\(namespaces)")
            // Nobody else holds them, so that they go with the family. (Looking for them afterwards would not do: the
            // kernel gives their numbers to the next ones that are made.)
            let others = Set(try FileSystem.list("/proc").compactMap { Int32($0) }).subtracting(family)
            #expect(others.filter { !namespaces.isDisjoint(with: Self.namespaces(of: $0)) } == [])

            try process.send(signal: SIGKILL)
            #expect(try process.wait() == .signaled(SIGKILL))
            while family.contains(where: { kill($0, 0) == 0 }) && ContinuousClock.now < deadline {
                MonotonicClock.sleep(.milliseconds(5))
            }
            #expect(family.filter { kill($0, 0) == 0 } == [])
            #expect(try Self.mounts().subtracting(mountsBefore).filter { $0.contains(runner.folder) } == [])
            #expect(Set(try FileSystem.list("/sys/class/net")).subtracting(linksBefore) == [])
            output.close()
        }
    }

    private static func mounts() throws -> Set<String> {
        Set(try FileSystem.readText("/proc/self/mountinfo").split(separator: "\n").map(String.init))
    }

    private static func descendants(of process: Int32) -> [Int32] {
        let children = (try? FileSystem.readText("/proc/\(process)/task/\(process)/children")) ?? ""
        return children.split(separator: " ").compactMap { Int32($0) }.flatMap { [$0] + descendants(of: $0) }
    }

    private static func namespaces(of process: Int32) -> [String] {
        ["net", "mnt", "pid", "uts", "ipc"].compactMap { FileSystem.linkTarget("/proc/\(process)/ns/\($0)") }
    }
}
