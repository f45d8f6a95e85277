import MobileIPv6
import NetAddress
import Netlink
import Testing

/// What a configuration's policy set becomes in the kernel.
@Suite struct IPsecPlanTests {
    typealias Here = MobilityHeaderTests

    @Test func `the policies are the document's`() throws {
        let set = try MobilityConfigurationTests.configuration(.mobileNode).policySets[0]
        let plan = IPsecPlan(set, .mobileNode)
        let header = plan.headerPolicies
        #expect(
            header.map(\.id.description) == [
                "inbound from 2001:1::1/128 to 2001:1::10/128 protocol 135",
                "outbound from 2001:1::10/128 to 2001:1::1/128 protocol 135",
            ])
        #expect(header.allSatisfy { $0.priority == 2 && $0.templates.map(\.reqid) == [1] })
        #expect(header.allSatisfy { $0.templates[0].source.isUnspecified && $0.templates[0].mode == .transport })
        let payload = plan.payloadPolicies(here: Here.abroad, there: Here.agent)
        #expect(
            payload.map(\.id.description) == [
                "inbound from ::/0 to 2001:1::10/128", "outbound from 2001:1::10/128 to ::/0",
            ])
        #expect(
            payload.allSatisfy { $0.priority == 10 && $0.templates[0].reqid == 2 && $0.templates[0].mode == .tunnel })
        // Else the kernel drops what the home agent sends on for the node.
        #expect(IPsecPlan(set, .homeAgent).homePayloadPolicies.map(\.direction) == [.inbound, .outbound, .forward])
    }
}
