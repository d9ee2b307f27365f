//! Reading a data file as a stream of records: plain or gzip, header first, each record of bounded size.
//!
//! One pass serves every experiment that wants something of the file. What the rows mean is `gather`'s matter.

use std::cell::Cell;
use std::fs::File;
use std::io::{self, BufRead, BufReader, Read};
use std::path::Path;
use std::rc::Rc;

use csv::ByteRecord;
use flate2::bufread::MultiGzDecoder;

use super::Data;
use super::gather::Gather;
use crate::error::Error;
use crate::truth::{DataSpec, Per};

/// The most rows of one file.
const ROWS_MAX: u64 = 100_000_000;
/// The most bytes of one record, so that a quote that is never closed does not fill the memory.
const RECORD_BYTES_MAX: usize = 16 << 20;
const BUFFER_BYTES: usize = 64 << 10;

pub(super) fn load_many(specs: &[(&DataSpec, Per)]) -> Vec<Result<Data, Error>> {
    let mut answers: Vec<Option<Result<Data, Error>>> = specs.iter().map(|_| None).collect();
    for index in 0..specs.len() {
        if answers[index].is_some() {
            continue;
        }
        let path = &specs[index].0.file;
        let same: Vec<usize> = (index..specs.len()).filter(|&other| specs[other].0.file == *path).collect();
        let wanted: Vec<_> = same.iter().map(|&other| specs[other]).collect();
        for (other, answer) in same.into_iter().zip(load_file(path, &wanted)) {
            answers[other] = Some(answer);
        }
    }
    answers.into_iter().flatten().collect()
}

/// What all who ask of one file get, in their order.
fn load_file(path: &Path, specs: &[(&DataSpec, Per)]) -> Vec<Result<Data, Error>> {
    let mut file = match open(path) {
        Ok(file) => file,
        Err(error) => return specs.iter().map(|_| Err(error.clone())).collect(),
    };
    let mut gathers: Vec<Result<Gather<'_>, Error>> =
        specs.iter().map(|&(spec, per)| Gather::new(spec, per, &file.header)).collect();
    let failure = each_record(path, &mut file, |row, record| {
        for gather in &mut gathers {
            if let Ok(willing) = gather
                && let Err(error) = willing.take(row, record)
            {
                *gather = Err(error);
            }
        }
        // Where every asker's own mistake is found, the rest of the file cannot change the answers.
        gathers.iter().any(Result::is_ok)
    });
    gathers
        .into_iter()
        .map(|gather| match (&failure, gather) {
            (Err(error), Ok(_)) => Err(error.clone()),
            (_, gather) => gather.and_then(Gather::finish),
        })
        .collect()
}

struct Opened {
    reader: csv::Reader<Bounded<Box<dyn Read>>>,
    header: Vec<String>,
    left: Rc<Cell<usize>>,
    /// What to add to the reader's lines: where lines end in CR LF it counts a line's feed to the next record.
    behind: u64,
}

fn open(path: &Path) -> Result<Opened, Error> {
    let fault = |problem: String| Error::Data { path: path.to_owned(), problem };
    let file = File::open(path).map_err(|e| fault(format!("cannot be opened: {e}")))?;
    let mut file = BufReader::with_capacity(BUFFER_BYTES, file);
    let start = file.fill_buf().map_err(|e| fault(format!("cannot be read: {e}")))?;
    if start.is_empty() {
        return Err(fault("is empty".to_owned()));
    }
    let gzip = start.starts_with(&[0x1F, 0x8B]);
    let inner: Box<dyn Read> = if gzip { Box::new(MultiGzDecoder::new(file)) } else { Box::new(file) };
    let left = Rc::new(Cell::new(RECORD_BYTES_MAX));
    let mut reader = csv::ReaderBuilder::new()
        .buffer_capacity(BUFFER_BYTES)
        .from_reader(Bounded { inner, left: Rc::clone(&left) });
    let header = reader.byte_headers().map_err(|e| csv_fault(path, 0, &e))?;
    let within = header.iter().flatten().filter(|&&byte| byte == b'\n').count() as u64;
    let header: Vec<String> = header
        .iter()
        .map(|name| String::from_utf8_lossy(name).trim_start_matches('\u{feff}').trim().to_owned())
        .collect();
    if header.iter().all(String::is_empty) {
        return Err(fault("has no header".to_owned()));
    }
    let behind = u64::from(reader.position().line() == 1 + within);
    Ok(Opened { reader, header, left, behind })
}

/// Calls `take` with each row's number (from 1), its line and the record until it says that enough is known.
fn each_record(
    path: &Path,
    file: &mut Opened,
    mut take: impl FnMut((u64, u64), &ByteRecord) -> bool,
) -> Result<(), Error> {
    let mut record = ByteRecord::new();
    let mut row = 0_u64;
    loop {
        file.left.set(RECORD_BYTES_MAX);
        if !file.reader.read_byte_record(&mut record).map_err(|e| csv_fault(path, file.behind, &e))? {
            return Ok(());
        }
        row += 1;
        if row > ROWS_MAX {
            return Err(Error::Data {
                path: path.to_owned(),
                problem: format!("has more than {ROWS_MAX} rows"),
            });
        }
        let line = record.position().map_or(0, csv::Position::line) + file.behind;
        if !take((row, line), &record) {
            return Ok(());
        }
    }
}

fn csv_fault(path: &Path, behind: u64, error: &csv::Error) -> Error {
    let problem = match error.kind() {
        csv::ErrorKind::Io(io) => match io.kind() {
            io::ErrorKind::UnexpectedEof => "is cut off: the gzip stream ends in the middle".to_owned(),
            io::ErrorKind::InvalidInput | io::ErrorKind::InvalidData => {
                format!("is damaged: the gzip stream cannot be read ({io})")
            }
            io::ErrorKind::FileTooLarge => io.to_string(),
            _ => format!("cannot be read: {io}"),
        },
        csv::ErrorKind::UnequalLengths { pos, expected_len, len } => {
            let (row, line) = pos.as_ref().map_or((0, 0), |pos| (pos.record(), pos.line() + behind));
            format!("row {row} (line {line}) has {len} cells; expected {expected_len}, as in the header")
        }
        _ => format!("cannot be read: {error}"),
    };
    Error::Data { path: path.to_owned(), problem }
}

/// A reader that gives up when one record takes too much of it.
struct Bounded<R> {
    inner: R,
    left: Rc<Cell<usize>>,
}

impl<R: Read> Read for Bounded<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        if self.left.get() == 0 {
            let problem =
                format!("has a row of more than {} MB: is a quote not closed?", RECORD_BYTES_MAX >> 20);
            return Err(io::Error::new(io::ErrorKind::FileTooLarge, problem));
        }
        let bytes = self.inner.read(buffer)?;
        self.left.set(self.left.get().saturating_sub(bytes));
        Ok(bytes)
    }
}
