/// A number of a field for which IANA keeps a registry: any value survives parsing and writing; known ones have names.
package protocol RegisteredNumber: RawRepresentable, Hashable, Sendable, CustomStringConvertible
where RawValue: FixedWidthInteger & Sendable {
    init(rawValue: RawValue)
    /// The registry "Internet Key Exchange Version 2 (IKEv2) Parameters", as far as it is known here.
    static var names: [RawValue: String] { get }
}

extension RegisteredNumber {
    package init(_ rawValue: RawValue) { self.init(rawValue: rawValue) }

    /// nil for a number without an entry in the table: unassigned, reserved, for private use, or newer than this.
    package var registeredName: String? { Self.names[rawValue] }
    /// The registered name, or the number in decimal.
    package var name: String { registeredName ?? String(rawValue) }
    package var description: String { name }
}
