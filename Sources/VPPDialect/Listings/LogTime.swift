/// The time of day as VPP's log has it: `2026/11/21 00:19:55:047`, in UTC.
struct LogTime {
    let text: String

    init(_ microseconds: Int64) {
        let seconds = microseconds / 1_000_000
        let (days, rest) = (seconds / 86400, seconds % 86400)
        // The proleptic Gregorian calendar, counted from 1 March of the year 0, where a leap day is a year's last.
        let shifted = days + 719_468
        let era = shifted / 146_097
        let day = shifted % 146_097
        let year = (day - day / 1460 + day / 36524 - day / 146_096) / 365
        let dayOfYear = day - (365 * year + year / 4 - year / 100)
        let month = (5 * dayOfYear + 2) / 153
        let calendar = (
            year: year + era * 400 + (month >= 10 ? 1 : 0), month: month < 10 ? month + 3 : month - 9,
            day: dayOfYear - (153 * month + 2) / 5 + 1
        )
        func two(_ number: Int64) -> String { number < 10 ? "0\(number)" : "\(number)" }
        let milliseconds = microseconds / 1000 % 1000
        text = "\(calendar.year)/\(two(calendar.month))/\(two(calendar.day)) \(two(rest / 3600)):\(two(rest / 60 % 60))"
            + ":\(two(rest % 60)):\(milliseconds < 100 ? "0" : "")\(two(milliseconds))"
    }
}
