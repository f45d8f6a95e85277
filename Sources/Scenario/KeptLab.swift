import Glibc
package import Lab
import LinuxSystem

/// A scenario's lab that outlives the program which built it.
package enum KeptLab {
    /// Builds the hosts of a scenario, with its folder on each, and lets them stay. Nothing is run.
    package static func start(folder: ScenarioFolder, topology: Topology, layout: HostLayout) throws -> LabRecord {
        try LabSession.checkName(folder.name)
        let pipe = try FileDescriptor.pipe()
        let output = pipe.write.rawValue
        let sandbox = try Sandbox.spawn(Sandbox.Options(inherited: [output], diesWithParent: false)) {
            let report = RunPool.Report(descriptor: output)
            do {
                try layout.prepare()
                // Nobody forwards here once this program has ended: an impaired link is a sound one.
                var options = layout.labOptions
                options.impairedLinks = []
                let lab = try Lab(topology: topology, hosts: Set(folder.hosts), options: options)
                report.lab(lab.record(name: folder.name))
                close(output)
                LabSession.stay(lab)
            } catch {
                report.progress("\(error)")
                return 1
            }
        }
        pipe.write.close()
        let answer =
            String(decoding: try pipe.read.readToEnd(), as: UTF8.self).split(separator: "\n").last.map(String.init)
            ?? ""
        guard let record = RunPool.Report.lab(ofLine: answer) else {
            try? sandbox.end()
            throw LabError(
                .sandbox(answer.hasPrefix("progress ") ? String(answer.dropFirst(9)) : "the lab's process ended"))
        }
        return try LabSession.keep(sandbox, record)
    }
}
