import Testing

/// Lines that only a log with `plutodebug=` has.
struct DebugLineTests {
    @Test(arguments: [true, false])
    func `what only a debugging log says costs nothing without one`(_ isDebugging: Bool) {
        let conf = WestEast.configuration().replacing("plutodebug=all", with: isDebugging ? "plutodebug=all" : "")
        let hosts = TwoHosts(configuration: conf, westSecrets: WestEast.secrets, eastSecrets: WestEast.secrets)
        for host in [hosts.west, hosts.east] { _ = hosts.run("ipsec add west-east", on: host) }
        let before = hosts.east.view.interfacesAskedFor
        _ = hosts.run("ipsec up west-east", on: hosts.west)
        #expect(hosts.east.log.contains { $0.contains("responder established Child SA") })
        // Two answers, each told with the interface by which it leaves.
        #expect(hosts.east.log.contains { $0.hasPrefix("| sending ") } == isDebugging)
        #expect(hosts.east.view.interfacesAskedFor - before == (isDebugging ? 2 : 0))
    }
}
