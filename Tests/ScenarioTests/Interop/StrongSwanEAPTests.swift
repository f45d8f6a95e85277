import Interop
import LinuxSystem
import Scenario
import Testing

/// EAP (RFC 7296 §2.16) and childless IKE SAs (RFC 6023) between swand and Debian's strongSwan, as cells of the matrix.
@Suite(
    .serialized, .enabled(if: RunnerProgram.hasDaemon, "swand is not built beside the tests"),
    .enabled(if: StrongSwanInstallation().refusal() == nil, "\(StrongSwanInstallation().refusal() ?? "")"))
struct StrongSwanEAPTests {
    @Test func `each method brings a tunnel up in either role, and a wrong password does not`() throws {
        let (status, text, matrix) = try MatrixTests().run(
            "eap-mschapv2", "eap-tls", "eap-only", "eap-wrong-password", "eap-wrong-password-peer")
        #expect(status == .exited(0), "\(text)")
        #expect(matrix.cells.count == 8 && matrix.cells.allSatisfy { $0.verdict == .green })
    }

    @Test func `a first Child SA with an exchange of its own`() throws {
        let (status, text, matrix) = try MatrixTests().run("childless", "childless-preferred", "childless-refused")
        #expect(status == .exited(0), "\(text)")
        #expect(matrix.cells.count == 4 && matrix.cells.allSatisfy { $0.verdict == .green })
    }
}
