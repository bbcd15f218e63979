//! Files of columns (Apache Parquet): the tables that a database gets, for whoever asks files. A file is written beside its name and named when it
//! is whole, so that a reader never sees half a file.
//!
//! Built with the feature `parquet` only: the library is a tenth of the program.

use super::net::BackOff;
use super::rows::{self, RowColumn, RowSink};
use super::{
    ExportBoard, ExportNeeds, ExportOption, ExportRecord, ExportValue, Exported, Exporter, ExporterCounters, ExporterKind, ExporterOpening,
    Identity, OpenExporter, PreparedExporter, files,
};
use crate::error::{Error, Result};
use crate::model::Timestamp;
use crate::model::clock::Ticker;
use crate::model::limits::EXPORT_PARQUET_ROWS;
use crate::model::time::SECOND;
use crate::settings::made_file::private;
use crate::snapshot::Snapshot;
use crate::snapshot::table::{FieldKind, FieldValue};
use ::parquet::basic::{Compression, ConvertedType, Repetition, Type as Physical};
use ::parquet::data_type::{BoolType, ByteArray, ByteArrayType, DataType, DoubleType, Int32Type, Int64Type};
use ::parquet::errors::Result as Written;
use ::parquet::file::properties::WriterProperties;
use ::parquet::file::writer::{SerializedColumnWriter, SerializedFileWriter, SerializedRowGroupWriter};
use ::parquet::schema::types::{Type, TypePtr};
use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

/// How often tables of a snapshot are told.
const TELL: Duration = Duration::from_secs(60);
/// Nanoseconds of a microsecond.
const MICRO: i64 = 1_000;

/// The kind.
pub static KIND: ExporterKind = ExporterKind {
    token: "parquet",
    about: "files of columns (Apache Parquet): the tables of ClickHouse, for DuckDB, Spark, pandas",
    target: "DIR",
    hides_path: false,
    options: &[
        ExportOption {
            key: "file-rows",
            takes: ExportValue::Number { least: 1, most: EXPORT_PARQUET_ROWS, default: 50_000 },
            about: "rows of a file",
        },
        ExportOption {
            key: "file-seconds",
            takes: ExportValue::Number { least: 1, most: 86_400, default: 300 },
            about: "how long a row waits for its file",
        },
    ],
    takes: |record| {
        matches!(record, ExportRecord::Interval(_) | ExportRecord::Flows(_) | ExportRecord::Findings(_) | ExportRecord::Snapshot(_))
    },
    prepare,
};

