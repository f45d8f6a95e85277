import Control
package import DataPlane
package import DialectKit
import Glibc
package import IKEModel
package import LinuxSystem

/// A process that is a daemon, from its first breath to its last.
package struct DaemonProcess {
    package var runDirectory: RunDirectory
    /// Who waits for the daemon to be ready; nil: nobody.
    package var readiness: FileDescriptor?
    /// In the foreground the log goes to standard error until the dialect names a file.
    package var isForeground: Bool
    /// What policy routing knows the daemon's own packets by.
    package var mark: UInt32?
    /// The folder of the key tables (`KeyTables`); nil: none are written.
    package var keyFolder: String?

    package init(
        runDirectory: RunDirectory, readiness: FileDescriptor?, isForeground: Bool, mark: UInt32?,
        keyFolder: String? = nil
    ) {
        self.runDirectory = runDirectory
        self.readiness = readiness
        self.isForeground = isForeground
        self.mark = mark
        self.keyFolder = keyFolder
    }

    /// Runs until a dialect or a signal (SIGTERM, SIGINT) ends it.
    /// - Returns: the exit status: 0; 10 where another daemon runs; 1 for anything else that kept it from running.
    package func run(
        dialect: any Dialect, engine: (WireProfile) -> any EngineDriver,
        dataPlane: (IKESockets) throws(DataPlaneError) -> any DataPlane
    ) -> Int32 {
        do {
            try runDirectory.make()
            guard let lock = try runDirectory.lock() else {
                return fail(.alreadyRunning(processFile: runDirectory.processFile), status: 10)
            }
            defer { lock.release() }
            let loop = try EventLoop()
            let sockets = IKESockets(loop: loop, mark: mark)
            let daemon = Daemon(
                .init(
                    loop: loop, engine: engine(dialect.wireProfile), dataPlane: try dataPlane(sockets),
                    dialect: dialect, sockets: sockets,
                    log: LogFile(fallback: isForeground ? FileDescriptor(owning: dup(2)) : nil),
                    keyTables: try keyFolder.map { folder throws(SystemError) in try KeyTables(folder: folder) }))
            try loop.watchSignals([SIGTERM, SIGINT]) { _ in daemon.terminate() }
            // A client or a pipe that is gone is an error of the call, not the daemon's death.
            signal(SIGPIPE, SIG_IGN)
            // Its default action would end the daemon without a word.
            signal(SIGHUP, SIG_IGN)
            do { try daemon.start() } catch {
                daemon.shutdown()
                throw error
            }
            // Last, so that a client that can connect is served at once.
            let control = try ControlServer(loop: loop, listener: UnixListener(runDirectory.socket))
            daemon.serve(control)
            if let readiness { Readiness.ready.tell(readiness) }
            try daemon.run()
            // The files go first: who looks for a daemon from here on finds none. The lock goes last.
            control.stopListening()
            try FileSystem.remove(runDirectory.socket)
            daemon.shutdown()
            return 0
        } catch let error as SystemError {
            return fail(.failed(error.description), status: 1)
        } catch let error as DataPlaneError {
            return fail(.failed(error.description), status: 1)
        } catch let error as StartFailure {
            return fail(.failed(error.description), status: 1)
        } catch {
            return fail(.failed("\(error)"), status: 1)
        }
    }

    private func fail(_ reason: Readiness, status: Int32) -> Int32 {
        if let readiness {
            reason.tell(readiness)
        } else {
            ControlClient.copy(2, Array("swand: \(reason.text)\n".utf8)[...])
        }
        return status
    }
}
