import Daemon
import DialectKit
import LinuxSystem
import PlutoDialect

/// This host's files, for the commands that need no daemon.
struct HostFiles: OfflineFiles {
    func readFile(_ path: String) throws(FileFailure) -> [UInt8] { try HostFile.read(path) }

    func glob(_ pattern: String) -> [String] { PathPattern(pattern).matches() }

    func exists(_ path: String) -> Bool { FileSystem.exists(path) }

    func createFolder(_ path: String) -> String? {
        do {
            try FileSystem.makeDirectories(path, mode: 0o700)
            return nil
        } catch {
            return error.description
        }
    }

    func createFile(_ path: String, _ octets: [UInt8]) -> String? {
        do {
            try FileSystem.write(path, octets, mode: 0o600)
            return nil
        } catch {
            return error.description
        }
    }

    func removeFile(_ path: String) -> String? {
        do {
            try FileSystem.remove(path)
            return nil
        } catch {
            return error.description
        }
    }
}
