import Glibc
import LinuxSystem
import Testing

/// The built program, run in a network and a mount namespace of its own, where it has port 500 and /run to itself.
struct Swand {
    let folder: TemporaryFolder
    /// Beside this test's own program: the package builds both.
    static func path() throws -> String {
        FileSystem.parent(of: try FileSystem.resolve("/proc/self/exe")) + "/swand"
    }

    init() throws {
        folder = try TemporaryFolder()
        for name in ["ipsec", "whack", "swand", "vpp", "vppctl"] {
            try FileSystem.makeLink("\(folder.path)/\(name)", to: try Swand.path())
        }
        try FileSystem.write(folder.path + "/ipsec.conf", "config setup\n\tlogfile=\(folder.path)/log\n")
        try FileSystem.write(folder.path + "/ipsec.secrets", "")
    }

    /// What a script of the shell prints, standard error among it, and its exit status.
    func run(_ script: String) throws -> (text: String, status: Int32) {
        let pipe = try FileDescriptor.pipe()
        let null = try FileDescriptor.open("/dev/null", O_RDWR)
        let process = try start(script, [null.rawValue, pipe.write.rawValue, pipe.write.rawValue])
        pipe.write.close()
        let text = String(decoding: try pipe.read.readToEnd(), as: UTF8.self)
        return (text, try process.wait().shellCode)
    }

    /// A script with descriptors 0, 1 and 2 of the caller's.
    func start(_ script: String, _ descriptors: [Int32]) throws -> ProcessID {
        let setup = """
            mount -t tmpfs tmpfs /run && ip link set lo up && cd \(folder.path) || exit 99
            \(script)
            """
        var environment = Command.ownEnvironment
        environment["PATH"] = folder.path + ":" + (environment["PATH"] ?? "/usr/sbin:/usr/bin:/sbin:/bin")
        // A process namespace, so that nothing outlives the script, a hanging daemon included.
        let unshare = ["unshare", "-r", "-n", "-m", "-p", "-f", "--mount-proc", "--kill-child", "sh", "-c", setup]
        return try Command(unshare, environment: environment, descriptors: descriptors).start()
    }
}

/// Whether namespaces can be made at all: in some containers they cannot.
let hasNamespaces: Bool = {
    let folder = try? Swand()
    return (try? folder?.run("true"))??.status == 0
}()

