import ArgumentParser
import LinuxSystem
import Scenario

/// Where scenarios are.
struct LocationOptions: ParsableArguments {
    @Option(
        help: ArgumentHelp(
            "The folder of scenarios and topologies; found beside the program if not given.", valueName: "dir"))
    var testing: String?

    @Option(
        help: ArgumentHelp(
            "A folder of scenario folders, libreswan's testing/pluto for one: it is /testing/pluto on every host.",
            valueName: "dir"))
    var suite: String?

    func installation() throws -> Installation {
        do { return try Installation.find(testing: testing) } catch let error as Installation.NotFound {
            throw Exit.usage(error.description)
        }
    }
}

/// Which of them are meant.
struct ScenarioSelection: ParsableArguments {
    @OptionGroup var locations: LocationOptions

    @Argument(
        help: ArgumentHelp(
            "Names of scenarios (* and ? match), or paths of their folders; none means all.", valueName: "scenario"))
    var names: [String] = []

    @Option(help: ArgumentHelp("Only those with this text in their name, or with this tag.", valueName: "text"))
    var filter: String?

    /// One scenario that is meant.
    struct Selected {
        let name: String
        /// Its folder, without links.
        let path: String
        let folder: Result<ScenarioFolder, ScenarioError>
        /// Why a list of tests says that it is not to be run; nil where none does.
        let skipReason: String?
    }

    /// The scenarios that are meant, by name.
    /// - Throws: `Exit.usage` where a name matches none, or a scenario of this project is broken.
    func select(_ installation: Installation) throws -> [Selected] {
        let directory = try locations.suite.map { suite -> String in
            guard FileSystem.isDirectory(suite), let path = try? FileSystem.resolve(suite) else {
                throw Exit.usage("--suite \(suite): no such folder")
            }
            return path
        }
        let found: [DiscoveredScenario]
        do { found = try ScenarioFolder.discover(in: directory ?? installation.testing) } catch {
            throw Exit.usage(error.description)
        }
        let list = try TestList(folder: directory ?? installation.testing)
        var selected: [Selected] = []
        if names.isEmpty {
            selected = found.map {
                Selected(
                    name: $0.name, path: Self.resolved($0.path), folder: $0.result, skipReason: list.skipReason($0.name)
                )
            }
        }
        for name in names {
            if name.contains("/") || name == "." || name == ".." {
                selected.append(try at(path: name))
                continue
            }
            let matching = found.filter { Self.matches(name, $0.name) }
            if matching.isEmpty {
                throw Exit.usage(
                    "no scenario \(name) in \(directory ?? installation.testing); swantest list shows what there is")
            }
            selected += matching.map {
                Selected(name: $0.name, path: Self.resolved($0.path), folder: $0.result, skipReason: nil)
            }
        }
        selected = try Self.once(selected)
        if let filter {
            selected = selected.filter { scenario in
                scenario.name.contains(filter)
                    || ((try? scenario.folder.get())?.settings.tags.contains(filter) ?? false)
            }
        }
        // In a suite of others a folder may be beyond us; one of our own that is broken is to be mended first.
        if directory == nil {
            for scenario in selected {
                if case .failure(let error) = scenario.folder { throw Exit.usage(error.description) }
            }
        }
        return selected
    }

    private func at(path: String) throws -> Selected {
        guard let resolved = try? FileSystem.resolve(path) else { throw Exit.usage("\(path): no such folder") }
        do throws(ScenarioError) {
            let folder = try ScenarioFolder.load(resolved)
            return Selected(name: folder.name, path: resolved, folder: .success(folder), skipReason: nil)
        } catch { throw Exit.usage(error.description) }
    }

    private static func resolved(_ path: String) -> String { (try? FileSystem.resolve(path)) ?? path }

    /// Each scenario once, whichever names and patterns mean it: its results have one folder, and so have its lab and
    /// its line in a report.
    private static func once(_ selected: [Selected]) throws -> [Selected] {
        var places: [String: String] = [:]
        return try selected.filter { scenario in
            guard let other = places.updateValue(scenario.path, forKey: scenario.name) else { return true }
            if other == scenario.path { return false }
            throw Exit.usage(
                "\(other) and \(scenario.path) have the same name, and their results would have the same folder; "
                    + "run one after the other, each with its own --output")
        }
    }

    /// `*` for any text, `?` for one character.
    static func matches(_ pattern: String, _ name: String) -> Bool {
        func match(_ pattern: Substring, _ name: Substring) -> Bool {
            guard let first = pattern.first else { return name.isEmpty }
            if first == "*" {
                return name.indices.contains { match(pattern.dropFirst(), name[$0...]) }
                    || match(pattern.dropFirst(), "")
            }
            guard let next = name.first, first == "?" || first == next else { return false }
            return match(pattern.dropFirst(), name.dropFirst())
        }
        return match(pattern[...], name[...])
    }
}

/// libreswan's TESTLIST: `kind name status`, where a status other than `good` keeps a test from being run.
struct TestList {
    private var statuses: [String: String] = [:]

    /// Reads the TESTLIST of a folder; without one every test is good.
    init(folder: String) throws {
        guard let text = try? FileSystem.readText(folder + "/TESTLIST") else { return }
        for line in text.split(whereSeparator: \.isNewline) {
            let words = line.prefix { $0 != "#" }.split(whereSeparator: \.isWhitespace)
            if words.count >= 3 { statuses[String(words[1])] = String(words[2]) }
        }
    }

    func skipReason(_ name: String) -> String? {
        guard let status = statuses[name], status != "good" else { return nil }
        return "TESTLIST says \(status)"
    }
}
