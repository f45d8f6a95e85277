package import Lab

extension ScenarioFolder {
    /// The file of its topology: the folder's own topology.yaml where it has one, else the one of the name that its settings say.
    package func topologyFile(among topologies: String) -> String {
        files.contains("topology.yaml") ? path + "/topology.yaml" : "\(topologies)/\(settings.topology).yaml"
    }

    /// Whether the topology has what the folder names: its hosts, and the links and senders of its impairments.
    /// - Throws: with the script or the line of scenario.yaml that names what is not there, and what there is.
    package func check(against topology: Topology) throws(ScenarioError) {
        let settingsFile = path + "/scenario.yaml"
        for host in hosts where topology.host(host) == nil {
            let script = steps.first { $0.host == host }?.script
            let known = topology.hosts.map(\.name).joined(separator: ", ")
            throw ScenarioError(
                file: script.map { "\(path)/\($0)" } ?? settingsFile,
                line: script == nil ? settings.lines["hosts"] : nil,
                "topology \(topology.name) has no host \(host)", remedy: "it has \(known)")
        }
        for host in settings.hostile where topology.host(host) == nil {
            throw ScenarioError(
                file: settingsFile, line: settings.lines["hostile"], "topology \(topology.name) has no host \(host)",
                remedy: "it has " + topology.hosts.map(\.name).joined(separator: ", "))
        }
        for pair in protectedPairs {
            guard let link = pair.link, !topology.links.contains(where: { $0.name == link }) else { continue }
            throw ScenarioError(
                file: settingsFile, line: settings.lines["protected"], "topology \(topology.name) has no link \(link)",
                remedy: "it has " + topology.links.map(\.name).joined(separator: ", "))
        }
        let built = topology.closure(of: Set(hosts))
        for impairment in settings.impairments {
            func fault(_ message: String, _ known: [String]) -> ScenarioError {
                ScenarioError(
                    file: settingsFile, line: impairment.line, message,
                    remedy: "expected one of " + known.joined(separator: ", "))
            }
            func ends(of link: String) -> [String] {
                topology.hosts.filter { host in
                    built.contains(host.name) && host.interfaces.contains { $0.link == link }
                }.map(\.name)
            }
            let plugged = ends(of: impairment.link)
            if plugged.isEmpty {
                throw fault(
                    "no link \(impairment.link) between the hosts of this scenario",
                    topology.links.map(\.name).filter { !ends(of: $0).isEmpty })
            }
            // One that never sends there would be an impairment that never impairs.
            if let from = impairment.from, !plugged.contains(from) {
                throw fault("\(from) is not on link \(impairment.link) in this scenario", plugged)
            }
        }
    }
}
