import Glibc
import Testing

@testable import Scenario

/// A shell on this machine, without a lab: posix_spawn with the three descriptors and nothing else.
func localShell(_ watch: DescriptorWatch) throws -> HostShell {
    try HostShell(host: "here", watch: watch) { arguments, input, output, error in
        // What this process was itself started with must not reach the shell.
        let closing = #"for f in /proc/self/fd/*; do n=${f##*/}; ((n < 3)) || eval "exec $n>&-"; done; exec "$@""#
        let arguments = ["/bin/bash", "-c", closing, "close"] + arguments
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        for (from, to) in [(input, 0), (output, 1), (error, 2)] {
            posix_spawn_file_actions_adddup2(&actions, from, Int32(to))
        }
        var attributes = posix_spawnattr_t()
        posix_spawnattr_init(&attributes)
        defer { posix_spawnattr_destroy(&attributes) }
        let newSession: Int16 = 0x80  // POSIX_SPAWN_SETSID
        posix_spawnattr_setflags(&attributes, newSession)
        var argv: [UnsafeMutablePointer<CChar>?] = arguments.map { strdup($0) } + [nil]
        defer { for pointer in argv { free(pointer) } }
        var environment: [UnsafeMutablePointer<CChar>?] = [strdup("PATH=/usr/bin:/bin:/usr/sbin:/sbin"), nil]
        defer { free(environment[0]) }
        var child: pid_t = 0
        let result = posix_spawn(&child, arguments[0], &actions, &attributes, &argv, &environment)
        guard result == 0 else { throw HostShell.StartError(description: String(cString: strerror(result))) }
        return child
    }
}

extension HostShell.Answer {
    var text: String { String(decoding: output, as: UTF8.self) }
}

@Suite(.serialized) struct HostShellTests {
    let watch = DescriptorWatch()

    @Test func `a command's output and errors come back together, in their order`() throws {
        let shell = try localShell(watch)
        let answer = shell.run("echo one; echo two >&2; echo three", timeout: .seconds(60))
        #expect(answer.text == "one\ntwo\nthree\n")
        #expect(answer.outcome == .finished(status: 0))
    }

    @Test func `exit statuses come back, and the next command sees the last one`() throws {
        let shell = try localShell(watch)
        #expect(shell.run("(exit 37)", timeout: .seconds(60)).outcome == .finished(status: 37))
        #expect(shell.run("echo $?", timeout: .seconds(60)).text == "37\n")
        #expect(shell.run("kill -9 $BASHPID & wait $!", timeout: .seconds(60)).outcome == .finished(status: 137))
    }

    @Test func `state lives on from command to command`() throws {
        let shell = try localShell(watch)
        _ = shell.run("cd /usr; greeting=hello; f() { echo \"$1!\"; }", timeout: .seconds(60))
        #expect(shell.run("f $greeting; pwd", timeout: .seconds(60)).text == "hello!\n/usr\n")
    }

    @Test func `a command that reads its standard input gets none and takes no command away`() throws {
        let shell = try localShell(watch)
        let answer = shell.run("cat; read -t 1 x; echo \"read: <$x>\"", timeout: .seconds(60))
        #expect(answer.text == "read: <>\n")
        #expect(shell.run("echo next", timeout: .seconds(60)).text == "next\n")
    }

    @Test func `a command gets no descriptor of the driver`() throws {
        let shell = try localShell(watch)
        let answer = shell.run("ls /proc/self/fd | tr '\\n' ' '", timeout: .seconds(60))
        // 3 is the folder that ls itself has open.
        #expect(answer.text == "0 1 2 3 ")
    }

    @Test func `a background child that keeps the console open delays nothing`() throws {
        let shell = try localShell(watch)
        let answer = shell.run("sleep 30 & child=$!; echo started", timeout: .seconds(20))
        #expect(answer.outcome == .finished(status: 0))
        #expect(answer.text.hasSuffix("started\n"))
        #expect(answer.text.hasPrefix("[1] "), "an interactive bash names the job: \(answer.text)")
        #expect(shell.run("kill $child", timeout: .seconds(60)).outcome == .finished(status: 0))
    }

    @Test(arguments: ["sh -c 'kill -9 $$'", "sh -c 'kill -TERM $$'", "yes | head -c 0", "timeout 0.01 sleep 5 | cat"])
    func `a command that a signal ends leaves no complaint of the shell's about its terminal`(command: String) throws {
        let shell = try localShell(watch)
        #expect(shell.run(command, timeout: .seconds(60)).text == "")
        #expect(shell.run("echo next", timeout: .seconds(60)).text == "next\n")
    }

    @Test func `ten megabytes come back whole`() throws {
        let shell = try localShell(watch)
        let answer = shell.run("head -c 10485760 /dev/zero | tr '\\0' x; echo; echo end", timeout: .seconds(20))
        #expect(answer.output.count == 10_485_760 + 5)
        #expect(answer.output.dropLast(5).allSatisfy { $0 == 0x78 })
        #expect(answer.output.suffix(5) == Array("\nend\n".utf8)[...])
    }

    @Test func `any octet survives`() throws {
        let shell = try localShell(watch)
        let answer = shell.run("for i in {0..255}; do printf \"\\\\x$(printf %x $i)\"; done", timeout: .seconds(20))
        #expect(answer.output == Array(0...255))
    }

    @Test func `a command without a newline at its end is complete all the same`() throws {
        let shell = try localShell(watch)
        #expect(shell.run("printf 'no newline'", timeout: .seconds(60)).text == "no newline")
        #expect(shell.run("printf again", timeout: .seconds(60)).text == "again")
    }

    @Test func `a command that takes too long is given up with the output so far`() throws {
        let shell = try localShell(watch)
        let answer = shell.run("echo before; exec 5< <(:); sleep 20", timeout: .milliseconds(300))
        #expect(answer.outcome == .timedOut)
        #expect(answer.text == "before\n")
        #expect(answer.duration >= .milliseconds(300))
        #expect(answer.duration < .seconds(20))
        kill(-shell.processID, SIGKILL)
    }

    @Test func `a shell that ends is noticed at once`() throws {
        let shell = try localShell(watch)
        let answer = shell.run("echo bye; exit 3", timeout: .seconds(60))
        #expect(answer.outcome == .shellEnded)
        #expect(answer.text == "bye\n" || answer.text == "bye\nexit\n")
        #expect(shell.run("echo more", timeout: .seconds(60)).outcome == .shellEnded)
    }

    @Test func `output that belongs to no marker, quotes and syntax errors do no harm`() throws {
        let shell = try localShell(watch)
        #expect(shell.run("echo 0; echo ready", timeout: .seconds(60)).text == "0\nready\n")
        #expect(
            shell.run(#"echo 'a "b" \c' "$(echo '#d')" # comment"#, timeout: .seconds(60)).text == "a \"b\" \\c #d\n")
        let broken = shell.run("if; then", timeout: .seconds(60))
        #expect(broken.text.contains("syntax error"))
        #expect(shell.run("nonesuch", timeout: .seconds(60)).text == "bash: nonesuch: command not found\n")
        #expect(shell.run("echo well", timeout: .seconds(60)).text == "well\n")
    }
}
