import Testing

@testable import Transcript

/// What is taken from the console of a Cisco device, and what is not.
@Suite struct CiscoRuleTests {
    @Test(arguments: [
        (
            "IKEv2-PROTO-5: (1): SM Trace-> SA: I_SPI=145521242B6265D7 R_SPI=0C25D68E92BFCDC2 (R) MsgID = 00000002",
            "IKEv2-PROTO-5: (1): SM Trace-> SA: I_SPI=IKESPI R_SPI=IKESPI (R) MsgID = 00000002"
        ),
        ("f6 b6 68 e9 13 e6 a5 8e 04 c4 73 d1 6e 74 c8 35", "xx xx xx xx xx xx xx xx xx xx xx xx xx xx xx xx"),
        ("(1): 00 00", "(1): 00 00"),
        (
            "21 ff 04 38 c0 41 06 57 ec 3f e5 f2 88 36 75 4c | !..8.A.W.?...6uL",
            "xx xx xx xx xx xx xx xx xx xx xx xx xx xx xx xx | ................"
        ),
        (
            "2e 20 25 08 00 00 00 03 00 00 00 50 00 00 00 34 | . %........P...4",
            "2e 20 25 08 00 00 00 03 00 00 00 50 00 00 00 34 | . %........P...4"
        ),
        (
            "IPSEC DEBUG: Inbound SA (SPI 0xE3E2B0FD) state change from embryonic to dead",
            "IPSEC DEBUG: Inbound SA (SPI 0xESPSPI) state change from embryonic to dead"
        ),
        (
            "IPSEC DEBUG: Inbound SA (SPI 0x00000000) state change from inactive to embryonic",
            "IPSEC DEBUG: Inbound SA (SPI 0x00000000) state change from inactive to embryonic"
        ),
        ("spi: 0x766AF315 (1986720533)", "spi: 0xESPSPI (DEC)"),
        ("current inbound spi : 766AF315", "current inbound spi : ESPSPI"),
        ("*Nov 11 19:30:34.811: IKEv2:Got a packet", "*TIME: IKEv2:Got a packet"),
        ("spi: 0x6B74CB79(1802816377)", "spi: 0xESPSPI(DEC)"),
        ("Local spi: E58F925107F8B73F", "Local spi: IKESPI"),
        ("ESP spi in/out: 0x73fb1b35/0xdd7fe5ca", "ESP spi in/out: 0xESPSPI/0xESPSPI"),
        (
            "sa timing: remaining key lifetime (kB/sec): (92159057/2555)",
            "sa timing: remaining key lifetime (kB/sec): (92159057/X)"
        ),
        ("KE Next payload: NONE, reserved: 0x0, length: 72", "KE Next payload: NONE, reserved: 0x0, length: 72"),
        ("(1): Data: 304 bytes", "(1): Data: 304 bytes"), ("be ef", "be ef"),
    ])
    func `what is drawn goes, what was negotiated stays`(line: String, expected: String) {
        #expect(Sanitizer(rules: SanitizerRule.cisco).sanitize(line + "\n") == expected + "\n")
    }
}
