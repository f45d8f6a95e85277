import DialectKit

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
