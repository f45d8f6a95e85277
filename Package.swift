// swift-tools-version: 6.2
import PackageDescription

/// The settings of every Swift target: Swift 6, explicit imports, and no warning that survives a build.
let strict: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .treatAllWarnings(as: .error),
]

/// A library target; its folder is Sources/NAME.
func floor(_ name: String, _ dependencies: [Target.Dependency] = []) -> Target {
    .target(name: name, dependencies: dependencies, swiftSettings: strict)
}

/// A test target; its folder is Tests/NAME.
func tests(_ name: String, _ dependencies: [Target.Dependency]) -> Target {
    .testTarget(name: name, dependencies: dependencies, swiftSettings: strict)
}

let argumentParser = Target.Dependency.product(name: "ArgumentParser", package: "swift-argument-parser")
let yams = Target.Dependency.product(name: "Yams", package: "Yams")

let package = Package(
    name: "swantest",
    products: [
        .executable(name: "swand", targets: ["swand"]),
        .executable(name: "swand-client", targets: ["swand-client"]),
        .executable(name: "swantest", targets: ["swantest"]),
        .executable(name: "ikesim", targets: ["ikesim"]),
        .executable(name: "mip6d", targets: ["mip6d"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/jpsim/Yams", from: "6.2.0"),
    ],
    targets: [
        // Floor 0: the system's libraries.
        .systemLibrary(name: "COpenSSL", pkgConfig: "libcrypto", providers: [.apt(["libssl-dev"])]),
        .systemLibrary(
            name: "CNetlink", pkgConfig: "libnl-route-3.0", providers: [.apt(["libnl-3-dev", "libnl-route-3-dev"])]),
        .target(name: "CLinux"),

        // Floor 1: addresses, octets, cryptography, the operating system, text.
        floor("NetAddress"),
        floor("IKEWire", ["NetAddress"]),
        floor("CaptureFile", ["NetAddress"]),
        floor("IKECrypto", ["COpenSSL"]),
        floor("LinuxSystem", ["CLinux", "NetAddress"]),
        floor("Control", ["LinuxSystem", "CLinux"]),
        floor("Netlink", ["CNetlink", "CLinux", "NetAddress"]),
        floor("Transcript"),
        floor("LineGrammars"),

        // Floor 2: the vocabulary of the engine; the ESP transform.
        floor("IKEModel", ["NetAddress", "IKEWire", "IKECrypto"]),
        floor("ESP", ["IKECrypto", "NetAddress"]),
        floor("MobileIPv6", ["Netlink", "NetAddress"]),

        // Floor 3: the pure protocol, and what stands on either side of it.
        floor("IKEEngine", ["IKEModel", "IKEWire", "IKECrypto", "NetAddress"]),
        floor("DataPlane", ["IKEModel", "IKECrypto", "NetAddress"]),
        floor("DialectKit", ["DataPlane", "IKEModel", "NetAddress"]),
        floor("VPPForwarder", ["ESP", "IKEModel", "IKECrypto", "NetAddress"]),

        // Floor 4: data planes and dialects.
        floor(
            "DataPlaneUserspace",
            ["DataPlane", "IKEModel", "ESP", "IKECrypto", "LinuxSystem", "Netlink", "NetAddress", "CLinux"]),
        floor("DataPlaneXFRM", ["DataPlane", "IKEModel", "IKECrypto", "LinuxSystem", "Netlink", "NetAddress"]),
        floor(
            "CharonDialect",
            ["DialectKit", "DataPlane", "IKEModel", "IKEWire", "IKECrypto", "LineGrammars", "NetAddress"]),
        floor(
            "CiscoDialect",
            ["DialectKit", "DataPlane", "IKEModel", "IKEWire", "IKECrypto", "LineGrammars", "NetAddress"]),
        floor("EngineSimulator", ["IKEEngine", "DataPlane", "IKEModel", "IKEWire", "IKECrypto", "NetAddress"]),
        floor("PlutoDialect", ["DialectKit", "DataPlane", "IKEModel", "IKEWire", "IKECrypto", "NetAddress"]),

        floor("SetkeyDialect", ["DialectKit", "DataPlane", "IKEModel", "IKECrypto", "NetAddress"]),
        floor(
            "DataPlaneVPP",
            [
                "VPPForwarder", "DataPlaneUserspace", "DataPlane", "IKEModel", "ESP", "LinuxSystem", "NetAddress",
                "CLinux",
            ]),
        floor(
            "VPPDialect", ["VPPForwarder", "DialectKit", "IKEModel", "IKEWire", "IKECrypto", "NetAddress"]),

        // Floor 5 and 6: the daemon.
        floor(
            "Daemon",
            [
                "IKEWire", "IKECrypto", "IKEEngine", "IKEModel", "DataPlane", "DialectKit", "Control", "LinuxSystem",
                "NetAddress", "CLinux",
            ]),
        .executableTarget(
            name: "swand",
            dependencies: [
                "Daemon", "CharonDialect", "CiscoDialect", "PlutoDialect", "SetkeyDialect", "VPPDialect",
                "VPPForwarder",
                "DialectKit", "DataPlaneUserspace", "DataPlaneXFRM", "DataPlaneVPP", "DataPlane", "IKEEngine",
                "IKECrypto",
                "Control", "LinuxSystem",
            ],
            swiftSettings: strict),
        // Started for most commands of a scenario: no dynamic linking, a sixth of swand's start-up time.
        .executableTarget(
            name: "swand-client", dependencies: ["Control", "LinuxSystem"], swiftSettings: strict,
            linkerSettings: [.unsafeFlags(["-static-executable", "-use-ld=lld"])]),

        .executableTarget(name: "ikesim", dependencies: ["EngineSimulator"], swiftSettings: strict),

        .executableTarget(
            name: "mip6d", dependencies: ["MobileIPv6", "Netlink", "LinuxSystem", "CLinux", "NetAddress"],
            swiftSettings: strict),

        // The harness column.
        floor("UserMode", ["LinuxSystem", "CLinux"]),
        floor("Lab", ["Netlink", "LinuxSystem", "NetAddress", "CLinux", yams]),
        floor(
            "Scenario",
            [
                "Transcript", "Lab", "UserMode", "LinuxSystem", "Netlink", "CLinux", "NetAddress", "IKEWire",
                "IKECrypto",
                "CaptureFile",
                yams,
            ]),
        floor("Report", ["Scenario", "Transcript"]),
        floor("Interop", ["Scenario", "LinuxSystem", "IKEWire"]),
        floor(
            "Reproduce",
            ["Scenario", "CaptureFile", "IKEWire", "IKECrypto", "LineGrammars", "LinuxSystem", "NetAddress"]),
        .executableTarget(
            name: "swantest",
            dependencies: [
                "Reproduce", "Interop", "Report", "Scenario", "Lab", "UserMode", "Transcript", "LinuxSystem", "CLinux",
                argumentParser,
            ],
            swiftSettings: strict),

        .executableTarget(
            name: "planebench",
            dependencies: [
                "DataPlaneUserspace", "DataPlane", "IKEModel", "IKECrypto", "LinuxSystem", "NetAddress", "CLinux",
            ], path: "Benchmarks/Plane", swiftSettings: strict),
        .executableTarget(
            name: "ikebench", dependencies: ["IKEEngine", "IKEModel", "IKEWire", "IKECrypto", "NetAddress"],
            path: "Benchmarks/Handshakes", swiftSettings: strict),
        .executableTarget(
            name: "espbench", dependencies: ["ESP", "IKECrypto"], path: "Benchmarks/ESP", swiftSettings: strict),

        // What tests read: hexadecimal, and the recordings of real exchanges beside the project.
        .target(
            name: "Recordings", dependencies: ["CaptureFile", "IKEWire"], path: "Tests/Recordings",
            swiftSettings: strict),

        // A certification authority for tests.
        .target(name: "TestPKI", dependencies: ["IKECrypto"], path: "Tests/TestPKI", swiftSettings: strict),

        // Reads the tree itself: the floors, the documents, the habits.
        tests("TreeTests", []),
        tests("NetAddressTests", ["NetAddress"]),
        tests("IKEWireTests", ["IKEWire", "Recordings", "NetAddress"]),
        tests("CaptureFileTests", ["CaptureFile", "NetAddress"]),
        tests("RecordedExchangeTests", ["IKEWire", "IKECrypto", "CaptureFile", "Recordings", "NetAddress"]),
        tests("IKECryptoTests", ["IKECrypto", "Recordings", "TestPKI"]),
        tests("ESPTests", ["ESP", "IKECrypto", "NetAddress", "Recordings"]),
        tests("TranscriptTests", ["Transcript"]),
        tests("MobileIPv6Tests", ["MobileIPv6", "Netlink", "NetAddress"]),
        tests("NetlinkTests", ["Netlink", "NetAddress", "Recordings"]),
        tests("LabTests", ["Lab", "Netlink", "LinuxSystem", "NetAddress", "CLinux"]),
        // What the fuzzers hold parsers and engine to; the tests run it over what was found before.
        .target(
            name: "FuzzChecks",
            dependencies: [
                "Daemon", "Control", "CharonDialect", "PlutoDialect", "DialectKit", "EngineSimulator", "IKEEngine",
                "IKEModel",
                "CaptureFile", "IKECrypto", "IKEWire", "NetAddress",
            ], path: "Fuzz/Checks", swiftSettings: strict),
        tests("FuzzTests", ["FuzzChecks"]),
        .testTarget(
            name: "ScenarioTests",
            dependencies: [
                "Interop", "Scenario", "Transcript", "Lab", "UserMode", "Report", "IKEWire", "LinuxSystem", "CLinux",
                "NetAddress",
                "CaptureFile", "IKECrypto", "TestPKI",
            ],
            exclude: ["Resources"], swiftSettings: strict),
        .testTarget(
            name: "ReproduceTests",
            dependencies: [
                "Reproduce", "CaptureFile", "Scenario", "IKEWire", "IKECrypto", "LinuxSystem", "NetAddress",
            ],
            exclude: ["Logs"], swiftSettings: strict),
        tests(
            "IKEEngineTests",
            ["IKEEngine", "IKEModel", "IKEWire", "IKECrypto", "CaptureFile", "Recordings", "NetAddress", "TestPKI"]),
        tests(
            "EngineSimulatorTests",
            ["EngineSimulator", "IKEEngine", "IKEModel", "DataPlane", "IKECrypto", "NetAddress"]),
        tests(
            "DataPlaneTests",
            [
                "DataPlane", "DataPlaneUserspace", "DataPlaneXFRM", "IKEModel", "ESP", "IKECrypto", "LinuxSystem",
                "Netlink", "NetAddress", "CLinux",
            ]),
        tests(
            "PlutoDialectTests",
            [
                "PlutoDialect", "DialectKit", "DataPlane", "IKEEngine", "IKEModel", "IKEWire", "IKECrypto",
                "NetAddress", "TestPKI",
            ]),
        tests(
            "CharonDialectTests",
            [
                "CharonDialect", "DialectKit", "DataPlane", "IKEEngine", "IKEModel", "IKEWire", "IKECrypto",
                "NetAddress", "TestPKI",
            ]),
        tests(
            "SetkeyDialectTests", ["SetkeyDialect", "DialectKit", "DataPlane", "IKEModel", "IKECrypto", "NetAddress"]),
        tests(
            "VPPForwarderTests", ["VPPForwarder", "IKEModel", "IKEWire", "ESP", "IKECrypto", "NetAddress"]),
        tests(
            "VPPDialectTests",
            [
                "VPPDialect", "VPPForwarder", "DialectKit", "DataPlane", "IKEEngine", "IKEModel", "IKEWire",
                "IKECrypto", "CaptureFile", "Recordings", "NetAddress", "TestPKI",
            ]),
        .testTarget(
            name: "CiscoDialectTests",
            dependencies: [
                "CiscoDialect", "DialectKit", "DataPlane", "IKEEngine", "IKEModel", "IKEWire", "IKECrypto",
                "PlutoDialect", "NetAddress",
            ],
            exclude: ["Resources"], swiftSettings: strict),
        tests(
            "DaemonTests",
            [
                "Daemon", "Control", "DialectKit", "DataPlane", "IKEEngine", "IKEModel", "IKEWire", "IKECrypto",
                "LinuxSystem", "CLinux", "NetAddress", "swand",
            ]),
    ]
)
