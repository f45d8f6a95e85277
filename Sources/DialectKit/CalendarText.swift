/// A time of day in UTC, by strftime's letters.
package struct CalendarText {
    private let year: Int64
    private let month: Int64
    private let day: Int64
    private let second: Int64
    /// 0: Sunday.
    private let weekday: Int64

    private static let weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"]
    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Seconds since 1970. Days become a date of the Gregorian calendar whose years begin in March.
    package init(_ seconds: Int64) {
        second = seconds % 86400
        // 1 January 1970 was a Thursday.
        weekday = (seconds / 86400 + 4) % 7
        let days = seconds / 86400 + 719_468
        let era = days / 146_097
        let dayOfEra = days % 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shifted = (5 * dayOfYear + 2) / 153
        day = dayOfYear - (153 * shifted + 2) / 5 + 1
        month = shifted < 10 ? shifted + 3 : shifted - 9
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    package func text(_ format: String) -> String {
        func two(_ number: Int64, _ fill: String = "0") -> String { number < 10 ? "\(fill)\(number)" : "\(number)" }
        var result = ""
        var isLetter = false
        for character in format {
            if !isLetter, character == "%" {
                isLetter = true
                continue
            }
            guard isLetter else {
                result.append(character)
                continue
            }
            isLetter = false
            switch character {
            case "a": result += CalendarText.weekdays[Int(weekday)]
            case "b": result += CalendarText.months[Int(month - 1)]
            case "e": result += two(day, " ")
            case "d": result += two(day)
            case "m": result += two(month)
            case "Y": result += "\(year)"
            case "H": result += two(second / 3600)
            case "M": result += two(second / 60 % 60)
            case "S": result += two(second % 60)
            case "T": result += "\(two(second / 3600)):\(two(second / 60 % 60)):\(two(second % 60))"
            case "F": result += "\(year)-\(two(month))-\(two(day))"
            default: result.append(character)
            }
        }
        return result
    }
}
