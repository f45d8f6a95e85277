import EngineSimulator
import Glibc

/// `ikesim`: two engines on a simulated clock and a link with faults. See the text of `usage`.
let usage = """
    usage: ikesim [--handshakes N] [--seed N] [--percent N]     trials of seeds from N on (default 1) until so many handshakes
           ikesim --seed N [--weeks N] [--shrink] [--quiet]     one trial, as a ladder
           ikesim --exchange NAME|all [--pairs] [--seed N]      every datagram of a story with every fault
           ikesim --exchange NAME --fault NUMBER:KIND …         one trial of a story; KIND: drop, duplicate, delay, corrupt
           ikesim --hostile N [--seed N]                        a peer that has the keys and means ill, N messages
    Exit status: 0 all held, 1 something did not, 2 not understood.
    """

do {
    exit(try Arguments(Array(CommandLine.arguments.dropFirst())).run())
} catch {
    complain("ikesim: \(error.text)\n\(usage)\n")
    exit(2)
}
