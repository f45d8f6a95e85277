import IKEModel
import Testing

@testable import PlutoDialect

/// EAP in ipsec.conf and ipsec.secrets, from there to what the consoles say.
@Suite struct EAPConnectionTests {
    @Test func `EAP-MSCHAPv2 with strongSwan's words`() throws {
        let hosts = try CertificateConnectionTests.Stores().hosts([
            "leftid=@west", "rightid=@east", "leftauth=eap-mschapv2", "eap_identity=carol",
        ])
        for host in [hosts.west, hosts.east] { host.view.files["/etc/ipsec.secrets"] = "carol : EAP \"secret\"\n" }
        _ = hosts.run("ipsec rereadsecrets", on: hosts.west)
        _ = hosts.run("ipsec rereadsecrets", on: hosts.east)
        #expect(hosts.run("ipsec add w", on: hosts.west) == "\"w\": added IKEv2 connection\n")
        #expect(hosts.run("ipsec add w", on: hosts.east) == "\"w\": added IKEv2 connection\n")
        #expect(hosts.run("ipsec up w", on: hosts.west).contains("initiator established Child SA using #1"))
        #expect(
            hosts.east.log.contains { $0.contains("authenticated peer using EAP-MSCHAPv2 'carol'") },
            "\(hosts.east.log)")
    }

    @Test func `EAP-TLS for both ends with libreswan's words`() throws {
        let hosts = try CertificateConnectionTests.Stores().hosts([
            "leftid=@west", "rightid=@east", "leftauth=eaponly", "leftautheap=tls", "rightauth=eaponly",
            "rightautheap=tls",
        ])
        #expect(hosts.run("ipsec add w", on: hosts.west) == "\"w\": added IKEv2 connection\n")
        #expect(hosts.run("ipsec add w", on: hosts.east) == "\"w\": added IKEv2 connection\n")
        let up = hosts.run("ipsec up w", on: hosts.west)
        #expect(up.contains("authenticated peer using EAP-TLS 'east'"), "\(up)")
    }

    @Test func `eaponly alone says too little`() throws {
        let hosts = try CertificateConnectionTests.Stores().hosts(["leftid=@west", "rightid=@east", "leftauth=eaponly"])
        #expect(hosts.run("ipsec add w", on: hosts.west).contains("auth=eaponly needs autheap=tls"))
    }
}
