import Glibc

/// A system call that the kernel refused.
package struct SystemError: Error, Equatable, Sendable {
    /// The call's name: `open`, `mount`, `setns`.
    package let call: String
    /// What it was asked to act on: a path, an interface, a command; empty where there is none.
    package let argument: String
    /// The errno, 1...4095.
    package let code: Int32

    package init(_ call: String, _ argument: String = "", code: Int32) {
        self.call = call
        self.argument = argument
        self.code = code
    }

    /// With the calling thread's errno: to be made before anything else can change that.
    package static func last(_ call: String, _ argument: String = "") -> SystemError {
        SystemError(call, argument, code: errno)
    }
}

extension SystemError {
    /// The kernel has no such address family: IPv6 is left out of it or switched off.
    package var isMissingFamily: Bool { code == EAFNOSUPPORT || code == EADDRNOTAVAIL }
}

extension SystemError: CustomStringConvertible {
    /// `open /etc/x: No such file or directory (errno 2)`.
    package var description: String {
        "\(call)\(argument.isEmpty ? "" : " ")\(argument): \(reason) (errno \(code))"
    }

    /// What the errno means: `No such file or directory`.
    package var reason: String { String(cString: strerror(code)) }
}

/// Repeats a call that a signal interrupted; throws for every other negative result.
@discardableResult
package func retrying(
    _ call: String, _ argument: @autoclosure () -> String = "", _ body: () -> Int
) throws(SystemError) -> Int {
    while true {
        let result = body()
        if result >= 0 { return result }
        if errno != EINTR { throw SystemError(call, argument(), code: errno) }
    }
}

/// Throws where a call's result is negative. For calls that a signal does not interrupt.
@discardableResult
package func checked(
    _ result: Int32, _ call: String, _ argument: @autoclosure () -> String = ""
) throws(SystemError) -> Int32 {
    if result < 0 {
        let code = errno
        throw SystemError(call, argument(), code: code)
    }
    return result
}
