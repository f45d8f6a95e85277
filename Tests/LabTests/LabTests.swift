import Glibc
import Lab
import LinuxSystem
import NetAddress
import Netlink
import Testing

@Suite(.serialized) struct LabTests {
    @Test(arguments: SandboxProbe.User.playable)
    func `two hosts reach each other over IPv4 and IPv6`(user: SandboxProbe.User) throws {
        let topology = try SandboxProbe.libreswan
        let outcome = try SandboxProbe.run(as: user) { say in
            let lab = try Lab(topology: topology, hosts: ["west", "east"], options: LabOptions())
            say(lab.hosts.map(\.name).joined(separator: " ") + "\n")
            for address in ["192.1.2.23", "192.0.2.254", "2001:db8:1:2::23", "2001:db8:0:2::254"] {
                let ping = try SandboxProbe.output(lab, "west", "ping", ["-n", "-c1", "-W2", address])
                say("\(address) \(ping.code == 0 ? "answers" : ping.text)\n")
            }
        }
        #expect(
            outcome.text == """
                west east
                192.1.2.23 answers
                192.0.2.254 answers
                2001:db8:1:2::23 answers
                2001:db8:0:2::254 answers

                """)
        #expect(outcome.status == .exited(0))
    }

    @Test(arguments: SandboxProbe.User.playable)
    func `all eight hosts come up and the farthest reach each other through the routers`(user: SandboxProbe.User) throws
    {
        let topology = try SandboxProbe.libreswan
        let names = Set(topology.hosts.map(\.name))
        let outcome = try SandboxProbe.run(as: user) { say in
            let lab = try Lab(topology: topology, hosts: names, options: LabOptions())
            for (host, address) in [("pole", "192.0.2.12"), ("road", "2001:db8:0:1::15"), ("rise", "198.18.1.15")] {
                let ping = try SandboxProbe.output(lab, host, "ping", ["-n", "-c1", "-W2", address])
                say("\(host) \(ping.code == 0 ? "reaches" : ping.text) \(address)\n")
            }
        }
        #expect(
            outcome.text == "pole reaches 192.0.2.12\nroad reaches 2001:db8:0:1::15\nrise reaches 198.18.1.15\n")
    }

    @Test(arguments: SandboxProbe.User.playable)
    func `a host has the names, numbers and addresses of the topology`(user: SandboxProbe.User) throws {
        let topology = try SandboxProbe.libreswan
        let outcome = try SandboxProbe.run(as: user) { say in
            let lab = try Lab(topology: topology, hosts: ["west", "east"], options: LabOptions())
            say(try SandboxProbe.output(lab, "west", "hostname").text)
            say(try SandboxProbe.output(lab, "west", "getent", ["hosts", "east"]).text)
            say(try SandboxProbe.output(lab, "west", "ip", ["netns", "list"]).text)
            say(try SandboxProbe.output(lab, "west", "ip", ["netns", "identify"]).text)
            say(try SandboxProbe.output(lab, "west", "ip", ["netns", "exec", "east", "ip", "-br", "-4", "addr"]).text)
            say(try SandboxProbe.output(lab, "west", "ip", ["-br", "link"]).text)
            say(try SandboxProbe.output(lab, "west", "ip", ["-6", "route", "show", "default"]).text)
            say(try SandboxProbe.output(lab, "west", "cat", ["/proc/sys/net/ipv4/ip_forward"]).text)
        }
        let lines = outcome.text.split(separator: "\n").map { line in
            line.split(separator: " ", omittingEmptySubsequences: true).joined(separator: " ")
        }
        #expect(
            lines == [
                "west", "192.1.2.23 east", "east", "west", "west", "lo UNKNOWN 127.0.0.1/8",
                "eth0@if1003 UP 192.0.2.254/24", "eth1@if1001 UP 192.1.2.23/24",
                "lo UNKNOWN 00:00:00:00:00:00 <LOOPBACK,UP,LOWER_UP>",
                "eth0@if1002 UP 12:00:00:ab:cd:ff <BROADCAST,MULTICAST,UP,LOWER_UP>",
                "eth1@if1000 UP 12:00:00:64:64:45 <BROADCAST,MULTICAST,UP,LOWER_UP>",
                "default via 2001:db8:1:2::254 dev eth1 proto static metric 1024 pref medium", "1",
            ], "\(outcome.text)")
    }

    @Test(arguments: SandboxProbe.User.playable)
    func `what a host writes stays on it, and its programs cannot be changed`(user: SandboxProbe.User) throws {
        let topology = try SandboxProbe.libreswan
        let passwd = try FileSystem.read("/etc/passwd")
        let script = """
            echo changed >>/etc/passwd && echo x >/etc/ipsec.conf && echo x >/tmp/pluto.log && mkdir /run/pluto \
            /var/lib/ipsec && touch /root/x /var/log/x && echo written
            touch /usr/bin/swantest-trace 2>/dev/null || echo programs are safe
            echo x 2>/dev/null >/proc/sys/kernel/core_pattern || echo the machine is safe
            echo 1 >/proc/sys/net/ipv4/conf/all/log_martians && echo its own network is not
            ls -A /home /testing 2>&1
            """
        let outcome = try SandboxProbe.run(as: user) { say in
            let lab = try Lab(topology: topology, hosts: ["west", "east"], options: LabOptions())
            say(try SandboxProbe.output(lab, "west", "sh", ["-c", script]).text)
            say(try SandboxProbe.output(lab, "east", "ls", ["-A", "/tmp", "/etc/ipsec.conf"]).text)
        }
        #expect(
            outcome.text == """
                written
                programs are safe
                the machine is safe
                its own network is not
                ls: cannot access '/testing': No such file or directory
                /home:
                ls: cannot access '/etc/ipsec.conf': No such file or directory
                /tmp:

                """)
        #expect(try FileSystem.read("/etc/passwd") == passwd)
        #expect(!FileSystem.exists("/etc/ipsec.conf") || FileSystem.exists("/usr/sbin/ipsec"))
    }

    @Test(arguments: SandboxProbe.User.playable)
    func `folders of the outside appear read-only, writable or as a copy`(user: SandboxProbe.User) throws {
        let topology = try SandboxProbe.libreswan
        let folder = "/tmp/swantest-LabTests-\(getpid())-\(user)"
        for name in ["read", "write", "copy/deep"] {
            try FileSystem.makeDirectories("\(folder)/\(name)")
            try FileSystem.write("\(folder)/\(name)/file", "original\n")
        }
        defer { try? FileSystem.removeTree(folder) }
        for name in ["", "/write", "/write/file"] { chmod(folder + name, 0o777) }
        var options = LabOptions()
        options.hostMounts = { _ in
            [
                MountSpec(source: "\(folder)/read", target: "/testing/guestbin"),
                MountSpec(source: "\(folder)/write", target: "/testing/pluto/x", kind: .bind(readOnly: false)),
                MountSpec(source: "\(folder)/copy", target: "/testing/copy", kind: .copy),
                MountSpec(source: "\(folder)/read/file", target: "/swantest/bin/one"),
            ]
        }
        options.workingDirectory = { _ in "/testing/pluto/x" }
        options.environment = { ["WHO": $0] }
        let script = """
            pwd; echo $WHO; cat ../../guestbin/file /swantest/bin/one
            touch ../../guestbin/y 2>/dev/null || echo read-only
            echo new >file; echo new >/testing/copy/deep/file; cat /testing/copy/deep/file
            """
        let outcome = try SandboxProbe.run(as: user) { say in
            let lab = try Lab(topology: topology, hosts: ["west"], options: options)
            say(try SandboxProbe.output(lab, "west", "sh", ["-c", script]).text)
        }
        #expect(outcome.text == "/testing/pluto/x\nwest\noriginal\noriginal\nread-only\nnew\n")
        #expect(try FileSystem.readText("\(folder)/write/file") == "new\n")
        #expect(try FileSystem.readText("\(folder)/copy/deep/file") == "original\n")
    }

    @Test(arguments: SandboxProbe.User.playable)
    func `a host sees and kills its own processes only`(user: SandboxProbe.User) throws {
        let topology = try SandboxProbe.libreswan
        let outcome = try SandboxProbe.run(as: user) { say in
            let lab = try Lab(topology: topology, hosts: ["west", "east"], options: LabOptions())
            let west = try lab.spawn(on: "west", ["sleep", "1000"])
            let east = try lab.spawn(on: "east", ["sleep", "1000"])
            // An orphan: process 1 of the host inherits it.
            _ = try SandboxProbe.output(lab, "west", "sh", ["-c", "sleep 1001 >/dev/null 2>&1 & exit"])
            say("\(lab.processes(on: "west").map(\.name)) \(lab.processes(on: "east").map(\.name))\n")
            _ = try SandboxProbe.output(lab, "west", "sh", ["-c", "kill -9 -1"])
            say("\(try west.wait()) \(try east.statusIfEnded().map { "\($0)" } ?? "runs")\n")
            let deadline = MonotonicClock.now + .seconds(60)
            while !lab.processes(on: "west").isEmpty && MonotonicClock.now < deadline {
                MonotonicClock.sleep(.milliseconds(1))
            }
            say("\(lab.processes(on: "west").map(\.name)) \(lab.processes(on: "east").map(\.name))\n")
            say("\(lab.shutdown() == [east: .signaled(9)])\n")
        }
        #expect(
            outcome.text == """
                ["sleep", "sleep"] ["sleep"]
                signaled(9) runs
                [] ["sleep"]
                true

                """)
    }

    @Test func `a command or a folder that is not there is named in the error`() throws {
        let topology = try SandboxProbe.libreswan
        let outcome = try SandboxProbe.run(as: .nobody) { say in
            let lab = try Lab(topology: topology, hosts: ["west"], options: LabOptions())
            for (words, folder) in [(["no-such-command"], nil), (["ls"], "/no/such/folder")] as [([String], String?)] {
                do { _ = try lab.spawn(on: "west", words, workingDirectory: folder) } catch { say("\(error)\n") }
            }
            do { _ = try lab.spawn(on: "north", ["ls"]) } catch { say("\(error)\n") }
        }
        #expect(
            outcome.text == """
                lab, host west: execve no-such-command: No such file or directory (errno 2)
                lab, host west: chdir /no/such/folder: No such file or directory (errno 2)
                lab: no host north was built

                """)
    }

    @Test func `a host that the topology has not is an error, and so is a mount without a source`() throws {
        let topology = try SandboxProbe.libreswan
        var options = LabOptions()
        options.hostMounts = { _ in [MountSpec(source: "/no/such/source", target: "/testing/x")] }
        let outcome = try SandboxProbe.run(as: .nobody) { say in
            do { _ = try Lab(topology: topology, hosts: ["carol"], options: LabOptions()) } catch { say("\(error)\n") }
            do { _ = try Lab(topology: topology, hosts: ["west"], options: options) } catch { say("\(error)\n") }
        }
        #expect(
            outcome.text == """
                lab: topology libreswan has no host carol; it has west, east, nic, road, north, pole, rise, set
                lab, host west: bind /no/such/source to /run/lab/west/testing/x: No such file or directory (errno 2)

                """)
    }

    @Test(arguments: SandboxProbe.User.playable)
    func `an impaired link is left open in the middle`(user: SandboxProbe.User) throws {
        let topology = try SandboxProbe.libreswan
        var options = LabOptions()
        options.impairedLinks = ["192_1_2"]
        let outcome = try SandboxProbe.run(as: user) { say in
            let lab = try Lab(topology: topology, hosts: ["west", "east"], options: options)
            for link in lab.links { say("\(link.name) \(link.bridge ?? "open") \(link.middleInterfaces)\n") }
            let links = try NetlinkSocket().links()
            for name in lab.links[0].middleInterfaces {
                let found = links.first { $0.name == name }
                say("\(name) up \(found?.isUp ?? false) joined \(found?.master != nil)\n")
            }
            say("\(try SandboxProbe.output(lab, "west", "ping", ["-n", "-c1", "-W1", "192.1.2.23"]).code)\n")
        }
        #expect(
            outcome.text == """
                192_1_2 open ["west@eth1", "east@eth1"]
                192_0_1 192_0_1 ["west@eth0"]
                192_0_2 192_0_2 ["east@eth0"]
                west@eth1 up true joined false
                east@eth1 up true joined false
                1

                """)
    }

    @Test(.enabled(if: geteuid() == 0 && FileSystem.isExecutable("/usr/bin/tcpdump"), "root's tcpdump"))
    func `a promiscuous capture on a link's bridge has each packet once`() throws {
        let topology = try SandboxProbe.libreswan
        let outcome = try SandboxProbe.run(as: .root) { say in
            let lab = try Lab(topology: topology, hosts: ["west", "east"], options: LabOptions())
            let link = lab.links.first { $0.name == "192_1_2" }!
            let pipe = try FileDescriptor.pipe()
            let errors = try FileDescriptor.pipe()
            // Ends by itself with the fourth packet: a packet that came twice would take another's place.
            let words = [
                "timeout", "60", "tcpdump", "-n", "-t", "-l", "--immediate-mode", "-c", "4", "-i",
                link.captureInterfaces[0], "icmp",
            ]
            let capture = try Command(
                words, environment: LabHost.standardEnvironment,
                descriptors: [0, pipe.write.rawValue, errors.write.rawValue]
            ).start()
            var ready = ""
            while !ready.contains("listening on") {
                ready += String(decoding: try errors.read.read(upTo: 4096), as: UTF8.self)
            }
            _ = try SandboxProbe.output(lab, "west", "ping", ["-n", "-c2", "-i0.01", "-W2", "192.1.2.23"])
            try capture.wait()
            pipe.write.close()
            for line in String(decoding: try pipe.read.readToEnd(), as: UTF8.self).split(separator: "\n") {
                say(line.split(separator: ",").prefix(1).joined() + "\n")
            }
        }
        #expect(
            outcome.text == """
                IP 192.1.2.45 > 192.1.2.23: ICMP echo request
                IP 192.1.2.23 > 192.1.2.45: ICMP echo reply
                IP 192.1.2.45 > 192.1.2.23: ICMP echo request
                IP 192.1.2.23 > 192.1.2.45: ICMP echo reply

                """)
    }
}
