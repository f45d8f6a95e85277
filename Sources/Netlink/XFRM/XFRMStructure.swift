import CNetlink

/// A structure of <linux/xfrm.h>. Most hold the union xfrm_address_t, for which Swift does not see that they are plain
/// octets, as all of these are.
protocol XFRMStructure {}

extension xfrm_usersa_info: XFRMStructure {}
extension xfrm_usersa_id: XFRMStructure {}
extension xfrm_usersa_flush: XFRMStructure {}
extension xfrm_userspi_info: XFRMStructure {}
extension xfrm_userpolicy_info: XFRMStructure {}
extension xfrm_userpolicy_id: XFRMStructure {}
extension xfrm_userpolicy_type: XFRMStructure {}
extension xfrm_user_tmpl: XFRMStructure {}
extension xfrm_user_acquire: XFRMStructure {}
extension xfrm_user_expire: XFRMStructure {}
extension xfrm_user_mapping: XFRMStructure {}
extension xfrm_user_migrate: XFRMStructure {}
extension xfrm_user_kmaddress: XFRMStructure {}
extension xfrm_encap_tmpl: XFRMStructure {}
extension xfrm_lifetime_cur: XFRMStructure {}
extension xfrm_mark: XFRMStructure {}

extension XFRMStructure {
    /// As it lies in memory, its padding too.
    var octets: [UInt8] { withUnsafeBytes(of: self) { Array($0) } }
}

extension NetlinkMessageBuilder {
    /// The fixed part of a message.
    func fixedPart(_ value: some XFRMStructure) { append(value.octets) }

    func structure(_ type: xfrm_attr_type_t, _ value: some XFRMStructure) {
        attribute(Int(type.rawValue), value.octets)
    }
}

extension ArraySlice<UInt8> {
    /// The structure at the slice's start; nil where it is too short.
    func structure<Value: XFRMStructure>(_ type: Value.Type) -> Value? {
        guard count >= MemoryLayout<Value>.size else { return nil }
        return withUnsafeBytes { octets in
            withUnsafeTemporaryAllocation(of: Value.self, capacity: 1) { room in
                let target = UnsafeMutableRawBufferPointer(room)
                target.copyBytes(from: octets.prefix(target.count))
                return room.baseAddress!.move()
            }
        }
    }
}
