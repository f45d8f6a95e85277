import LinuxSystem
import Scenario
import Testing

struct InstallationTests {
    /// Makes folders and files; a path with a slash at its end is a folder.
    func make(_ paths: String..., in folder: String) throws {
        for path in paths {
            if path.hasSuffix("/") {
                try FileSystem.makeDirectories(folder + "/" + path.dropLast())
            } else {
                try FileSystem.makeDirectories(FileSystem.parent(of: folder + "/" + path))
                try FileSystem.write(folder + "/" + path, "", mode: 0o755)
            }
        }
    }

    @Test func `a build finds its own tree above it`() throws {
        try withTemporaryFolder { folder in
            try make(
                "Package.swift", "testing/", "guestbin/", ".build/release/swantest", ".build/release/swand", in: folder)
            let found = try Installation.find(program: folder + "/.build/release/swantest", testing: nil)
            #expect(found.testing == folder + "/testing")
            #expect(found.guestbin == folder + "/guestbin")
            #expect(found.swand == folder + "/.build/release/swand")
        }
    }

    @Test func `an installed program finds the data of its prefix`() throws {
        try withTemporaryFolder { folder in
            try make(
                "bin/swantest", "libexec/swantest/swand", "share/swantest/testing/", "share/swantest/guestbin/",
                in: folder)
            let found = try Installation.find(program: folder + "/bin/swantest", testing: nil)
            #expect(found.testing == folder + "/share/swantest/testing")
            #expect(found.topologies == folder + "/share/swantest/testing/topologies")
            #expect(found.swand == folder + "/libexec/swantest/swand")
            #expect(found.client == nil)
            try make("libexec/swantest/swand-client", in: folder)
            #expect(found.client == folder + "/libexec/swantest/swand-client")
        }
    }

    @Test func `--testing goes first, with the guestbin beside it if there is one`() throws {
        try withTemporaryFolder { folder in
            try make("bin/swantest", "share/swantest/testing/", "share/swantest/guestbin/", "mine/testing/", in: folder)
            let program = folder + "/bin/swantest"
            let without = try Installation.find(program: program, testing: folder + "/mine/testing")
            #expect(without.testing == folder + "/mine/testing")
            #expect(without.guestbin == folder + "/share/swantest/guestbin")
            try make("mine/guestbin/", in: folder)
            let with = try Installation.find(program: program, testing: folder + "/mine/testing")
            #expect(with.guestbin == folder + "/mine/guestbin")
            #expect(with.swand == nil)
        }
    }

    @Test func `where nothing is found it says where it looked`() throws {
        try withTemporaryFolder { folder in
            try make("bin/swantest", in: folder)
            let error = #expect(throws: Installation.NotFound.self) {
                try Installation.find(program: folder + "/bin/swantest", testing: nil)
            }
            #expect(error?.description.contains(folder + "/share/swantest") ?? false)
            #expect(throws: Installation.NotFound.self) {
                try Installation.find(program: folder + "/bin/swantest", testing: folder + "/nowhere")
            }
        }
    }
}

struct ConnectionSubnetsTests {
    @Test func `subnets are found through also and the defaults, and hosts alone protect nothing`() throws {
        try withTemporaryFolder { folder in
            let configuration = """
                version 2.0
                config setup
                \tlogfile=/tmp/pluto.log
                conn %default
                \trightsubnet = "192.0.2.0/24"  # a comment
                conn base
                    leftsubnet=192.0.1.0/24
                conn derived
                    also=base
                    rightsubnet=192.0.3.0/24
                conn hosts
                    left=192.1.2.45
                    right=192.1.2.23
                conn many
                    leftsubnets={10.0.0.0/8, 2001:db8::/32}
                """
            try FileSystem.write(folder + "/ipsec.conf", configuration)
            try FileSystem.write(folder + "/scenario.yaml", "protected: connections\n")
            try FileSystem.write(folder + "/01-west-x.sh", "true\n")
            let pairs = try ScenarioFolder.load(folder).protectedPairs
            #expect(
                Set(pairs.map { "\($0.left) \($0.right)" }) == [
                    "192.0.1.0/24 192.0.2.0/24", "192.0.1.0/24 192.0.3.0/24", "10.0.0.0/8 192.0.2.0/24",
                ])
        }
    }
}
