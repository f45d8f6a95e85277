import ArgumentParser
import Scenario

/// `swantest list`: names, hosts and what they are about.
struct List: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "List scenarios: name, hosts, the description's first line.")

    @OptionGroup var selection: ScenarioSelection

    func run() throws {
        let selected = try selection.select(selection.locations.installation())
        let width = selected.map(\.name.count).max() ?? 0
        for scenario in selected {
            let name = scenario.name + String(repeating: " ", count: width - scenario.name.count)
            switch scenario.folder {
            case .failure(let error): Terminal.print("\(name)  \(Terminal.red("broken")): \(error)")
            case .success(let folder):
                let about = folder.description.split(whereSeparator: \.isNewline).first.map(String.init) ?? ""
                let tags = folder.settings.tags.isEmpty ? "" : " [\(folder.settings.tags.joined(separator: " "))]"
                let skip = scenario.skipReason.map { " (\($0))" } ?? ""
                Terminal.print("\(name)  \(folder.hosts.joined(separator: " "))\(tags)\(skip)  \(Terminal.dim(about))")
            }
        }
        if selected.isEmpty { throw Exit.nothingRan("no scenario matches") }
    }
}
