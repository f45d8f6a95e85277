import Glibc
import LinuxSystem

/// A new folder for one test, removed with all that is in it.
func withTemporaryFolder<Result>(_ body: (String) throws -> Result) throws -> Result {
    let base = getenv("TMPDIR").map { String(cString: $0) } ?? "/tmp"
    var template = Array("\(base)/swantest-test-XXXXXX".utf8CString)
    let path = template.withUnsafeMutableBufferPointer { buffer in
        mkdtemp(buffer.baseAddress!).map { String(cString: $0) }
    }
    guard let path else { throw SystemError.last("mkdtemp", base) }
    defer { try? FileSystem.removeTree(path) }
    return try body(path)
}
