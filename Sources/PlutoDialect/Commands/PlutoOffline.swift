package import DialectKit

/// The files that a command may touch while no daemon runs.
package protocol OfflineFiles {
    func readFile(_ path: String) throws(FileFailure) -> [UInt8]
    func glob(_ pattern: String) -> [String]
    func exists(_ path: String) -> Bool
    /// With all folders above it; mode 0700. - Returns: what went wrong, nil for nothing.
    func createFolder(_ path: String) -> String?
    /// Mode 0600. - Returns: what went wrong, nil for nothing.
    func createFile(_ path: String, _ octets: [UInt8]) -> String?
    /// - Returns: what went wrong, nil for nothing.
    func removeFile(_ path: String) -> String?
}

/// Commands that work without the daemon.
package enum PlutoOffline {
    package struct Result: Hashable, Sendable {
        package var output = ""
        package var error = ""
        package var status: Int32 = 0

        package init(output: String = "", error: String = "", status: Int32 = 0) {
            self.output = output
            self.error = error
            self.status = status
        }
    }

    /// nil: the command is one for the daemon.
    package static func run(
        _ request: ClientRequest, files: any OfflineFiles, paths: PlutoDialect.Paths = PlutoDialect.Paths()
    ) -> Result? {
        var words = ArraySlice(request.arguments.dropFirst())
        var configuration = paths.configuration
        while let first = words.first, first == "--config" || first.hasPrefix("--config=") {
            words.removeFirst()
            if first == "--config", let path = words.popFirst() { configuration = path }
            if first.hasPrefix("--config=") { configuration = String(first.dropFirst("--config=".count)) }
        }
        guard let verb = words.popFirst() else { return nil }
        switch verb {
        case "initnss": return initialiseDatabase(words, files, complain: true)
        case "checknss": return initialiseDatabase(words, files, complain: false)
        case "_fips": return switchFIPS(words, files)
        case "algparse": return AlgorithmCommand.run(words)
        case "newhostkey", "showhostkey", "import", "certutil", "pk12util", "crlutil":
            return KeyCommand(verb, words, request.workingDirectory, files, paths).run()
        case "addconn":
            return addconn(words, request.workingDirectory, configuration: configuration, files, paths)
        case "checkconfig":
            return check(absolute(configuration, request.workingDirectory), files)
        default: return nil
        }
    }

    private static func absolute(_ path: String, _ folder: String) -> String {
        path.hasPrefix("/") ? path : folder + "/" + path
    }

    // MARK: The key database

    /// `_fips on|off`: puts the key store into FIPS mode, which wants a password, or out of it. The daemon heeds it when it
    /// starts.
    private static func switchFIPS(_ words: ArraySlice<String>, _ files: any OfflineFiles) -> Result {
        let store = KeyStore()
        guard words.count == 1, let word = words.first, word == "on" || word == "off" else {
            return Result(error: "ipsec _fips: expecting on or off\n", status: 1)
        }
        guard files.exists(store.moduleFile) else {
            return Result(error: "ipsec _fips: no key store in \(store.folder): ipsec initnss makes one\n", status: 1)
        }
        if word == "on", (try? files.readFile(store.passwordFile))?.isEmpty ?? true {
            return Result(error: "ipsec _fips: FIPS mode needs a password in \(store.passwordFile)\n", status: 1)
        }
        if let problem = files.createFile(store.moduleFile, KeyStore.moduleText(fips: word == "on")) {
            return Result(error: "ipsec _fips: \(store.moduleFile): \(problem)\n", status: 1)
        }
        return Result(output: "FIPS mode \(word == "on" ? "enabled" : "disabled").\n")
    }

    /// The folder of certificates and keys. To SQLite, whose form NSS uses, an empty file is an empty database.
    private static func initialiseDatabase(
        _ words: ArraySlice<String>, _ files: any OfflineFiles, complain: Bool
    ) -> Result {
        var words = words
        var store = KeyStore()
        while let word = words.popFirst() {
            switch word {
            case "--nssdir", "-d", "--configdir":
                guard let path = words.popFirst() else {
                    return Result(error: "ipsec: \(word) needs a folder\n", status: 1)
                }
                store.folder = path
            case "--settrusts", "--quiet": break
            default: return Result(error: "ipsec: unrecognized option '\(word)'\n", status: 1)
            }
        }
        let folder = store.folder
        if store.databases.contains(where: { files.exists($0) }) {
            return complain ? Result(error: "NSS database already initialised - aborted\n", status: 42) : Result()
        }
        if let problem = files.createFolder(folder) {
            return Result(error: "ipsec: \(folder): \(problem)\n", status: 1)
        }
        for database in store.databases {
            if let problem = files.createFile(database, []) {
                return Result(error: "ipsec: \(database): \(problem)\n", status: 1)
            }
        }
        return Result(output: "Creating empty NSS database\n")
    }

    // MARK: Configuration

    /// `addconn --checkconfig`, `addconn --configsetup[=KEY]`; other uses of addconn need the daemon.
    private static func addconn(
        _ words: ArraySlice<String>, _ workingDirectory: String, configuration: String, _ files: any OfflineFiles,
        _ paths: PlutoDialect.Paths
    ) -> Result? {
        var words = words
        var configuration = configuration
        var wantsCheck = false
        var wantsSetup = false
        var key: String?
        while let word = words.popFirst() {
            switch word {
            case "--config": configuration = words.popFirst() ?? configuration
            case "--checkconfig": wantsCheck = true
            case "--configsetup": wantsSetup = true
            case "--verbose": break
            default:
                if word.hasPrefix("--config=") {
                    configuration = String(word.dropFirst("--config=".count))
                } else if word.hasPrefix("--configsetup=") {
                    wantsSetup = true
                    key = String(word.dropFirst("--configsetup=".count))
                } else if !wantsCheck && !wantsSetup {
                    return nil
                }
            }
        }
        let file = absolute(configuration, workingDirectory)
        if wantsCheck { return check(file, files) }
        guard wantsSetup else { return nil }
        return setup(file, key: key, files, paths)
    }

    private static func source(_ files: any OfflineFiles) -> ConfigurationSource {
        ConfigurationSource(
            readFile: { (path) throws(FileFailure) in try files.readFile(path) }, glob: { files.glob($0) })
    }

    private static func check(_ path: String, _ files: any OfflineFiles) -> Result {
        do throws(ConfigurationError) {
            let file = try ConfigurationFile(parsing: path, from: source(files))
            _ = try SetupConfiguration(file.setup)
            let resolver = ConnectionResolver(file)
            try resolver.check()
            for name in resolver.names {
                guard let assignments = try resolver.assignments(of: name) else { continue }
                let settings = try ConnectionSettings(
                    name: name, assignments, fips: KeyStore().isFIPS { try? files.readFile($0) })
                if let failure = settings.algorithmFailure, let section = file.section(name) {
                    throw ConfigurationError(file: section.file, line: section.line, "conn '\(name)': \(failure)")
                }
            }
            return Result()
        } catch {
            return Result(error: "cannot load config '\(path)': \(error)\n", status: 3)
        }
    }

    /// Every known value, or the one that was asked for: what scripts ask before they start.
    private static func setup(
        _ path: String, key: String?, _ files: any OfflineFiles, _ paths: PlutoDialect.Paths
    ) -> Result {
        do throws(ConfigurationError) {
            let file = try ConfigurationFile(parsing: path, from: source(files))
            let setup = try SetupConfiguration(file.setup)
            var values = setup.values
            values["configdir"] = paths.configurationFolder
            values["configfile"] = paths.configuration
            values["secretsfile"] = paths.secrets
            values["ipsecdir"] = setup.values["ipsecdir"] ?? paths.ipsecFolder
            values["nssdir"] = setup.values["nssdir"] ?? KeyStore().folder
            values["rundir"] = setup.values["rundir"] ?? "/run/pluto"
            values["exampledir"] = "/usr/share/doc/libreswan"
            guard let key else {
                return Result(output: values.sorted { $0.key < $1.key }.map { "\($0.key)='\($0.value)'\n" }.joined())
            }
            guard let value = values[key] else {
                return Result(error: "addconn: unknown setup key '\(key)'\n", status: 1)
            }
            return Result(output: value + "\n")
        } catch {
            return Result(error: "cannot load config '\(path)': \(error)\n", status: 3)
        }
    }
}
