import Glibc

// One binary, and its name says what it is: `ipsec`, `whack`, `swanctl`, `asa`, `ios`, `setkey`, `vppctl`, `vpp_api_test` and
// `pki` are clients, anything else the daemon.
let arguments = CommandLine.arguments
let program = arguments.first.flatMap { $0.split(separator: "/").last.map(String.init) } ?? "swand"
// A daemon that a client starts carries the client's name where the names are copies and not links.
let isChild = arguments.dropFirst().first == DaemonOptions.readyDescriptorOption
switch isChild ? "swand" : program {
case "swanctl": exit(CharonCommand(["swanctl"] + arguments.dropFirst()).run())
case "pki": exit(CharonCommand(["pki"] + arguments.dropFirst()).run())
case "asa": exit(CiscoCommand(Array(arguments.dropFirst()), as: .asa).run())
case "ios": exit(CiscoCommand(Array(arguments.dropFirst()), as: .ios).run())
case "setkey": exit(SetkeyCommand(Array(arguments.dropFirst())).run())
case "ipsec" where [.asa, .ios].contains(DaemonOptions.Vendor.ofHost):
    // As a run ends any daemon: `ipsec stop`.
    let words = arguments.dropFirst().first.map { ["--" + $0] } ?? []
    exit(CiscoCommand(words, as: DaemonOptions.Vendor.ofHost).run())
case "ipsec" where DaemonOptions.Vendor.ofHost == .charon:
    exit(CharonCommand(["ipsec"] + arguments.dropFirst()).run())
case "ipsec": exit(IPsecCommand(Array(arguments.dropFirst())).run())
case "whack": exit(IPsecCommand(["whack"] + arguments.dropFirst()).run())
case "pluto": exit(IPsecCommand(["pluto"] + arguments.dropFirst()).run())
case "vpp", "vppctl", "vpp_api_test": exit(VPPCommand(program, Array(arguments.dropFirst())).run())
default: exit(DaemonCommand(Array(arguments.dropFirst())).run())
}
