import DialectKit
import IKECrypto

/// The commands around the key store, with its own files in the place of NSS's databases: `newhostkey`, `showhostkey`,
/// `import`, and what of `certutil`, `pk12util` and `crlutil` libreswan's tests call.
struct KeyCommand {
    let verb: String
    private var words: ArraySlice<String>
    private let workingDirectory: String
    let files: any OfflineFiles
    private let paths: PlutoDialect.Paths
    var store = KeyStore()

    struct Failure: Error {
        var message: String
        var status: Int32 = 1
    }

    init(
        _ verb: String, _ words: ArraySlice<String>, _ workingDirectory: String, _ files: any OfflineFiles,
        _ paths: PlutoDialect.Paths
    ) {
        self.verb = verb
        self.words = words
        self.workingDirectory = workingDirectory
        self.files = files
        self.paths = paths
    }

    func run() -> PlutoOffline.Result {
        var command = self
        do throws(Failure) {
            let output =
                switch verb {
                case "newhostkey": try command.newHostKey()
                case "showhostkey": try command.showHostKey()
                case "import", "pk12util": try command.importPKCS12()
                case "crlutil": try command.importList()
                default: try command.certutil()
                }
            return PlutoOffline.Result(output: output)
        } catch {
            return PlutoOffline.Result(error: "\(verb): \(error.message)\n", status: error.status)
        }
    }

    // MARK: Options

    /// Options by their names without dashes; those of `flags` have no value. What is no option is under the empty name.
    mutating func options(
        flags: Set<String>, values: Set<String>, synonyms: [String: String] = [:]
    ) throws(Failure) -> [String: String] {
        var result: [String: String] = [:]
        while let word = words.popFirst() {
            guard word.hasPrefix("-"), word != "-" else {
                guard result[""] == nil else { throw Failure(message: "unexpected argument '\(word)'") }
                result[""] = word
                continue
            }
            let parts = word.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            let bare = String(parts[0].drop { $0 == "-" })
            let name = synonyms[bare] ?? bare
            if flags.contains(name), parts.count == 1 {
                result[name] = ""
            } else if values.contains(name) {
                guard let value = parts.count == 2 ? parts[1] : words.popFirst() else {
                    throw Failure(message: "option '\(word)' requires an argument")
                }
                result[name] = value
            } else {
                throw Failure(message: "unrecognized option '\(word)'")
            }
        }
        if let folder = result["nssdir"] {
            store.folder = folder.hasPrefix("sql:") ? String(folder.dropFirst(4)) : folder
        }
        return result
    }

    static let folderSynonyms = ["d": "nssdir", "configdir": "nssdir"]

    // MARK: Files

    func contents() -> KeyStoreContents {
        KeyStoreContents(
            store: store, ipsecFolder: paths.ipsecFolder,
            readFile: { (path) throws(FileFailure) in try files.readFile(path) }, glob: { files.glob($0) })
    }

    /// A file that the command line names.
    func input(_ path: String) throws(Failure) -> [UInt8] {
        let whole = path.hasPrefix("/") ? path : workingDirectory + "/" + path
        do throws(FileFailure) { return try files.readFile(whole) } catch {
            throw Failure(message: "unable to open \"\(path)\" for reading: \(error)")
        }
    }

    func write(_ folder: String, _ name: String, _ octets: [UInt8]) throws(Failure) {
        let path = "\(store.folder)/\(folder)"
        if let problem = files.createFolder(path) { throw Failure(message: "\(path): \(problem)") }
        if let problem = files.createFile("\(path)/\(name)", octets) {
            throw Failure(message: "\(path)/\(name): \(problem)")
        }
    }

    func store(_ key: PrivateKey) throws(Failure) {
        let text: String
        do throws(CryptoError) { text = PEM.text("PRIVATE KEY", try key.exported().exposed) } catch {
            throw Failure(message: "\(error)")
        }
        try write("keys", StoredFile.hexadecimal(key.publicKey.keyID) + ".pem", Array(text.utf8))
    }

    func store(_ certificate: Certificate, nickname: String, trust: String) throws(Failure) {
        try write(
            "certs", StoredFile.name(for: nickname) + ".pem",
            StoredFile.text(
                [("nickname", nickname), ("trust", trust)], PEM.text("CERTIFICATE", certificate.der)))
    }
}
