/// Where charon's log goes, and what stands before its lines: strongswan.conf's `charon.filelog`, else as syslog has it.
struct LogSettings {
    var path = "/var/log/daemon.log"
    /// `time_format`; nil: no time.
    var timeFormat: String?
    /// `ike_name`: `<wiki|1>` behind the group.
    var namesIKE = false
    /// `append`.
    var appends = true
    /// `Nov 19 08:39:19 carol charon: ` before each line.
    var isSystemLog = true

    init() {}

    init(_ settings: SettingsTree?, otherwise path: String) {
        self.path = path
        guard let section = settings?.section(at: "charon.filelog")?.sections.first else { return }
        isSystemLog = false
        self.path = section.section.text("path") ?? section.name
        timeFormat = section.section.text("time_format")
        namesIKE = section.section.text("ike_name").flatMap(ValueSyntax.boolean) ?? false
        appends = section.section.text("append").flatMap(ValueSyntax.boolean) ?? true
    }

    func prefix(_ seconds: Int64, _ host: String) -> String {
        if isSystemLog { return CalendarText(seconds).text("%b %e %T") + " \(host) charon: " }
        return timeFormat.map { CalendarText(seconds).text($0) + " " } ?? ""
    }
}

/// A time of day in UTC, by strftime's letters.
struct CalendarText {
    private let year: Int64
    private let month: Int64
    private let day: Int64
    private let second: Int64

    private static let months = [
        "Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec",
    ]

    /// Seconds since 1970. Days become a date of the Gregorian calendar whose years begin in March.
    init(_ seconds: Int64) {
        second = seconds % 86400
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

    func text(_ format: String) -> String {
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

/// `45 seconds`, `2 hours`: the largest unit of which there are two, as charon says times.
enum TimeText {
    static func span(_ seconds: Int64) -> String {
        let (number, unit): (Int64, String) =
            seconds > 2 * 86400
            ? (seconds / 86400, "day")
            : seconds > 2 * 3600
                ? (seconds / 3600, "hour")
                : seconds > 2 * 60 ? (seconds / 60, "minute") : (seconds, "second")
        return "\(number) \(unit)" + (number == 1 ? "" : "s")
    }
}
