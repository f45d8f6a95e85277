extension CommandTable {
    static let consoleRows: [CommandRow] = [
        CommandRow("binary-api", "binary-api <args>") { (dialect, words, view) throws(CommandFailure) in
            try dialect.binary(words.rest, view)
        },
        CommandRow("quit", "Exit CLI") { (_, words, _) throws(CommandFailure) in
            try words.finish()
            var answer = CommandAnswer.nothing
            answer.exits = true
            return answer
        },
    ]
}
