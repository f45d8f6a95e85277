/// What charon's log calls the things of a message: printed by the charon dialect, read back by whoever reads a log.
package enum CharonWords {
    /// Short names of notifications (RFC 7296 §3.10.1), by their numbers: `N(TS_UNACCEPT)`.
    package static let notifies: [UInt16: String] = [
        1: "CRIT", 4: "INVAL_IKE_SPI", 5: "INVAL_MAJOR", 7: "INVAL_SYN", 9: "INVAL_MID", 11: "INVAL_SPI", 14: "NO_PROP",
        17: "INVAL_KE", 24: "AUTH_FAILED", 34: "SINGLE_PAIR", 35: "NO_ADD_SAS", 36: "INT_ADDR_FAIL", 37: "FAIL_CP_REQ",
        38: "TS_UNACCEPT", 39: "INVAL_SEL", 40: "UNACCEPT_ADDR", 41: "UNEXPECT_NAT", 43: "TEMP_FAIL",
        44: "NO_CHILD_SA", 16384: "INIT_CONTACT", 16385: "SET_WINSIZE", 16386: "ADD_TS_POSS", 16387: "IPCOMP_SUPP",
        16388: "NATD_S_IP", 16389: "NATD_D_IP", 16390: "COOKIE", 16391: "USE_TRANSP", 16392: "HTTP_CERT_LOOK",
        16393: "REKEY_SA", 16394: "ESP_TFC_PAD_N", 16395: "NON_FIRST_FRAG", 16396: "MOBIKE_SUP",
        16397: "ADD_4_ADDR", 16398: "ADD_6_ADDR", 16399: "NO_ADD_ADDR", 16400: "UPD_SA_ADDR", 16401: "COOKIE2",
        16402: "NO_NATS", 16403: "AUTH_LFT", 16404: "MULT_AUTH", 16405: "AUTH_FOLLOWS", 16406: "REDIR_SUP",
        16407: "REDIR", 16408: "REDIR_FROM", 16409: "TKT_LFT", 16410: "TKT_REQ", 16411: "TKT_ACK", 16412: "TKT_NACK",
        16413: "TKT", 16417: "EAP_ONLY", 16418: "CHDLESS_SUP", 16420: "MSG_ID_SYN_SUP", 16430: "FRAG_SUP",
        16431: "HASH_ALG", 16435: "USE_PPK", 16436: "PPK_ID", 16437: "NO_PPK",
    ]

    /// Short names of configuration attributes (RFC 7296 §3.15.1), by their numbers: `CPRQ(ADDR DNS)`.
    package static let attributes: [UInt16: String] = [
        1: "ADDR", 2: "MASK", 3: "DNS", 4: "NBNS", 6: "DHCP", 7: "VER", 8: "ADDR6", 10: "DNS6", 12: "DHCP6",
        13: "SUBNET", 14: "SUP", 15: "SUBNET6", 25: "DNSDOM",
    ]
}