fn prepare(opening: ExporterOpening<'_>) -> Result<PreparedExporter<'_>> {
    let folder = Path::new(&opening.target.target);
    if !folder.is_dir() {
        return Err(opening.wrong("no such directory"));
    }
    let rows = opening.number("file-rows")?;
    let every = Duration::from_secs(opening.number("file-seconds")?);
    let folder_needs = ExportNeeds { folders: vec![folder.to_owned()], ..ExportNeeds::default() };
    let own = files::place(&folder.join("*.parquet"));
    let prepared = PreparedExporter::new(folder_needs.clone(), move || {
        let folder = fs::canonicalize(folder).map_err(|e| Error::io(folder.display(), &e))?;
        let exporter = Parquet {
            identity: Arc::clone(opening.identity),
            counters: Arc::clone(opening.counters),
            board: Arc::clone(opening.board),
            folder,
            rows,
            buffers: Buffers { identity: Arc::clone(opening.identity), open: BTreeMap::new(), at: None },
            pauses: BackOff::default(),
            flush: Ticker::new(every, every),
            tell: Ticker::new(Duration::ZERO, TELL),
            latest: None,
        };
        Ok(OpenExporter { exporter: Box::new(exporter), needs: folder_needs })
    });
    Ok(prepared.alone_with(Some(own)))
}

/// The values of a column. A place without one is `false` among those of which there are any.
enum Values {
    Whole(Vec<i64>),
    Real(Vec<f64>),
    Flag(Vec<bool>),
    Text(Vec<ByteArray>),
    /// Moments: microseconds since 1970, and nanoseconds within the second in a column of their own.
    Time(Vec<i64>, Vec<i64>),
    /// Several numbers a row: how deep and which repetition each is, as Parquet has lists.
    List(Vec<i32>, Vec<i16>),
}

struct Column {
    token: &'static str,
    values: Values,
    /// Whether each row has a value (1) or none (0).
    known: Vec<i16>,
}

impl Column {
    fn new(token: &'static str, kind: FieldKind) -> Self {
        use FieldKind::*;
        let values = match kind {
            Count | Bytes | Id | Port => Values::Whole(Vec::new()),
            Real | Ratio | BitRate | Span | Fullness | Rate | PacketRate | Share | PacketShare | Percent => Values::Real(Vec::new()),
            Flag => Values::Flag(Vec::new()),
            Word | Text | App | State | Address | Maker | Side | End | Path | Ends | Trips => Values::Text(Vec::new()),
            Vlans => Values::List(Vec::new(), Vec::new()),
            Time | Moment => Values::Time(Vec::new(), Vec::new()),
        };
        Self { token, values, known: Vec::new() }
    }

    fn put(&mut self, value: FieldValue<'_>) {
        let is_known = match (&mut self.values, value) {
            (Values::Whole(values), FieldValue::Count(n) | FieldValue::AtLeast(n)) => {
                values.push(i64::try_from(n).unwrap_or(i64::MAX));
                true
            }
            (Values::Real(values), FieldValue::Real(x)) => {
                values.push(x);
                true
            }
            (Values::Real(values), FieldValue::Span(nanos)) => {
                values.push(nanos as f64 / SECOND as f64);
                true
            }
            (Values::Flag(values), FieldValue::Flag(flag)) => {
                values.push(flag);
                true
            }
            (Values::Time(micros, nanos), FieldValue::Time(time)) => {
                micros.push(time.0.div_euclid(MICRO));
                nanos.push(time.0.rem_euclid(SECOND));
                true
            }
            (Values::List(values, repeats), value) => {
                let numbers = if let FieldValue::Numbers(numbers) = value { numbers } else { &[] };
                values.extend(numbers.iter().map(|&n| i32::from(n)));
                // A row without any has one place, with nothing in it.
                let places = numbers.len().max(1);
                repeats.extend((0..places).map(|at| i16::from(at > 0)));
                self.known.extend((0..places).map(|_| i16::from(!numbers.is_empty())));
                return;
            }
            (Values::Text(values), value) => {
                let text = text(value);
                values.extend(text.as_deref().map(ByteArray::from));
                text.is_some()
            }
            _ => false,
        };
        self.known.push(i16::from(is_known));
    }

    /// What it is in the file: a column, of moments two.
    fn types(&self) -> Written<Vec<TypePtr>> {
        let plain = |name: &str, physical, converted| {
            let built = Type::primitive_type_builder(name, physical).with_repetition(Repetition::OPTIONAL).with_converted_type(converted);
            built.build().map(Arc::new)
        };
        Ok(match &self.values {
            Values::Whole(_) => vec![plain(self.token, Physical::INT64, ConvertedType::NONE)?],
            Values::Real(_) => vec![plain(self.token, Physical::DOUBLE, ConvertedType::NONE)?],
            Values::Flag(_) => vec![plain(self.token, Physical::BOOLEAN, ConvertedType::NONE)?],
            Values::Text(_) => vec![plain(self.token, Physical::BYTE_ARRAY, ConvertedType::UTF8)?],
            Values::Time(..) => vec![
                plain(self.token, Physical::INT64, ConvertedType::TIMESTAMP_MICROS)?,
                plain(&format!("{}_ns", self.token), Physical::INT64, ConvertedType::NONE)?,
            ],
            Values::List(..) => {
                let one = Type::primitive_type_builder("element", Physical::INT32).with_repetition(Repetition::REQUIRED).build()?;
                let many = Type::group_type_builder("list").with_repetition(Repetition::REPEATED).with_fields(vec![Arc::new(one)]);
                let list = Type::group_type_builder(self.token)
                    .with_repetition(Repetition::REQUIRED)
                    .with_converted_type(ConvertedType::LIST)
                    .with_fields(vec![Arc::new(many.build()?)]);
                vec![Arc::new(list.build()?)]
            }
        })
    }

    fn write<W: Write + Send>(&self, group: &mut SerializedRowGroupWriter<'_, W>) -> Written<()> {
        match &self.values {
            Values::Whole(values) => write::<Int64Type, W>(group, values, &self.known, None),
            Values::Real(values) => write::<DoubleType, W>(group, values, &self.known, None),
            Values::Flag(values) => write::<BoolType, W>(group, values, &self.known, None),
            Values::Text(values) => write::<ByteArrayType, W>(group, values, &self.known, None),
            Values::List(values, repeats) => write::<Int32Type, W>(group, values, &self.known, Some(repeats)),
            Values::Time(micros, nanos) => {
                write::<Int64Type, W>(group, micros, &self.known, None)?;
                write::<Int64Type, W>(group, nanos, &self.known, None)
            }
        }
    }
}

fn write<T: DataType, W: Write + Send>(
    group: &mut SerializedRowGroupWriter<'_, W>,
    values: &[T::T],
    known: &[i16],
    repeats: Option<&[i16]>,
) -> Written<()> {
    let Some(mut column): Option<SerializedColumnWriter<'_>> = group.next_column()? else { return Ok(()) };
    column.typed::<T>().write_batch(values, Some(known), repeats)?;
    column.close()
}

/// Text of a value; none where there is nothing, or what is no text.
fn text(value: FieldValue<'_>) -> Option<String> {
    match value {
        FieldValue::Address(address) => Some(address.to_string()),
        FieldValue::End(address, port) => Some(format!("{address} {port}")),
        FieldValue::Path(path) => Some(path.to_string()),
        FieldValue::Layer(layer) => Some(layer.to_string()),
        other => other.as_text().map(str::to_owned),
    }
}

/// Rows of one table that wait for their file.
struct Buffer {
    columns: Vec<Column>,
    rows: u64,
}

impl Buffer {
    fn of(table: &str) -> Self {
        let own = [("time", FieldKind::Time), ("probe", FieldKind::Text), ("site", FieldKind::Text), ("session", FieldKind::Text)];
        let tables = rows::all_tables();
        let known = tables.iter().find(|(name, _)| *name == table).map_or(&[][..], |(_, columns)| columns);
        let columns = own.into_iter().chain(known.iter().map(|column| (column.token, column.kind)));
        Self { columns: columns.map(|(token, kind)| Column::new(token, kind)).collect(), rows: 0 }
    }

    fn put(&mut self, token: &str, value: FieldValue<'_>) {
        if let Some(column) = self.columns.iter_mut().find(|column| column.token == token) {
            column.put(value);
        }
    }

    fn write(&self, table: &str, out: impl Write + Send) -> Written<()> {
        let mut fields = Vec::new();
        for column in &self.columns {
            fields.extend(column.types()?);
        }
        let schema = Type::group_type_builder(table).with_fields(fields).build()?;
        let packed = WriterProperties::builder()
            .set_compression(Compression::ZSTD(Default::default()))
            .set_created_by(concat!("spantop ", env!("CARGO_PKG_VERSION")).to_owned());
        let mut file = SerializedFileWriter::new(out, Arc::new(schema), Arc::new(packed.build()))?;
        let mut group = file.next_row_group()?;
        self.columns.iter().try_for_each(|column| column.write(&mut group))?;
        group.close()?;
        file.close().map(drop)
    }
}

/// Rows by table.
struct Buffers {
    identity: Arc<Identity>,
    open: BTreeMap<&'static str, Buffer>,
    /// The table whose row is being written.
    at: Option<&'static str>,
}

impl RowSink for Buffers {
    fn begin(&mut self, table: &'static str, time: Timestamp) {
        let buffer = self.open.entry(table).or_insert_with(|| Buffer::of(table));
        buffer.put("time", FieldValue::Time(time));
        buffer.put("probe", FieldValue::Text(&self.identity.probe));
        buffer.put("site", FieldValue::Text(&self.identity.site));
        buffer.put("session", FieldValue::Text(&self.identity.session));
        self.at = Some(table);
    }

    fn put(&mut self, column: RowColumn, value: FieldValue<'_>) {
        if let Some(buffer) = self.at.and_then(|table| self.open.get_mut(table)) {
            buffer.put(column.token, value);
        }
    }

    fn end(&mut self) {
        if let Some(buffer) = self.at.take().and_then(|table| self.open.get_mut(table)) {
            buffer.rows += 1;
        }
    }
}

impl Buffers {
    fn rows(&self) -> u64 {
        self.open.values().fold(0, |sum, buffer| sum + buffer.rows)
    }
}

struct Parquet {
    identity: Arc<Identity>,
    counters: Arc<ExporterCounters>,
    board: Arc<ExportBoard>,
    folder: PathBuf,
    /// Rows of a file.
    rows: u64,
    buffers: Buffers,
    pauses: BackOff,
    flush: Ticker,
    tell: Ticker,
    latest: Option<Arc<Snapshot>>,
}

impl Parquet {
    /// Writes files of tables with so many rows. A disk that is full is tried again, while as much again comes; then rows are lost, and counted.
    fn close(&mut self, rows: u64) -> Exported {
        let full: Vec<&'static str> = self.buffers.open.iter().filter(|(_, b)| b.rows >= rows.max(1)).map(|(table, _)| *table).collect();
        let mut outcome = Ok(());
        for table in full {
            let Some(buffer) = self.buffers.open.remove(table) else { continue };
            let written = if self.pauses.is_over() { self.write(table, &buffer) } else { Err("another attempt follows".to_owned()) };
            match written {
                Ok(()) => {
                    self.pauses.reset();
                    ExporterCounters::add(&self.counters.exported, buffer.rows);
                }
                Err(what) => {
                    if self.pauses.is_over() {
                        self.pauses.failed();
                        ExporterCounters::add(&self.counters.retries, 1);
                        outcome = Err(what);
                    }
                    if buffer.rows >= self.rows.saturating_mul(2) {
                        ExporterCounters::add(&self.counters.dropped, buffer.rows);
                    } else {
                        self.buffers.open.insert(table, buffer);
                    }
                }
            }
        }
        self.counters.waiting.store(self.buffers.rows(), Ordering::Relaxed);
        outcome
    }

    fn write(&mut self, table: &str, buffer: &Buffer) -> Exported {
        let name = format!("{table}-{}-{:06}.parquet", self.identity.session, self.board.take_number(0));
        let (path, beside) = (self.folder.join(&name), self.folder.join(format!(".{name}.part")));
        let told = |what: String| format!("{}: {what}", path.display());
        let written = private().write(true).create(true).truncate(true).open(&beside).map_err(|e| told(e.to_string())).and_then(|file| {
            buffer.write(table, &file).map_err(|e| told(e.to_string()))?;
            file.sync_all().and_then(|()| fs::rename(&beside, &path)).map_err(|e| told(e.to_string()))
        });
        if written.is_err() {
            let _ = fs::remove_file(&beside);
        }
        written
    }
}

impl Exporter for Parquet {
    fn take(&mut self, record: &ExportRecord) -> Exported {
        if let ExportRecord::Snapshot(snapshot) = record {
            self.latest = Some(Arc::clone(snapshot));
        }
        rows::take(record, &mut self.buffers);
        self.close(self.rows)
    }

    fn tick(&mut self) -> Exported {
        if let Some(snapshot) = self.latest.clone().filter(|_| self.tell.due()) {
            rows::tell(&snapshot, &self.board, false, &mut self.buffers);
        }
        if self.flush.due() { self.close(1) } else { self.close(self.rows) }
    }

    /// Whoever turns files over wants what there is.
    fn reopen(&mut self) -> Exported {
        self.close(1)
    }

    fn finish(&mut self) -> Exported {
        if let Some(snapshot) = self.latest.take() {
            rows::tell(&snapshot, &self.board, true, &mut self.buffers);
        }
        self.pauses.reset();
        self.close(1)
    }

    fn give_up(&mut self) {
        self.pauses.reset();
        // What went wrong was told when it was tried before.
        let _ = self.close(1);
        ExporterCounters::add(&self.counters.dropped, self.counters.waiting.swap(0, Ordering::Relaxed));
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ::parquet::file::reader::{FileReader, SerializedFileReader};

    #[test]
    fn what_is_written_is_read_again_with_what_is_unknown_and_lists() {
        let mut buffer = Buffer { columns: Vec::new(), rows: 3 };
        for (token, kind) in
            [("n", FieldKind::Count), ("x", FieldKind::Span), ("t", FieldKind::Time), ("v", FieldKind::Vlans), ("s", FieldKind::Text)]
        {
            buffer.columns.push(Column::new(token, kind));
        }
        let vlans: [&[u16]; 3] = [&[7, 8], &[], &[9]];
        for (at, vlans) in vlans.iter().enumerate() {
            buffer.put("n", FieldValue::count((at != 1).then_some(at as u64)));
            buffer.put("x", FieldValue::Span(500_000_000));
            buffer.put("t", FieldValue::Time(Timestamp::new(at as i64, 123_456_789)));
            buffer.put("v", FieldValue::Numbers(vlans));
            buffer.put("s", FieldValue::Text("a\u{1b}b"));
        }
        let path = std::env::temp_dir().join(format!("spantop-columns-{}.parquet", std::process::id()));
        buffer.write("toys", fs::File::create(&path).unwrap()).unwrap();
        let reader = SerializedFileReader::new(fs::File::open(&path).unwrap()).unwrap();
        let rows: Vec<String> = reader.get_row_iter(None).unwrap().map(|row| row.unwrap().to_string()).collect();
        fs::remove_file(&path).unwrap();
        assert_eq!(rows.len(), 3);
        assert!(rows[0].contains("n: 0") && rows[0].contains("x: 0.5") && rows[0].contains("t_ns: 123456789"), "{}", rows[0]);
        assert!(rows[0].contains("[7, 8]") && rows[1].contains("n: null") && rows[1].contains("[]") && rows[2].contains("[9]"), "{rows:?}");
    }
}
