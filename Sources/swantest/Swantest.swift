import ArgumentParser

/// The command line's root.
struct Swantest: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "swantest",
        abstract:
            "Runs scenarios of IKEv2 hosts in Linux namespaces and compares their consoles with what is expected.",
        discussion: """
            Exit codes: 0 all passed, 1 a scenario failed, 2 usage or a broken scenario, 3 this machine cannot, 4 nothing ran.
            """,
        subcommands: [
            List.self, Run.self, Diff.self, Accept.self, Sanitize.self, Up.self, Shell.self, Exec.self,
            InteropCommand.self, ReproduceCommand.self,
            Down.self, Doctor.self, Fetch.self,
        ])
}
