package import LinuxSystem

/// Listens on all links of a lab at once, in the middle, where the sandbox's own network namespace holds the far ends
/// of the hosts' interfaces: every frame that a host sends comes in there by exactly one of them.
package final class CaptureStation {
    package let links: [LinkCapture]
    private let socket: PacketSocket
    private let watch: DescriptorWatch
    private let linkOfInterface: [Int32: LinkCapture]

    /// - Parameter interfaces: the numbers of the far ends that belong to each link.
    package init(
        _ links: [(capture: LinkCapture, interfaces: [UInt32])], watch: DescriptorWatch
    ) throws(SystemError) {
        self.links = links.map(\.capture)
        self.watch = watch
        var table: [Int32: LinkCapture] = [:]
        for link in links { for interface in link.interfaces { table[Int32(interface)] = link.capture } }
        linkOfInterface = table
        socket = try PacketSocket(interfaceIndex: 0, offloads: false)
        watch.add(socket.descriptor.rawValue) { [unowned self] in take(limit: 256) }
    }

    deinit { watch.remove(socket.descriptor.rawValue) }

    /// Takes the frames that have come. A limit keeps a busy link from starving the shells.
    private func take(limit: Int) {
        var left = limit
        while left > 0,
            socket.receive({ arrival, frame in
                linkOfInterface[arrival.interfaceIndex]?
                    .take(frame, seconds: arrival.seconds, nanoseconds: arrival.nanoseconds)
            })
        { left -= 1 }
    }

    /// Takes all that is left, writes the files, and returns how many frames were lost on the way.
    package func finish() -> Int {
        take(limit: 1_000_000)
        for link in links { link.flush() }
        return socket.drops()
    }
}
