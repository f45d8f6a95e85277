package import IKEWire

/// Makes of an engine a peer that has the keys and means ill: it alters what goes into the SK payloads before it is
/// sealed, the exchange type and the first inner payload's type included. Simulators and fuzzers set it, nothing else.
package typealias PlaintextTamper = (inout ExchangeType, inout PayloadType, inout [UInt8]) -> Void
