import ArgumentParser
import Lab
import LinuxSystem
import Scenario
import UserMode

/// Whose kernel a scenario runs on.
enum KernelChoice: String, CaseIterable, ExpressibleByArgument {
    /// This machine's.
    case host
    /// User-mode Linux, booted for the run.
    case uml
    /// This machine's, where it has what the scenario requires.
    case auto
}

/// What the daemons of a run do ESP with.
enum DataPlaneWish: String, CaseIterable, ExpressibleByArgument {
    /// The kernel where it can, else swand.
    case auto
    case user
    case xfrm
}

/// Decides what can be decided before a scenario runs.
struct RunPlan {
    enum Outcome {
        case run(ScenarioFolder, Topology)
        /// The same, in user-mode Linux.
        case boot(ScenarioFolder, Topology)
        case verdict(Verdict, String)
    }

    private let installation: Installation
    /// Whether the scenarios are somebody else's: one that is broken has its verdict then, and stops nobody.
    private let isSuite: Bool
    private var topologies: [String: Topology] = [:]
    private var refusals: [MachineFeature: String?] = [:]

    /// Debian's user-mode Linux; nil where it is not installed.
    let userMode = UserModePackage.find()
    private let kernel: KernelChoice
    private let dataPlane: DataPlaneWish

    init(
        installation: Installation, isSuite: Bool, kernel: KernelChoice = .host, dataPlane: DataPlaneWish = .auto
    ) {
        self.dataPlane = dataPlane
        self.installation = installation
        self.isSuite = isSuite
        self.kernel = kernel
    }

    /// - Throws: `Exit.usage` for a broken topology or a scenario that does not fit it, `Exit.machineCannot` where the
    ///   daemon was not built.
    mutating func outcome(of scenario: ScenarioSelection.Selected) throws -> Outcome {
        if let reason = scenario.skipReason { return .verdict(.skipped, reason) }
        let folder: ScenarioFolder
        switch scenario.folder {
        case .success(let value): folder = value
        case .failure(let error): return .verdict(.unresolved, error.description)
        }
        if let (host, system) = folder.foreignPlatforms.min(by: { $0.key < $1.key }) {
            return .verdict(.unsupported, "\(host) is to run \(system)")
        }
        let needs = folder.settings.requires + (dataPlane == .xfrm ? [.xfrmESP] : [])
        let refusal = kernel == .uml ? nil : refusal(needs)
        let boots = kernel == .uml || kernel == .auto && refusal != nil
        if !boots, let refusal { return .verdict(.unsupported, refusal) }
        if boots && userMode == nil {
            let remedy = "user-mode Linux is not installed: \(UserModePackage.installCommand)"
            return .verdict(.unsupported, refusal.map { "\($0); \(remedy)" } ?? remedy)
        }
        for host in folder.hosts {
            if let refusal = folder.settings.strongSwan(of: host)?.refusal(onThisKernel: !boots) {
                return .verdict(.unsupported, "\(host): \(refusal)")
            }
            if let refusal = folder.settings.libreswan(of: host)?.refusal {
                return .verdict(.unsupported, "\(host): \(refusal)")
            }
            if folder.settings.daemon(of: host) == "swand" && installation.swand == nil {
                throw Exit.machineCannot("swand is not beside swantest: make build")
            }
        }
        let topology = try topology(folder)
        do { try folder.check(against: topology) } catch {
            if isSuite { return .verdict(.unresolved, error.description) }
            throw Exit.usage(error.description)
        }
        return boots ? .boot(folder, topology) : .run(folder, topology)
    }

    /// What this machine's kernel lacks of these; nil where it has them all.
    private mutating func refusal(_ features: [MachineFeature]) -> String? {
        for feature in features {
            let refusal = refusals[feature] ?? feature.refusal()
            refusals[feature] = .some(refusal)
            if let refusal { return "requires \(feature.rawValue): \(refusal)" }
        }
        return nil
    }

    private mutating func topology(_ folder: ScenarioFolder) throws -> Topology {
        let name = folder.settings.topology
        let path = folder.topologyFile(among: installation.topologies)
        if let known = topologies[path] { return known }
        guard FileSystem.exists(path) else {
            let names = ((try? FileSystem.list(installation.topologies)) ?? []).filter { $0.hasSuffix(".yaml") }
            throw Exit.usage(
                ScenarioError(
                    file: folder.path + "/scenario.yaml", line: folder.settings.lines["topology"],
                    "no topology \(name) in \(installation.topologies)",
                    remedy: names.isEmpty
                        ? "there are none"
                        : "there are \(names.map { String($0.dropLast(5)) }.joined(separator: ", "))"
                ).description)
        }
        do {
            let topology = try Topology.load(contentsOf: path)
            topologies[path] = topology
            return topology
        } catch { throw Exit.usage("\(error)") }
    }
}
