package import NetAddress

/// What a packet must be wrapped in, or have been (struct xfrm_user_tmpl).
package struct XFRMTemplate: Hashable, Sendable {
    /// The outer addresses in tunnel mode; unspecified ones mean the packet's own.
    package var source: IPAddress
    package var destination: IPAddress
    package var ipProtocol = XFRMState.espProtocol
    /// 0 for any.
    package var spi: UInt32 = 0
    package var reqid: UInt32
    package var mode: XFRMMode
    /// A packet without it passes.
    package var isOptional = false

    package init(from source: IPAddress, to destination: IPAddress, reqid: UInt32, mode: XFRMMode) {
        self.source = source
        self.destination = destination
        self.reqid = reqid
        self.mode = mode
    }
}

/// A row of the kernel's SPD (struct xfrm_userpolicy_info and its attributes).
package struct XFRMPolicy: Hashable, Sendable {
    package enum Direction: UInt8, Sendable {
        case inbound = 0
        case outbound = 1
        case forward = 2
    }

    package enum Action: UInt8, Sendable {
        case allow = 0
        case block = 1
    }

    /// Which of the kernel's two tables it stands in.
    package enum Table: UInt8, Sendable {
        case main = 0
        /// Asked before the main one; a packet must meet the templates of both (XFRM_POLICY_TYPE_SUB).
        case sub = 1
    }

    package var selector: XFRMSelector
    package var direction: Direction
    package var table = Table.main
    /// The smallest is asked first.
    package var priority: UInt32 = 0
    package var action = Action.allow
    /// At most 6 (XFRM_MAX_DEPTH); none: packets pass as they are.
    package var templates: [XFRMTemplate] = []
    package var limits = XFRMLimits()
    package var mark: XFRMMark?
    package var interfaceID: UInt32?
    /// Given by the kernel; a socket's own policies have a direction of 3 or more in its low bits and are no `XFRMPolicy`.
    package var index: UInt32 = 0

    package init(_ selector: XFRMSelector, _ direction: Direction) {
        self.selector = selector
        self.direction = direction
    }

    package var id: XFRMPolicyID {
        XFRMPolicyID(
            selector: selector, direction: direction, table: table, mark: mark, interfaceID: interfaceID)
    }
}

/// What the kernel finds a policy by.
package struct XFRMPolicyID: Hashable, Sendable, CustomStringConvertible {
    package var selector: XFRMSelector
    package var direction: XFRMPolicy.Direction
    package var table: XFRMPolicy.Table
    package var mark: XFRMMark?
    package var interfaceID: UInt32?

    package init(
        selector: XFRMSelector, direction: XFRMPolicy.Direction, table: XFRMPolicy.Table = .main,
        mark: XFRMMark? = nil, interfaceID: UInt32? = nil
    ) {
        self.selector = selector
        self.direction = direction
        self.table = table
        self.mark = mark
        self.interfaceID = interfaceID
    }

    /// `inbound from 192.0.2.0/24 to 192.0.1.0/24`
    package var description: String { "\(direction) \(selector)" }
}