@Suite(.enabled(if: hasNamespaces, "unshare -r -n -m -p does not work on this machine"))
struct SwandTests {
    @Test func `start, stop and restart leave one daemon, then none, and no file`() throws {
        let (text, status) = try Swand().run(
            """
            alive() { readlink /proc/[0-9]*/exe | grep -c '/swand$'; }
            ipsec start --config $PWD/ipsec.conf; echo status $?
            ipsec _wait-started --timeout 0; echo status $?
            echo daemons $(alive)
            ipsec start --config $PWD/ipsec.conf; echo status $?
            ipsec restart --config $PWD/ipsec.conf; echo status $?
            echo daemons $(alive)
            ls /run/pluto
            ipsec stop; echo status $?
            echo daemons $(alive)
            ls /run/pluto
            ipsec stop; echo status $?
            """)
        #expect(
            text == """
                Redirecting to: [initsystem]
                status 0
                status 0
                daemons 1
                Redirecting to: [initsystem]
                FATAL ERROR: lock file "/run/pluto/pluto.pid" already exists
                status 10
                Redirecting to: [initsystem]
                status 0
                daemons 1
                pluto.ctl
                pluto.pid
                Redirecting to: [initsystem]
                status 0
                daemons 0
                Redirecting to: [initsystem]
                status 0

                """)
        #expect(status == 0)
    }

    @Test func `without a daemon a command says so`() throws {
        let (text, status) = try Swand().run("ipsec up west-east")
        #expect(text == "whack: Pluto is not running (no \"/run/pluto/pluto.ctl\")\n")
        #expect(status == 1)
    }

    @Test func `a port that is taken keeps the daemon from starting, and the starter says why`() throws {
        let (text, status) = try Swand().run(
            """
            ipsec start --config $PWD/ipsec.conf >/dev/null
            ipsec start --rundir /run/second --config $PWD/ipsec.conf
            status=$?
            ls /run/second
            ipsec stop >/dev/null
            exit $status
            """)
        #expect(
            text == """
                Redirecting to: [initsystem]
                ipsec start: bind UDP 0.0.0.0:500: Address already in use (errno 98)

                """)
        #expect(status == 1)
    }

    @Test func `a configuration that is no use keeps the daemon from starting, and the starter names file and line`()
        throws
    {
        let (text, _) = try Swand().run(
            """
            printf 'config setup\n\tbogus=1\n' > bad.conf
            ipsec start --config $PWD/bad.conf; echo status $?
            ipsec start --config $PWD/none.conf; echo status $?
            printf 'config setup\n\tlogfile=/none/log\n' > bad.conf
            ipsec start --config $PWD/bad.conf; echo status $?
            ls /run/pluto
            """)
        let folder = text.split(separator: "'").dropFirst().first.map { String($0.dropLast("/bad.conf".count)) } ?? "?"
        #expect(
            text == """
                Redirecting to: [initsystem]
                ipsec start: cannot load config '\(folder)/bad.conf': \(folder)/bad.conf:2: \
                unrecognized 'config setup' keyword 'bogus'
                status 1
                Redirecting to: [initsystem]
                ipsec start: cannot load config '\(folder)/none.conf': \(folder)/none.conf: \
                can't load file '\(folder)/none.conf': No such file or directory
                status 1
                Redirecting to: [initsystem]
                ipsec start: cannot write the log: open /none/log: No such file or directory (errno 2)
                status 1

                """)
    }

    @Test func `SIGTERM ends the daemon as ipsec stop does`() throws {
        let (text, _) = try Swand().run(
            """
            ipsec start --config $PWD/ipsec.conf >/dev/null
            kill -TERM $(cat /run/pluto/pluto.pid)
            for i in $(seq 1000); do ls /run/pluto | grep -q pid || break; sleep 0.05; done
            ls /run/pluto; ip -br link | cut -d ' ' -f 1
            """)
        #expect(text == "lo\n")
    }

    @Test func `a daemon that was killed is no hindrance to the next`() throws {
        let (text, _) = try Swand().run(
            """
            ipsec start --config $PWD/ipsec.conf >/dev/null
            kill -KILL $(cat /run/pluto/pluto.pid)
            for i in $(seq 1000); do ipsec status >/dev/null 2>&1 || break; sleep 0.05; done
            ipsec status
            ipsec start --config $PWD/ipsec.conf; echo status $?
            ipsec stop
            """)
        #expect(
            text == """
                whack: is Pluto running?  connect() for "/run/pluto/pluto.ctl" failed (111 Connection refused)
                Redirecting to: [initsystem]
                status 0
                Redirecting to: [initsystem]

                """)
    }

    @Test func `a command line that swand does not know is refused with its usage`() throws {
        let (text, status) = try Swand().run("swand --bogus")
        #expect(text.hasPrefix("swand: unknown option '--bogus'\nusage: swand "))
        #expect(status == 2)
    }
}

@Suite struct SwandLinkageTests {
    @Test func `swand does not load Foundation`() throws {
        let pipe = try FileDescriptor.pipe()
        let null = try FileDescriptor.open("/dev/null", O_RDWR)
        let process = try Command(
            ["ldd", try Swand.path()], environment: Command.ownEnvironment,
            descriptors: [null.rawValue, pipe.write.rawValue, null.rawValue]
        ).start()
        pipe.write.close()
        let libraries = String(decoding: try pipe.read.readToEnd(), as: UTF8.self)
        #expect(try process.wait().isSuccess)
        // The list is a list: what swand cannot do without is on it.
        #expect(libraries.contains("libcrypto.so"))
        #expect(!libraries.contains("Foundation"), "\(libraries)")
        #expect(!libraries.contains("not found"), "\(libraries)")
    }
}
