import Foundation
import Testing

/// The guest scripts that can be tried without a lab: on the loopback interface, with a made-up `ipsec` in front.
struct FolderGuestbinTests {
    private func run(_ script: String, _ arguments: [String], ipsec: String = "exit 1") throws -> (String, Int32) {
        let folder = NSTemporaryDirectory() + "swantest-guestbin-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try FolderFixture.write("#!/bin/sh\n\(ipsec)\n", to: folder + "/ipsec")
        try FileManager.default.setAttributes([.posixPermissions: 0o755], ofItemAtPath: folder + "/ipsec")
        let process = Process()
        process.executableURL = URL(filePath: try #require(FolderFixture.beside("guestbin")) + "/" + script)
        process.arguments = arguments
        process.environment = ["PATH": folder + ":/usr/sbin:/usr/bin:/sbin:/bin"]
        let pipe = Pipe()
        process.standardOutput = pipe
        process.standardError = pipe
        process.standardInput = FileHandle.nullDevice
        try process.run()
        let output = String(decoding: pipe.fileHandleForReading.readDataToEndOfFile(), as: UTF8.self)
        process.waitUntilExit()
        return (output, process.terminationStatus)
    }

    @Test(arguments: ["127.0.0.1", "::1"]) func `ping-once says up, whatever the family`(_ address: String) throws {
        let (output, status) = try run("ping-once.sh", ["--up", "-I", address, address])
        #expect(output == "up\n")
        #expect(status == 0)
    }

    @Test func `ping-once says what it did not expect, with ping's words`() throws {
        let (output, status) = try run("ping-once.sh", ["--down", "127.0.0.1"])
        #expect(output.hasPrefix("up UNEXPECTED\n# ping -n -c 1 -W 0.5 127.0.0.1\n"))
        #expect(output.contains("1 packets transmitted, 1 received"))
        #expect(status == 1)
    }

    @Test func `wait-until-alive names its arguments`() throws {
        #expect(
            try run("wait-until-alive", ["-I", "127.0.0.1", "127.0.0.1"])
                == ("destination -I 127.0.0.1 127.0.0.1 is alive\n", 0))
    }

    @Test func `wait-for prints the lines that match, and fails after its time`() throws {
        #expect(
            try run("wait-for.sh", ["--match", "loaded 9", "--", "ipsec", "status"], ipsec: "echo a; echo loaded 9, x")
                == ("loaded 9, x\n", 0))
        #expect(try run("wait-for.sh", ["--no-match", "b", "--", "ipsec"], ipsec: "echo a") == ("", 0))
        let (output, status) = try run(
            "wait-for.sh", ["--timeout", "1", "--match", "b", "--", "ipsec"], ipsec: "echo a")
        #expect(output == "wait-for.sh: timeout after 1 seconds waiting for 'ipsec' to match 'b'\na\n")
        #expect(status == 1)
    }

    @Test func `waiting for the daemon is silent, whether it knows the question or only tells its status`() throws {
        #expect(try run("wait-until-pluto-started", [], ipsec: "[ $1 = _wait-started ]") == ("", 0))
        #expect(
            try run("wait-until-pluto-started", [], ipsec: "[ $1 = briefstatus ] && echo Accepting || exit 2") == (
                "", 0
            ))
    }

    @Test func `up-down goes through the life of a connection, and deletes one that does not come up`() throws {
        #expect(
            try run("libreswan-up-down.sh", ["c", "-I", "127.0.0.1", "127.0.0.1"], ipsec: "echo \"$@\"")
                == ("add c\nup c\nup\ndown c\n", 0))
        #expect(
            try run("libreswan-up-down.sh", ["c", "127.0.0.1"], ipsec: "echo \"$@\"; [ $1 != up ]")
                == ("add c\nup c\n", 0))
        #expect(try run("libreswan-up-down.sh", ["c", "127.0.0.1"], ipsec: "echo \"$@\"; exit 3") == ("add c\n", 3))
    }

    @Test func `ip keeps its exit status and loses its blanks`() throws {
        let (output, status) = try run("ip.sh", ["address", "show", "lo"])
        #expect(output.contains("\n    inet 127.0.0.1/8 scope host lo\n"))
        #expect(!output.split(separator: "\n").contains { $0.hasPrefix("    inet") && $0.hasSuffix(" ") })
        #expect(status == 0)
        #expect(try run("ip.sh", ["link", "show", "nosuch0"]) == ("Device \"nosuch0\" does not exist.\n", 1))
    }
}
