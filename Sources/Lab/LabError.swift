package import LinuxSystem
package import Netlink

/// Why a lab could not be built, or a command not be started in it.
package struct LabError: Error, Sendable {
    package enum Cause: Sendable {
        case system(SystemError)
        case netlink(NetlinkError)
        /// The caller's mistake, in words.
        case usage(String)
        /// What a sandbox's process said before it ended: whole, with its host.
        case sandbox(String)
    }

    /// The host that was worked on; nil for the lab as a whole.
    package let host: String?
    package let cause: Cause

    package init(host: String? = nil, _ cause: Cause) {
        self.host = host
        self.cause = cause
    }

    /// Runs a step and says where it failed.
    static func locate<Result>(_ host: String? = nil, _ body: () throws -> Result) throws(LabError) -> Result {
        do { return try body() } catch let error as LabError { throw error } catch let error as SystemError {
            throw LabError(host: host, .system(error))
        } catch let error as NetlinkError { throw LabError(host: host, .netlink(error)) } catch {
            throw LabError(host: host, .usage("\(error)"))
        }
    }
}

extension LabError: CustomStringConvertible {
    /// `lab, host west: bind /usr to /run/lab/west/usr: Operation not permitted (errno 1)`.
    package var description: String {
        let text: String
        switch cause {
        case .system(let error): text = error.description
        case .netlink(let error): text = error.description
        case .usage(let message): text = message
        case .sandbox(let message): return message
        }
        return "lab\(host.map { ", host \($0)" } ?? ""): \(text)"
    }
}
