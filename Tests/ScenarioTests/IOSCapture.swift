import Testing

/// The messages that a guide to the debugging of IOS shows, as tshark shows those of ios-psk-debug: exchange, flags, Message ID
/// and octets; the payloads, proposals (2) and transforms (3) among them; the length of each; then what is in them.
enum IOSCapture {
    private static let any = "0.0.0.0,0.0.0.0 255.255.255.255,255.255.255.255"
    /// Two DNS servers, two of NetBIOS, a subnet, the version, and five that are Cisco's own.
    private static let attributes = "3,3,4,4,13,7,28675,28672,28692,28681,28674"
    private static let rekeying = "33,2" + String(repeating: ",3", count: 15) + ",40,34,41"
    private static let rekeyingOctets = "152,148,12,12,12" + String(repeating: ",8", count: 12) + ",24"

    static let documented = [
        // 3DES and AES-CBC, SHA-1, group 2; KE, nonce, two vendor IDs, NAT detection.
        "34 0x08 0x00000000 344 33,2,3,3,3,3,3,34,40,43,43,41,41 56,52,8,12,8,8,8,136,24,23,21,28,28 16388,16389 3,12 2",
        // Behind them CERTREQ and HTTP_CERT_LOOKUP_SUPPORTED.
        "34 0x20 0x00000000 449 33,2,3,3,3,3,34,40,43,43,41,41,38,41 48,44,12,8,8,8,136,24,23,21,28,28,105,8 "
            + "16388,16389,16392 12 2",
        // VID, IDi, AUTH, CP, SA, TSi, TSr, and four notifications.
        "35 0x08 0x00000001 556 46,43,35,39,47,33,2,3,3,3,44,45,41,41,41,41 "
            + "528,20,12,28,309,40,36,8,8,8,24,24,8,12,8,8 16384,16385,16394,16395 3 \(attributes) \(any)",
        "35 0x20 0x00000001 252 46,43,36,39,33,2,3,3,3,44,45,41,41,41 224,20,12,28,40,36,8,8,8,24,24,12,8,8 "
            + "16385,16394,16395 3 \(any)",
        // Twice, with group 5 and with group 2.
        "36 0x08 0x00000002 460 46,\(rekeying) 432,\(rekeyingOctets),200,12 16385 12,12,12 5,2",
        "36 0x08 0x00000003 396 46,\(rekeying) 368,\(rekeyingOctets),136,12 16385 12,12,12 5,2",
        "36 0x20 0x00000003 300 46,33,2,3,3,3,3,40,34,41 272,56,52,12,8,8,8,24,136,12 16385 12 2",
    ]

    /// What tshark makes of a run's capture, a line for each message.
    static func messages(output: String) throws -> [String] {
        let fields = [
            "exchangetype", "flags", "messageid", "length", "typepayload", "payloadlength", "notify.msgtype",
            "tf.id.encr", "tf.id.dh", "cfg.attr.type", "ts.start_ipv4", "ts.end_ipv4",
        ]
        let lines = try Tool.lines(
            ["env", "WIRESHARK_CONFIG_DIR=\(output)/wireshark", "tshark", "-r", "\(output)/ethernet.pcapng"]
                + ["-Y", "isakmp", "-T", "fields", "-E", "separator= "] + fields.flatMap { ["-e", "isakmp.\($0)"] })
        // A field that is not there leaves its separator.
        return lines.map { $0.split(separator: " ").joined(separator: " ") }
    }
}
