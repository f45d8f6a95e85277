@testable import Transcript

/// What is taken from the console of a Cisco device, and what is not.
extension SanitizerRuleTests {
    static let ciscoRows: [Row] = [
        Row(
            "cisco: ike-spi", "(1): SM Trace-> SA: I_SPI=145521242B6265D7 R_SPI=0C25D68E92BFCDC2 (R) MsgID = 00000002",
            "(1): SM Trace-> SA: I_SPI=IKESPI R_SPI=IKESPI (R) MsgID = 00000002"),
        Row(
            "cisco: esp-spi", "IPSEC DEBUG: Inbound SA (SPI 0xE3E2B0FD) state change from embryonic to dead",
            "IPSEC DEBUG: Inbound SA (SPI 0xESPSPI) state change from embryonic to dead"),
        .stays(
            "cisco: esp-spi",
            "IPSEC DEBUG: Inbound SA (SPI 0x00000000) state change from inactive to embryonic"),
        Row("cisco: esp-spi", "spi: 0x766AF315 (1986720533)", "spi: 0xESPSPI (DEC)"),
        Row(
            "cisco: esp-spis", "ESP spi in/out: 0x73fb1b35/0xdd7fe5ca", "ESP spi in/out: 0xESPSPI/0xESPSPI"),
        Row("cisco: router-spi", "spi: 0x6B74CB79(1802816377)", "spi: 0xESPSPI(DEC)"),
        Row("cisco: router-spi", "Local spi: E58F925107F8B73F", "Local spi: IKESPI"),
        Row("cisco: time", "*Nov 11 19:30:34.811: IKEv2:Got a packet", "*TIME: IKEv2:Got a packet"),
        Row("cisco: esp-spi", "current inbound spi : 766AF315", "current inbound spi : ESPSPI"),
        Row(
            "cisco: place", "IPSEC: New embryonic SA created @ 0x00007f5357431640,",
            "IPSEC: New embryonic SA created @ 0xPLACE,"),
        .stays("cisco: place", "VPIF num : 0x00000007"),
        Row(
            "cisco: octets", "f6 b6 68 e9 13 e6 a5 8e 04 c4 73 d1 6e 74 c8 35",
            "xx xx xx xx xx xx xx xx xx xx xx xx xx xx xx xx"),
        Row(
            "cisco: octets", "21 ff 04 38 c0 41 06 57 ec 3f e5 f2 88 36 75 4c | !..8.A.W.?...6uL",
            "xx xx xx xx xx xx xx xx xx xx xx xx xx xx xx xx | ................"),
        .stays("cisco: octets", "2e 20 25 08 00 00 00 03 00 00 00 50 00 00 00 34 | . %........P...4"),
        .stays("cisco: octets", "(1): 00 00"),
        .stays("cisco: octets", "be ef"),
        Row(
            "cisco: seconds", "sa timing: remaining key lifetime (kB/sec): (92159057/2555)",
            "sa timing: remaining key lifetime (kB/sec): (92159057/X)"),
        Row(
            "cisco: seconds", "sa timing: remaining key lifetime (k/sec): (4276853/3592)",
            "sa timing: remaining key lifetime (k/sec): (4276853/X)"),
        Row(
            "cisco: seconds", "Success rate is 60 percent (3/5), round-trip min/avg/max = 1/2/14 ms",
            "Success rate is 60 percent (3/5), round-trip min/avg/max = X/X/X ms"),
        .stays("cisco: seconds", "Rekey Int (T): 3600 Seconds"),
    ]
}
