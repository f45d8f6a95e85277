/// What a Configuration payload does (RFC 7296 §3.15).
package struct ConfigurationType: RegisteredNumber {
    package let rawValue: UInt8
    package init(rawValue: UInt8) { self.rawValue = rawValue }

    package static let request = ConfigurationType(1)
    package static let reply = ConfigurationType(2)
    package static let set = ConfigurationType(3)
    package static let acknowledge = ConfigurationType(4)

    package static let names: [UInt8: String] = [1: "CFG_REQUEST", 2: "CFG_REPLY", 3: "CFG_SET", 4: "CFG_ACK"]
}

/// What a configuration attribute holds (RFC 7296 §3.15.1).
package struct ConfigurationAttributeType: RegisteredNumber {
    /// 0...32767.
    package let rawValue: UInt16
    package init(rawValue: UInt16) { self.rawValue = rawValue & 0x7fff }

    package static let internalIPv4Address = ConfigurationAttributeType(1)
    package static let internalIPv4Netmask = ConfigurationAttributeType(2)
    package static let internalIPv4DNS = ConfigurationAttributeType(3)
    package static let applicationVersion = ConfigurationAttributeType(7)
    package static let internalIPv6Address = ConfigurationAttributeType(8)
    package static let internalIPv6DNS = ConfigurationAttributeType(10)
    package static let internalIPv4Subnet = ConfigurationAttributeType(13)
    package static let supportedAttributes = ConfigurationAttributeType(14)
    package static let internalIPv6Subnet = ConfigurationAttributeType(15)
    /// RFC 8598.
    package static let internalDNSDomain = ConfigurationAttributeType(25)

    package static let names: [UInt16: String] = [
        1: "INTERNAL_IP4_ADDRESS", 2: "INTERNAL_IP4_NETMASK", 3: "INTERNAL_IP4_DNS", 4: "INTERNAL_IP4_NBNS",
        6: "INTERNAL_IP4_DHCP", 7: "APPLICATION_VERSION", 8: "INTERNAL_IP6_ADDRESS", 10: "INTERNAL_IP6_DNS",
        12: "INTERNAL_IP6_DHCP", 13: "INTERNAL_IP4_SUBNET", 14: "SUPPORTED_ATTRIBUTES", 15: "INTERNAL_IP6_SUBNET",
        16: "MIP6_HOME_PREFIX", 17: "INTERNAL_IP6_LINK", 18: "INTERNAL_IP6_PREFIX", 19: "HOME_AGENT_ADDRESS",
        20: "P_CSCF_IP4_ADDRESS", 21: "P_CSCF_IP6_ADDRESS", 22: "FTT_KAT", 23: "EXTERNAL_SOURCE_IP4_NAT_INFO",
        24: "TIMEOUT_PERIOD_FOR_LIVENESS_CHECK", 25: "INTERNAL_DNS_DOMAIN", 26: "INTERNAL_DNSSEC_TA",
        27: "ENCDNS_IP4", 28: "ENCDNS_IP6", 29: "ENCDNS_DIGEST_INFO",
    ]
}

package struct ConfigurationAttribute: Hashable, Sendable {
    package var type: ConfigurationAttributeType
    /// Empty in a request that leaves the choice to the peer; at most 65535 octets.
    package var value: [UInt8]

    package init(type: ConfigurationAttributeType, value: [UInt8] = []) {
        self.type = type
        self.value = value
    }
}

/// The Configuration payload (RFC 7296 §3.15).
package struct ConfigurationPayload: Hashable, Sendable {
    package var type: ConfigurationType
    package var attributes: [ConfigurationAttribute]

    package init(type: ConfigurationType, attributes: [ConfigurationAttribute]) {
        self.type = type
        self.attributes = attributes
    }

    init(parsing reader: inout WireReader) throws(WireError) {
        type = ConfigurationType(try reader.uint8("CFG Type"))
        try reader.skip(3, "CP payload: reserved")
        attributes = []
        while !reader.isAtEnd {
            guard attributes.count < WireLimit.configurationAttributes else {
                throw WireError(
                    .limit, offset: reader.offset,
                    expected: "at most \(WireLimit.configurationAttributes) configuration attributes", found: "more")
            }
            // The upper bit is ignored on receipt (§3.15.1): the type masks it off.
            let attribute = ConfigurationAttributeType(try reader.uint16("Attribute Type"))
            let length = Int(try reader.uint16("attribute length"))
            attributes.append(
                ConfigurationAttribute(type: attribute, value: try reader.octets(length, "value of \(attribute)")))
        }
    }

    func write(to writer: inout WireWriter) {
        writer.write(type.rawValue)
        writer.writeZeros(3)
        for attribute in attributes {
            precondition(attribute.value.count <= UInt16.max, "an attribute's value does not fit its length field")
            writer.write(attribute.type.rawValue)
            writer.write(UInt16(attribute.value.count))
            writer.write(attribute.value)
        }
    }
}
