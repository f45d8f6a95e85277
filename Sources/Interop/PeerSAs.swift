/// A Child SA as one of the ends tells of it.
package struct ChildView: Sendable, Equatable {
    /// Eight hexadecimal digits; outbound is what the other end chose.
    package var outbound: String
    package var inbound: String
    /// In strongSwan's words: `AES_GCM_16-256`, `AES_CBC-128/HMAC_SHA1_96`.
    package var algorithms: String
    package var localSelectors: String
    package var remoteSelectors: String
}

/// What the other daemon says that it has, in the words of the matrix.
package struct PeerSAs: Sendable, Equatable {
    /// One IKE SA, with those of its Child SAs that are installed.
    package struct IKE: Sendable, Equatable {
        package var isEstablished: Bool
        /// How the daemon calls its state.
        package var state: String
        /// `AES_GCM_16-256/PRF_HMAC_SHA2_256/CURVE_25519`.
        package var algorithms: String
        /// Sixteen hexadecimal digits.
        package var initiatorSPI: String
        package var responderSPI: String
        package var children: [ChildView]
    }

    package private(set) var ikes: [IKE] = []

    init(ikes: [IKE]) { self.ikes = ikes }

    /// - Parameter text: what the commands of `PeerEnd.view` have written.
    package init(_ text: String, of peer: InteropPeer) {
        switch peer {
        case .strongswan: self.init(swanctl: text)
        case .libreswan: self.init(libreswan: text)
        }
    }
}
