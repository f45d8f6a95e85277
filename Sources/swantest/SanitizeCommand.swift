import ArgumentParser
import LinuxSystem
import Transcript

/// `swantest sanitize FILE`: what the sanitizers make of a raw console, and with --explain which rule did what.
struct Sanitize: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Print a raw console as it is compared; with --explain, which rule rewrote what.")

    @Flag(help: "Show each change: rule, line, before and after.")
    var explain = false

    @Option(help: ArgumentHelp("Whose console it is; taken from HOST.console… if not given.", valueName: "host"))
    var host: String?

    @Argument(help: ArgumentHelp("The raw console, such as OUTPUT/NAME/west.console.verbose.txt.", valueName: "file"))
    var file: String

    func run() throws {
        let octets: [UInt8]
        do { octets = try FileSystem.read(file) } catch { throw Exit.usage("\(error)") }
        let name = file.split(separator: "/").last.map(String.init) ?? file
        let inferred = name.contains(".console.") ? name.split(separator: ".").first.map(String.init) : nil
        let chosen = host ?? inferred
        let sanitizer = Sanitizer.libreswan(host: chosen == "all" ? nil : chosen)
        guard explain else {
            Terminal.printOctets(sanitizer.sanitize(octets))
            return
        }
        for change in sanitizer.explain(octets).changes {
            Terminal.print("\(name):\(change.line)  \(Terminal.yellow(change.rule))")
            Terminal.print(Terminal.red("- \(change.before)"))
            for line in change.after { Terminal.print(Terminal.green("+ \(line)")) }
        }
    }
}
