/// Where an input says something: a line of text, or a frame of a capture; both from 1.
package struct LogPosition: Hashable, Sendable, CustomStringConvertible {
    package let file: String
    package let number: Int
    package let isFrame: Bool

    package init(_ file: String, line: Int) { (self.file, number, isFrame) = (file, line, false) }
    package init(_ file: String, frame: Int) { (self.file, number, isFrame) = (file, frame, true) }

    /// `east.log:12`, `s1.pcap: frame 5`.
    package var description: String { isFrame ? "\(file): frame \(number)" : "\(file):\(number)" }
}
