/// What libFuzzer calls with each input; Fuzz/build.sh says of which target.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOne(_ start: UnsafePointer<UInt8>, _ count: Int) -> CInt {
    let octets = Array(UnsafeBufferPointer(start: start, count: count))
    #if FUZZ_message
        MessageChecks.run(octets)
    #elseif FUZZ_configuration
        ConfigurationChecks.run(octets)
    #elseif FUZZ_engine
        EngineChecks.run(octets)
    #elseif FUZZ_fragments
        FragmentChecks.run(octets)
    #elseif FUZZ_certificates
        CertificateChecks.run(octets)
    #elseif FUZZ_secrets
        SecretsChecks.run(octets)
    #elseif FUZZ_control
        ControlChecks.run(octets)
    #elseif FUZZ_streams
        StreamChecks.run(octets)
    #elseif FUZZ_capture
        CaptureChecks.run(octets)
    #else
        #error("no target")
    #endif
    return 0
}
