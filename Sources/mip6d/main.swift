import Glibc

// mip6d [-c FILE] [--foreground]: Mobile IPv6 for a mobile node or a home agent. It goes into the background once it is at
// work; SIGTERM ends it, and then everything that it made in the kernel is gone.
exit(MobilityProgram.run(Array(CommandLine.arguments.dropFirst())))
