import ArgumentParser
import LinuxSystem
import Reproduce

/// `swantest reproduce`: from logs and captures to an account of what happened.
struct ReproduceCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reproduce",
        abstract: "Read logs or captures of a conversation, say what failed and why.",
        discussion: """
            Reads debugging of a Cisco ASA or of IOS, logs of charon and of pluto, captures (pcap, pcapng) and, with them, a table \
            of keys; several inputs are one account. What an input is, is told by what is in it.
            """)

    @Argument(help: ArgumentHelp("Logs, captures, tables of keys.", valueName: "log"))
    var logs: [String]

    func run() throws {
        let account: Account
        do {
            account = Account(try InputFiles.read(logs))
        } catch let error as InputError {
            throw Exit.usage(error.description)
        } catch let error as SystemError { throw Exit.usage("\(error)") }
        let diagnosis = Diagnosis(account)
        for line in AccountText(account, diagnosis).lines { Terminal.print(line) }
    }
}
