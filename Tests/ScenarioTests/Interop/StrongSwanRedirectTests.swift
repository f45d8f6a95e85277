import Testing

/// swand as a gateway that sends Debian's strongSwan elsewhere (RFC 5685).
///
/// In IKE_SA_INIT alone: strongSwan 5.9.8 that is redirected in IKE_AUTH ends before it has begun anew.
@Suite(
    .serialized,
    .enabled(if: RunnerProgram.hasDaemon, "swand is not built beside the tests"),
    .enabled(
        if: CharonScenario.isPossible,
        "needs root, /dev/net/tun and Debian's strongswan-starter, libcharon-extra-plugins, libstrongswan-standard-plugins"
    ))
struct StrongSwanRedirectTests {
    @Test func `in IKE_SA_INIT, to where nobody is`() throws {
        var scenario = CharonScenario(steps: [])
        scenario.setup = ["global-redirect=yes", "global-redirect-to=192.1.2.47"]
        scenario.steps = [
            .east("(timeout 60 ipsec up e >/dev/null &)"),
            .east("../../guestbin/wait-for.sh --match 'redirected to' -- cat OUTPUT/east.charon.log >/dev/null"),
            .east("grep -o 'redirected to .*' OUTPUT/east.charon.log | head -n 1", "redirected to 192.1.2.47"),
            .west("ipsec showstates"),
        ]
        try scenario.check()
    }
}
