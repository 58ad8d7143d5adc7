//! Files of event cameras: AEDAT 2.0 (of a DVS128), AEDAT 3.1, and N-MNIST's five bytes an event.

use crate::tasks::file::{Bytes, DataProblem, bytes};
use std::path::Path;

/// A pixel got brighter or darker.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Event {
    /// µs.
    pub time: i64,
    /// From above.
    pub row: u16,
    /// From the left.
    pub column: u16,
    /// Else darker.
    pub brighter: bool,
}

/// The kind of packet that holds such events.
const POLARITY: u16 = 1;

/// All events of a file; which format it is in, its first bytes say.
///
/// # Errors
/// If it cannot be read, or ends within an event or a packet.
pub fn read(path: &Path) -> Result<Vec<Event>, DataProblem> {
    let mut file = bytes(path)?;
    match file.line_if(b'#').as_deref() {
        Some(version) if version.starts_with("#!AER-DAT3") => packets(&mut file),
        Some(version) if version.starts_with("#!AER-DAT2") => addresses(&mut file),
        Some(version) => Err(file.problem(format!("{version:?} is neither AEDAT 2.0 nor AEDAT 3.1"))),
        None => five_bytes(&mut file),
    }
}

/// AEDAT 3.1: packets with a header of 28 bytes, little-endian.
fn packets(file: &mut Bytes) -> Result<Vec<Event>, DataProblem> {
    while file.line_if(b'#').is_some_and(|line| !line.starts_with("#!END-HEADER")) {}
    let mut events = Vec::new();
    while file.left() > 0 {
        let header: [u8; 28] = file.array()?;
        let short = |at: usize| u16::from_le_bytes([header[at], header[at + 1]]);
        let long = |at: usize| u32::from_le_bytes(std::array::from_fn(|byte| header[at + byte]));
        let (kind, size, overflow, count) = (short(0), long(4) as usize, long(12), long(20) as usize);
        let packet = file.take(size.saturating_mul(count))?;
        if kind != POLARITY {
            continue;
        }
        if size != 8 {
            return Err(file.problem(format!("an event of {size} bytes; they have 8")));
        }
        for event in packet.chunks_exact(8) {
            let long = |at: usize| u32::from_le_bytes(std::array::from_fn(|byte| event[at + byte]));
            let (data, time) = (long(0), long(4));
            if data & 1 == 1 {
                events.push(Event {
                    time: i64::from(overflow) << 31 | i64::from(time),
                    row: (data >> 2 & 0x7fff) as u16,
                    column: (data >> 17) as u16,
                    brighter: data >> 1 & 1 == 1,
                });
            }
        }
    }
    Ok(events)
}

/// AEDAT 2.0 of a DVS128: an address and a time, both big-endian; its columns count from the right.
fn addresses(file: &mut Bytes) -> Result<Vec<Event>, DataProblem> {
    while file.line_if(b'#').is_some() {}
    let mut events = Vec::with_capacity(file.left() / 8);
    while file.left() > 0 {
        let (address, time) = (u32::from_be_bytes(file.array()?), u32::from_be_bytes(file.array()?));
        // Bit 15 marks a pulse from outside.
        if address >> 15 & 1 == 0 {
            events.push(Event {
                time: time.into(),
                row: (address >> 8 & 127) as u16,
                column: 127 - (address >> 1 & 127) as u16,
                brighter: address & 1 == 1,
            });
        }
    }
    Ok(events)
}

/// N-MNIST: column, row, and a bit of polarity with 23 bits of time.
fn five_bytes(file: &mut Bytes) -> Result<Vec<Event>, DataProblem> {
    let mut events = Vec::with_capacity(file.left() / 5);
    while file.left() > 0 {
        let [column, row, a, b, c] = file.array()?;
        events.push(Event {
            time: i64::from(u32::from_be_bytes([0, a & 127, b, c])),
            row: row.into(),
            column: column.into(),
            brighter: a >> 7 == 1,
        });
    }
    Ok(events)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read_bytes(bytes: &[u8]) -> Result<Vec<Event>, DataProblem> {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("events");
        std::fs::write(&path, bytes).expect("written");
        read(&path)
    }

    fn event(time: i64, row: u16, column: u16, brighter: bool) -> Event {
        Event { time, row, column, brighter }
    }

    #[test]
    fn five_bytes_are_column_row_polarity_and_time() {
        let events = read_bytes(&[5, 9, 0x80, 1, 2, 33, 0, 0x7f, 0xff, 0xff]).expect("events");
        assert_eq!(events, [event(258, 9, 5, true), event(0x7f_ffff, 0, 33, false)]);
        let message = read_bytes(&[5, 9, 0x80]).expect_err("cut off").message;
        assert!(message.contains("ends after 3 bytes"), "{message}");
    }

    #[test]
    fn aedat_2_has_big_endian_addresses_after_its_comments() {
        let mut file = b"#!AER-DAT2.0\r\n# a comment\r\n".to_vec();
        for (address, time) in [(3u32 << 8 | 2 << 1 | 1, 1000u32), (1 << 15, 1001), (127 << 8, 70_000)] {
            file.extend(address.to_be_bytes().into_iter().chain(time.to_be_bytes()));
        }
        assert_eq!(
            read_bytes(&file).expect("events"),
            [event(1000, 3, 125, true), event(70_000, 127, 127, false)]
        );
    }

    #[test]
    fn aedat_3_has_packets_and_only_valid_changes_count() {
        let mut file = b"#!AER-DAT3.1\r\n#Source 0: DVS128\r\n#!END-HEADER\r\n".to_vec();
        let mut packet = |kind: u16, overflow: u32, events: &[(u32, u32)]| {
            file.extend(kind.to_le_bytes());
            file.extend(0u16.to_le_bytes());
            let count = events.len() as u32;
            for word in [8, 4, overflow, count, count, count] {
                file.extend(u32::to_le_bytes(word));
            }
            events
                .iter()
                .for_each(|&(data, time)| file.extend([data.to_le_bytes(), time.to_le_bytes()].concat()));
        };
        packet(1, 0, &[(7 << 17 | 5 << 2 | 0b11, 10), (1 << 17, 11)]);
        packet(0, 0, &[(1, 12)]);
        packet(1, 1, &[(9 << 17 | 1 << 2 | 0b01, 13)]);
        assert_eq!(
            read_bytes(&file).expect("events"),
            [event(10, 5, 7, true), event((1 << 31) + 13, 1, 9, false)]
        );
        let message = read_bytes(&file[..file.len() - 3]).expect_err("cut off").message;
        assert!(message.contains("were expected"), "{message}");
        let message = read_bytes(b"#!AER-DAT1.0\r\n").expect_err("another version").message;
        assert!(message.contains("neither"), "{message}");
    }
}
