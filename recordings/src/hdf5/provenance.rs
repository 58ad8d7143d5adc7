//! Who ran what, where and when.

use std::time::{SystemTime, UNIX_EPOCH};

/// Where a recording comes from.
#[derive(Clone, Debug, PartialEq)]
pub struct Provenance {
    /// The network text as it was run.
    pub network: String,
    /// Version of the program.
    pub version: String,
    /// How many threads ran it; the content does not depend on it.
    pub threads: usize,
    /// Name of the computer.
    pub host: String,
    /// When the run started, RFC 3339, in UTC.
    pub started_at: String,
    /// Seconds that building the network took.
    pub build_s: f64,
}

impl Provenance {
    /// A run of `network` that starts now, on this computer.
    pub fn now(network: &str, version: &str, threads: usize, build_s: f64) -> Self {
        Provenance {
            network: network.into(),
            version: version.into(),
            threads,
            host: host(),
            started_at: rfc3339(SystemTime::now()),
            build_s,
        }
    }
}

/// A point in time as RFC 3339 writes it, in UTC, to the second.
pub fn rfc3339(time: SystemTime) -> String {
    let seconds = time.duration_since(UNIX_EPOCH).map_or(0, |since| since.as_secs());
    let (year, month, day) = date((seconds / 86_400) as i64);
    let (hour, minute, second) = (seconds / 3600 % 24, seconds / 60 % 60, seconds % 60);
    format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}:{second:02}Z")
}

/// Year, month and day of a day counted from 1970-01-01.
fn date(day: i64) -> (i64, i64, i64) {
    // Years are counted from March, so that the leap day is the last of its year, and in eras of
    // 400 years (146 097 days), after which the calendar repeats.
    let day = day + 719_468;
    let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year + year / 4 - year / 100);
    let from_march = (5 * of_year + 2) / 153;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    let date = of_year - (153 * from_march + 2) / 5 + 1;
    (era * 400 + year + i64::from(month <= 2), month, date)
}

fn host() -> String {
    let named = |name: String| Some(name.trim().to_string()).filter(|name| !name.is_empty());
    let kernel = std::fs::read_to_string("/proc/sys/kernel/hostname").ok().and_then(named);
    let variable = || ["HOSTNAME", "COMPUTERNAME"].iter().find_map(|name| std::env::var(name).ok());
    kernel.or_else(|| variable().and_then(named)).unwrap_or_else(|| "unknown".into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::time::Duration;

    #[test]
    fn times_are_written_as_the_calendar_has_them() {
        let at = |seconds| rfc3339(UNIX_EPOCH + Duration::from_secs(seconds));
        assert_eq!(at(0), "1970-01-01T00:00:00Z");
        assert_eq!(at(951_827_696), "2000-02-29T12:34:56Z");
        assert_eq!(at(1_709_251_199), "2024-02-29T23:59:59Z");
        assert_eq!(at(1_709_251_200), "2024-03-01T00:00:00Z");
        assert_eq!(at(4_107_542_400), "2100-03-01T00:00:00Z");
    }
}
