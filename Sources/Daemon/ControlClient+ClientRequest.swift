package import Control
package import DialectKit

extension ControlClient {
    /// `run(_:in:write:)` of a request.
    package func run(
        _ request: ClientRequest, write: (Int32, ArraySlice<UInt8>) -> Void = ControlClient.copy
    ) -> Outcome {
        run(request.arguments, in: request.workingDirectory, write: write)
    }
}
