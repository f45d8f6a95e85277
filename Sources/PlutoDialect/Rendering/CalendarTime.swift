/// A date and time of day, UTC.
struct CalendarTime {
    let year: Int64
    let month: Int
    let day: Int
    let hour: Int
    let minute: Int
    let second: Int

    init(secondsSince1970: Int64) {
        let days = secondsSince1970 >= 0 ? secondsSince1970 / 86400 : (secondsSince1970 - 86399) / 86400
        let rest = Int(secondsSince1970 - days * 86400)
        (hour, minute, second) = (rest / 3600, rest / 60 % 60, rest % 60)
        // Days from 1 March of year 0, in eras of 400 years, so that a leap day ends its year.
        let shifted = days + 719_468
        let era = (shifted >= 0 ? shifted : shifted - 146_096) / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1460 + dayOfEra / 36524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        day = Int(dayOfYear - (153 * shiftedMonth + 2) / 5 + 1)
        month = Int(shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9)
        year = yearOfEra + era * 400 + (month <= 2 ? 1 : 0)
    }

    /// `2025-05-21 10:03:09`.
    var text: String { "\(year)-\(two(month))-\(two(day)) \(two(hour)):\(two(minute)):\(two(second))" }

    /// `May 21 10:03:09.`
    fileprivate var logPrefix: String {
        let names = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]
        return "\(names[month - 1]) \(day < 10 ? " " : "")\(day) \(two(hour)):\(two(minute)):\(two(second))."
    }

    private func two(_ number: Int) -> String { number < 10 ? "0\(number)" : "\(number)" }
}

/// What stands before the lines of a log; many lines come in one second.
struct LogClock {
    private var second = Int64.min
    private var text = ""

    /// `May 21 10:03:09.012345: `. - Parameter microseconds: since 1970.
    mutating func prefix(at microseconds: Int64) -> String {
        let (now, rest) = (microseconds / 1_000_000, Int(microseconds % 1_000_000))
        if now != second {
            second = now
            text = CalendarTime(secondsSince1970: now).logPrefix
        }
        var result = text
        result.reserveCapacity(160)
        var digits: (UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8, UInt8) = (0, 0, 0, 0, 0, 0, 0x3a, 0x20)
        withUnsafeMutableBytes(of: &digits) { digits in
            var left = rest
            for place in stride(from: 5, through: 0, by: -1) {
                digits[place] = UInt8(0x30 + left % 10)
                left /= 10
            }
            result.append(String(decoding: UnsafeRawBufferPointer(digits), as: UTF8.self))
        }
        return result
    }
}
