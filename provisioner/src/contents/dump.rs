//! Everything a tenant has, as a bundle: one snapshot of its database, and its files.
//!
//! The bundle is made in a file without a name, which is gone with the process, and only then goes
//! elsewhere. A writer on a thread of its own packs while the database reads.

use std::{
    fs::File,
    io::{BufWriter, Read as _, Seek as _},
    pin::pin,
};

use bytes::Bytes;
use chrono::{DateTime, Utc};
use futures_util::TryStreamExt as _;
use hotelhub_bundle::{
    BundleWriter, Checked, FORMAT, FORMAT_VERSION, Manifest, TenantEntry, WriteError,
};
use hotelhub_core::sql::Query as _;
use hotelhub_storage::Storage;
use tokio::sync::mpsc::{self, Receiver, Sender};

use super::{
    csv::Records,
    tables::{self, Table},
};
use crate::{
    engine::{StepError, progress::Progress},
    session::Session,
};

/// Longest wait for a table that a migration holds, in milliseconds.
const LOCK_MS: u32 = 5_000;
/// Pieces that wait for the writer: some megabytes at most.
const AHEAD: usize = 64;

/// A bundle that was made.
#[derive(Debug)]
pub(crate) struct Dumped {
    /// At its beginning; it has no name and is gone when it is closed.
    pub(crate) file: File,
    pub(crate) manifest: Manifest,
    /// Of the whole file.
    pub(crate) bytes: u64,
    /// Of the whole file, in hexadecimal digits.
    pub(crate) sha256: String,
}

/// What the writer is told.
enum Piece {
    BeginTable(String),
    Rows(Bytes),
    EndTable { name: String, columns: Vec<String>, rows: u64 },
    File { name: String, content: File },
    Finish(Box<Manifest>),
}

/// Makes a bundle of all that `inside` shows at one instant, and of the files below `files`.
pub(crate) async fn dump(
    inside: &Session,
    tenant: TenantEntry,
    (storage, files): (&Storage, &str),
    progress: Option<&mut Progress<'_>>,
) -> Result<Dumped, StepError> {
    let (pieces, received) = mpsc::channel(AHEAD);
    let writer = tokio::task::spawn_blocking(move || write(received));
    let told = tell(inside, tenant, (storage, files), &pieces, progress).await;
    drop(pieces);
    let written = writer.await.map_err(|_gone| {
        StepError::NotYet("the program stops while a bundle is written".to_owned())
    })?;
    match (told, written) {
        (Ok(()), Ok(Some(dumped))) => Ok(dumped),
        // Whoever failed first is the cause: the writer's end ends the telling as well.
        (_, Err(failed)) => Err(failed.into()),
        (Err(failed), Ok(_)) => Err(failed),
        (Ok(()), Ok(None)) => Err(StepError::NotYet("the bundle was not finished".to_owned())),
    }
}

async fn tell(
    inside: &Session,
    tenant: TenantEntry,
    (storage, files): (&Storage, &str),
    pieces: &Sender<Piece>,
    mut progress: Option<&mut Progress<'_>>,
) -> Result<(), StepError> {
    let tables = begin(inside).await?;
    let head = read_head(inside, tenant).await?;
    for table in tables.iter().filter(|it| !it.is_history()) {
        tell_table(inside, table, pieces, progress.as_deref_mut()).await?;
    }
    inside.run("COMMIT").await?;
    let mut listed = storage.list(files).await?;
    listed.sort_by(|one, other| one.name.cmp(&other.name));
    for file in listed {
        let Some(name) = file.name.strip_prefix(files) else { continue };
        let mut content = tokio::fs::File::from_std(unnamed_file()?);
        // One that was deleted since the list is none of the hotel's.
        if storage.get_large(&file.name, &mut content).await? {
            let mut content = content.into_std().await;
            content.rewind().map_err(WriteError::from)?;
            let name = name.trim_start_matches('/').to_owned();
            send(pieces, Piece::File { name, content }).await?;
        }
    }
    send(pieces, Piece::Finish(Box::new(head))).await
}

