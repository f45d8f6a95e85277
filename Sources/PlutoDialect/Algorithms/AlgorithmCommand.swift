/// `ipsec algparse [-v2] [-fips] [-pfs] 'esp=…'|'ike=…'…`: how a value of `esp=` or `ike=` is read, without a daemon.
///
/// pluto's own has built-in tests (`-tp`, `-ta`), IKEv1 and AH besides; those are refused, not imitated.
enum AlgorithmCommand {
    static func run(_ words: ArraySlice<String>) -> PlutoOffline.Result {
        var result = PlutoOffline.Result()
        var fips = false
        var pfs = false
        var values: [String] = []
        for word in words {
            switch word {
            case "-fips", "--fips": fips = true
            case "-pfs", "--pfs", "-pfs=yes": pfs = true
            case "-pfs=no", "--pfs=no": pfs = false
            case "-v2": break
            case "-tp", "-ta", "-v1":
                return PlutoOffline.Result(error: "ipsec algparse: \(word) is not supported\n", status: 1)
            default:
                guard !word.hasPrefix("-") else {
                    return PlutoOffline.Result(error: "ipsec algparse: unrecognized option '\(word)'\n", status: 1)
                }
                values.append(word)
            }
        }
        guard !values.isEmpty else {
            return PlutoOffline.Result(error: "usage: ipsec algparse [-v2] [-fips] [-pfs] esp=…|ike=…\n", status: 1)
        }
        for value in values {
            let parts = value.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
            guard let kind = parts[0] == "ike" ? AlgorithmParser.Kind.ike : parts[0] == "esp" ? .esp : nil else {
                result.error += "ipsec algparse: '\(value)' is neither esp= nor ike=\n"
                result.status = 1
                continue
            }
            var parser = AlgorithmParser(kind, fips: fips, pfs: pfs)
            do throws(AlgorithmError) {
                // Without a value: the defaults.
                let proposals =
                    parts.count == 2
                    ? try parser.parse(parts[1])
                    : kind == .ike ? DefaultProposals.ike(fips: fips) : DefaultProposals.esp(fips: fips)
                result.output += parser.warnings.map { "ipsec algparse: \($0)\n" }.joined()
                result.output += proposals.map { "\t\($0.description)\n" }.joined()
            } catch {
                result.output += parser.warnings.map { "ipsec algparse: \($0)\n" }.joined()
                result.output += "\tERROR: \(error)\n"
                result.status = 1
            }
        }
        return result
    }
}
