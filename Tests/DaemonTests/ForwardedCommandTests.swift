import Control
import Testing

@Suite struct ForwardedCommandTests {
    @Test(arguments: [
        ("ipsec", ["up", "west-east"], "pluto", "/run/pluto/pluto.ctl"),
        ("ipsec", ["whack", "--impair", "none"], "azure", "/run/pluto/pluto.ctl"),
        ("whack", ["--shutdown"], "pluto", "/run/pluto/pluto.ctl"),
        ("ipsec", ["statusall"], "charon", "/run/charon.ctl"), ("vppctl", ["show", "int"], "vpp", "/run/vpp/vpp.ctl"),
    ])
    func `a daemon's own commands go to where it listens`(
        _ program: String, _ arguments: [String], _ dialect: String, _ socket: String
    ) {
        #expect(ForwardedCommand(program, arguments, dialect: dialect)?.socket == socket)
    }

    @Test func `a request begins with the program's name, and ipsec whack is whack`() {
        #expect(ForwardedCommand("ipsec", ["up", "a"], dialect: "pluto")?.arguments == ["ipsec", "up", "a"])
        #expect(
            ForwardedCommand("ipsec", ["whack", "--name", "a"], dialect: "pluto")?.arguments == [
                "whack", "--name", "a",
            ])
        #expect(ForwardedCommand("whack", ["--name", "a"], dialect: "pluto")?.arguments == ["whack", "--name", "a"])
    }

    @Test(arguments: [
        ("ipsec", ["start"], "pluto"), ("ipsec", ["stop"], "pluto"), ("ipsec", ["addconn", "--checkconfig"], "pluto"),
        ("ipsec", ["initnss"], "pluto"), ("ipsec", [], "pluto"), ("whack", [], "pluto"),
        ("ipsec", ["status", "--rundir=/elsewhere"], "pluto"),
        ("ipsec", ["--rundir", "/elsewhere", "up", "a"], "pluto"),
        ("ipsec", ["restart"], "charon"), ("ipsec", ["version"], "charon"), ("ipsec", ["stop"], "asa"),
        ("vppctl", [], "vpp"), ("asa", ["show", "version"], "asa"), ("swand", ["--foreground"], "pluto"),
    ])
    func `what a daemon does not answer, or elsewhere, is the whole program's`(
        _ program: String, _ arguments: [String], _ dialect: String
    ) {
        #expect(ForwardedCommand(program, arguments, dialect: dialect) == nil)
    }
}