/// Begins the transaction of one snapshot, and locks all tables before that is taken, so that no
/// migration comes in between: it waits for us, or we give up after some seconds and come again.
async fn begin(inside: &Session) -> Result<Vec<Table>, StepError> {
    let tables = tables::list(inside).await?;
    let names: Vec<String> = tables.iter().map(Table::sql_name).collect();
    // LOCK takes no snapshot; the statement after it does.
    let sql = format!(
        "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY;
         SET LOCAL lock_timeout = '{LOCK_MS}ms'; LOCK TABLE {} IN ACCESS SHARE MODE",
        names.join(", ")
    );
    inside.client().simple_query(&sql).await?;
    if tables::list(inside).await? != tables {
        return Err(StepError::NotYet("the schema has just changed".to_owned()));
    }
    Ok(tables)
}

/// All that the manifest says beside tables and files. The first statement of the transaction: what
/// is committed when it begins is in the bundle, and nothing else.
async fn read_head(inside: &Session, tenant: TenantEntry) -> Result<Manifest, StepError> {
    let row = inside
        .query_one(
            "SELECT statement_timestamp(), (SELECT max(version) FROM refinery_schema_history)",
            &[],
        )
        .await?;
    let (taken_at, version): (DateTime<Utc>, Option<i32>) = (row.try_get(0)?, row.try_get(1)?);
    let version = version
        .ok_or_else(|| StepError::Never("the tenant's database has no schema".to_owned()))?;
    let sequences = tables::list_sequences(inside).await?;
    Ok(Manifest {
        format: FORMAT.to_owned(),
        format_version: FORMAT_VERSION,
        taken_at,
        tenant,
        schema_version: version,
        schema_checksum: migrations::tenant_checksum(version),
        tables: Vec::new(),
        sequences,
        files: Vec::new(),
    })
}

async fn tell_table(
    inside: &Session,
    table: &Table,
    pieces: &Sender<Piece>,
    mut progress: Option<&mut Progress<'_>>,
) -> Result<(), StepError> {
    send(pieces, Piece::BeginTable(table.name.clone())).await?;
    let mut records = Records::default();
    let mut given = pin!(inside.client().copy_out(&table.csv_out()).await?);
    while let Some(piece) = given.try_next().await? {
        records.add(&piece);
        if let Some(progress) = progress.as_deref_mut() {
            progress.add_bytes(piece.len()).await?;
        }
        send(pieces, Piece::Rows(piece)).await?;
    }
    let rows = records.rows();
    if let Some(progress) = progress {
        progress.add_table(rows);
        progress.tell().await?;
    }
    let (name, columns) = (table.name.clone(), table.columns().to_vec());
    send(pieces, Piece::EndTable { name, columns, rows }).await
}

/// Fails only if the writer has, which then says why.
async fn send(pieces: &Sender<Piece>, piece: Piece) -> Result<(), StepError> {
    let gone = |_| StepError::NotYet("the bundle could not be written".to_owned());
    pieces.send(piece).await.map_err(gone)
}

/// Packs the pieces; `None` if they ended too early.
fn write(mut pieces: Receiver<Piece>) -> Result<Option<Dumped>, WriteError> {
    let mut writer = BundleWriter::begin(BufWriter::new(unnamed_file()?))?;
    while let Some(piece) = pieces.blocking_recv() {
        match piece {
            Piece::BeginTable(name) => writer.begin_table(&name)?,
            Piece::Rows(rows) => writer.write(&rows)?,
            Piece::EndTable { name, columns, rows } => writer.end_table(&name, columns, rows),
            Piece::File { name, content } => writer.add_file(&name, content)?,
            Piece::Finish(head) => {
                let (written, manifest) = writer.finish(*head)?;
                let file = written.into_inner().map_err(std::io::IntoInnerError::into_error)?;
                return sum(file, manifest).map(Some);
            }
        }
    }
    Ok(None)
}

/// Counts and hashes what is to leave.
fn sum(mut file: File, manifest: Manifest) -> Result<Dumped, WriteError> {
    file.rewind()?;
    let mut whole = Checked::default();
    let mut piece = vec![0; 256 * 1024];
    loop {
        let read = file.read(&mut piece)?;
        let Some(piece) = piece.get(..read).filter(|it| !it.is_empty()) else { break };
        whole.add(piece);
    }
    file.rewind()?;
    let bytes = whole.bytes();
    Ok(Dumped { file, manifest, bytes, sha256: whole.sha256() })
}

/// A file that nobody else can open, and that is gone with the process.
pub(crate) fn unnamed_file() -> Result<File, WriteError> {
    Ok(tempfile::tempfile()?)
}
