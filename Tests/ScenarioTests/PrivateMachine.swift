import Glibc
import LinuxSystem

/// Namespaces of a test's own, in which nobody else works: what is seen there before and after a run is the run's doing.
///
/// Network, mounts, processes and /run (where `ip netns` keeps its names) are private; root is needed to make them.
struct PrivateMachine {
    /// What a script may call.
    private static let prelude = """
        set -u
        mount -t tmpfs tmpfs /run
        # Everything of the machine's that a lab makes more of.
        look() {
            echo "== ip netns list"; ip netns list
            echo "== ip link"; ip link
            echo "== ip rule"; ip rule; ip -6 rule
            echo "== mounts"; cat /proc/self/mountinfo
            echo "== processes"; ps -e -o comm= | sort
        }
        # Until it looks as in FILE again; says what is still different after a minute or more.
        settle() {
            for _ in $(seq 1000); do look >/run/now; cmp -s "$1" /run/now && return 0; sleep 0.05; done
            diff "$1" /run/now
        }

        """

    /// Runs a script of bash with these words as `"$@"`.
    static func run(_ script: String, _ words: [String] = []) throws -> RunnerProgram.Answer {
        try Tool.run(
            [
                "unshare", "--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc", "--propagation",
                "private", "bash", "-c", prelude + script, "bash",
            ] + words)
    }
}

/// A program of the system's, run to its end.
enum Tool {
    static func isInstalled(_ name: String) -> Bool {
        ["/usr/bin/", "/usr/sbin/", "/bin/", "/sbin/"].contains { FileSystem.isExecutable($0 + name) }
    }

    /// - Returns: its status, with standard output and error as one text.
    static func run(_ words: [String]) throws -> RunnerProgram.Answer {
        let nowhere = try FileDescriptor.open("/dev/null")
        let pipe = try FileDescriptor.pipe()
        let command = Command(
            words, environment: Command.ownEnvironment,
            descriptors: [nowhere.rawValue, pipe.write.rawValue, pipe.write.rawValue])
        let process = try command.start()
        pipe.write.close()
        let text = String(decoding: try pipe.read.readToEnd(), as: UTF8.self)
        return RunnerProgram.Answer(status: try process.wait(), text: text)
    }

    /// The standard output of a program that has to succeed, as lines.
    static func lines(_ words: [String]) throws -> [String] {
        let answer = try run(["bash", "-c", "exec 2>/dev/null; exec \"$@\"", "bash"] + words)
        guard answer.status == .exited(0) else { throw SystemError(words[0], words.last ?? "", code: EIO) }
        return answer.text.split(separator: "\n").map(String.init)
    }
}
