//! How many entries an archive says it has, read from its end: before anything is made of them.
//!
//! A reader of archives keeps a few hundred bytes for each entry of the central directory, so that a
//! file of nothing but entries costs many times its size. What a reader may take for the end of the
//! directory is any record with its signature in the last 64 KiB; the greatest claim of them counts.

use std::io::{self, Read, Seek, SeekFrom};

const END: &[u8; 4] = b"PK\x05\x06";
const END_64: &[u8; 4] = b"PK\x06\x06";
const LOCATOR_64: &[u8; 4] = b"PK\x06\x07";
const END_BYTES: usize = 22;
const LOCATOR_BYTES: u64 = 20;
/// The record, and the longest comment after it.
const TAIL: u64 = 22 + 65_535;

/// The greatest number of entries that any end of a central directory claims.
pub(crate) fn claimed_entries(from: &mut (impl Read + Seek)) -> io::Result<u64> {
    let size = from.seek(SeekFrom::End(0))?;
    let begin = size.saturating_sub(TAIL);
    from.seek(SeekFrom::Start(begin))?;
    let mut tail = Vec::new();
    from.take(TAIL).read_to_end(&mut tail)?;
    let mut greatest = 0;
    for (at, record) in (begin..).zip(tail.windows(END_BYTES)) {
        // Archives of several disks are read by nobody.
        let is_end = record.starts_with(END) && number(record, 4, 4) == Some(0);
        if !is_end {
            continue;
        }
        let short = number(record, 10, 2).unwrap_or_default();
        let long = claimed_64(from, at)?;
        greatest = greatest.max(short).max(long.unwrap_or_default());
    }
    Ok(greatest)
}

/// What the larger record says that may stand before the end at `at`.
fn claimed_64(from: &mut (impl Read + Seek), at: u64) -> io::Result<Option<u64>> {
    let Some(at) = at.checked_sub(LOCATOR_BYTES) else { return Ok(None) };
    let locator = read(from, at, LOCATOR_BYTES)?;
    if !locator.starts_with(LOCATOR_64) {
        return Ok(None);
    }
    let Some(at) = number(&locator, 8, 8) else { return Ok(None) };
    let record = read(from, at, 56)?;
    Ok(if record.starts_with(END_64) { number(&record, 32, 8) } else { None })
}

fn read(from: &mut (impl Read + Seek), at: u64, bytes: u64) -> io::Result<Vec<u8>> {
    from.seek(SeekFrom::Start(at))?;
    let mut read = Vec::new();
    from.take(bytes).read_to_end(&mut read)?;
    Ok(read)
}

/// A number of so many bytes, the lowest first; `None` if they are not there.
fn number(record: &[u8], at: usize, bytes: usize) -> Option<u64> {
    let digits = record.get(at..at + bytes)?;
    Some(digits.iter().rev().fold(0, |sum, digit| sum << 8 | u64::from(*digit)))
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write as _};

    use zip::{ZipWriter, write::SimpleFileOptions};

    use super::*;

    #[test]
    fn entries_are_counted_without_being_read() {
        for count in [0_u64, 3, 70_000] {
            let mut zip = ZipWriter::new(Cursor::new(Vec::new()));
            for number in 0..count {
                zip.start_file(format!("{number}"), SimpleFileOptions::default()).unwrap();
            }
            if count == 3 {
                zip.set_comment("a comment").unwrap();
            }
            let mut archive = zip.finish().unwrap();
            archive.flush().unwrap();
            assert_eq!(claimed_entries(&mut archive).unwrap(), count);
        }
        assert_eq!(claimed_entries(&mut Cursor::new(b"PK\x05\x06")).unwrap(), 0);
    }
}
