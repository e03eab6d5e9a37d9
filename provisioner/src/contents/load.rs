//! Puts a bundle's rows into a database that has the bundle's schema and nothing else.
//!
//! Nothing in a bundle is run: its tables, columns and sequences must be those of the schema, and its
//! rows come in as data. What was loaded is proven by writing it out again: the same rows in the same
//! order are the same bytes. At the end all foreign keys hold, or the load has failed.

use std::{fs::File, pin::pin};

use bytes::Bytes;
use futures_util::{SinkExt as _, TryStreamExt as _};
use hotelhub_bundle::{Bundle, Checked, Manifest, Refused, Sequence, TableEntry};
use tokio::sync::mpsc::{self, Receiver};

use super::{
    rules,
    tables::{self, Table, quoted},
};
use crate::{
    engine::{StepError, progress::Progress},
    session::Session,
};

/// Pieces that wait for the database.
const AHEAD: usize = 64;

/// Loads all tables of a bundle that was verified.
pub(crate) async fn load(
    inside: &Session,
    bundle: Bundle<File>,
    mut progress: Option<&mut Progress<'_>>,
) -> Result<(), StepError> {
    let manifest = bundle.manifest().clone();
    let list = tables::list(inside).await?;
    let pairs = pair(&list, &manifest)?;
    require_sequences(&tables::list_sequences(inside).await?, &manifest)?;
    let keys = rules::list_foreign_keys(inside).await?;
    rules::empty(inside, pairs.iter().map(|(table, _)| *table)).await?;

    let (pieces, mut received) = mpsc::channel(AHEAD);
    let names: Vec<String> = pairs.iter().map(|(_, entry)| entry.name.clone()).collect();
    let reader = tokio::task::spawn_blocking(move || read(bundle, &names, &pieces));
    let mut loaded = Ok(());
    for (table, entry) in &pairs {
        loaded = load_table(inside, table, entry, &mut received).await;
        if loaded.is_err() {
            break;
        }
        if let Some(progress) = progress.as_deref_mut() {
            progress.add_bytes(usize::try_from(entry.bytes).unwrap_or(usize::MAX)).await?;
            progress.add_table(entry.rows);
            progress.tell().await?;
        }
    }
    drop(received);
    let read = reader.await.map_err(|_gone| {
        StepError::NotYet("the program stops while a bundle is read".to_owned())
    })?;
    match (loaded, read) {
        (Ok(()), Ok(())) => {}
        // A reader that failed has ended the load; one that was left alone has nothing to say.
        (Err(StepError::NotYet(_)), Err(refused)) => return Err(refused.into()),
        (Err(failed), _) => return Err(failed),
        (Ok(()), Err(refused)) => return Err(refused.into()),
    }
    bring_back(inside, &keys, &manifest).await?;
    let analyze: Vec<String> = list.iter().map(Table::sql_name).collect();
    Ok(inside.run(&format!("ANALYZE {}", analyze.join(", "))).await?)
}

/// The tables of the schema with their entries: the same names, the same columns, none left over.
fn pair<'a>(
    list: &'a [Table],
    manifest: &'a Manifest,
) -> Result<Vec<(&'a Table, &'a TableEntry)>, StepError> {
    let version = manifest.schema_version;
    let other = |name: &str| Refused::OtherTable(name.to_owned(), version);
    let mut pairs = Vec::new();
    for table in list.iter().filter(|it| !it.is_history()) {
        let entry = manifest.tables.iter().find(|it| it.name == table.name);
        let entry = entry.ok_or_else(|| Refused::Missing(table.name.clone()))?;
        if entry.columns != table.columns() {
            return Err(other(&table.name).into());
        }
        pairs.push((table, entry));
    }
    let stranger =
        manifest.tables.iter().find(|it| pairs.iter().all(|(_, entry)| entry.name != it.name));
    match stranger {
        Some(entry) => Err(other(&entry.name).into()),
        None => Ok(pairs),
    }
}

/// The bundle says where each sequence of the schema stood, once, and names no others.
fn require_sequences(list: &[Sequence], manifest: &Manifest) -> Result<(), Refused> {
    let mut left: Vec<&str> = list.iter().map(|it| it.name.as_str()).collect();
    for Sequence { name, .. } in &manifest.sequences {
        let Some(place) = left.iter().position(|it| it == name) else {
            let name = name.chars().take(100).collect();
            return Err(Refused::OtherSequence(name, manifest.schema_version));
        };
        left.swap_remove(place);
    }
    match left.first() {
        Some(name) => Err(Refused::NoSequence((*name).to_owned())),
        None => Ok(()),
    }
}

/// A piece of a table's CSV, or its end.
type Piece = Option<Bytes>;

/// Reads the tables in order; `take` ends when nobody listens any more.
fn read(
    mut bundle: Bundle<File>,
    names: &[String],
    pieces: &mpsc::Sender<Piece>,
) -> Result<(), Refused> {
    let gone = |_| Refused::Io(std::io::ErrorKind::BrokenPipe.into());
    for name in names {
        bundle.read_table(name, |piece| {
            pieces.blocking_send(Some(Bytes::copy_from_slice(piece))).map_err(gone)
        })?;
        pieces.blocking_send(None).map_err(gone)?;
    }
    Ok(())
}

/// Emptied and filled in one transaction, so that the rows lie there as if nothing had ever been.
async fn load_table(
    inside: &Session,
    table: &Table,
    entry: &TableEntry,
    pieces: &mut Receiver<Piece>,
) -> Result<(), StepError> {
    inside.run(&format!("BEGIN; TRUNCATE {}", table.sql_name())).await?;
    let mut taken = pin!(inside.client().copy_in(&table.csv_in()).await?);
    loop {
        match pieces.recv().await {
            Some(Some(piece)) => taken.feed(piece).await?,
            Some(None) => break,
            None => return Err(StepError::NotYet("the bundle could not be read".to_owned())),
        }
    }
    let rows = taken.finish().await?;
    if rows != entry.rows {
        return Err(StepError::Never(format!(
            "`{}` has {rows} rows and not the {} of the manifest",
            table.name, entry.rows
        )));
    }
    require_same(inside, table, entry).await?;
    Ok(inside.run("COMMIT").await?)
}

/// Writes the table out again. Rows that were just loaded are read in the order in which they came,
/// as long as nobody begins in the middle.
async fn require_same(
    inside: &Session,
    table: &Table,
    entry: &TableEntry,
) -> Result<(), StepError> {
    inside.run("SET LOCAL synchronize_seqscans = off").await?;
    let mut seen = Checked::default();
    let mut given = pin!(inside.client().copy_out(&table.csv_out()).await?);
    while let Some(piece) = given.try_next().await? {
        seen.add(&piece);
    }
    if seen.sha256() == entry.sha256 {
        return Ok(());
    }
    Err(StepError::Never(format!("`{}` does not read as it was written", table.name)))
}

/// Sequences go on where they stood; foreign keys and triggers come back.
async fn bring_back(
    inside: &Session,
    keys: &[rules::ForeignKey],
    manifest: &Manifest,
) -> Result<(), StepError> {
    let mut sql = String::new();
    for sequence in &manifest.sequences {
        let name = quoted(&sequence.name).replace('\'', "''");
        let (value, is_called) = (sequence.value, sequence.is_called);
        sql.push_str(&format!("SELECT setval('public.{name}', {value}, {is_called});"));
    }
    for rules::ForeignKey { table, name, definition, .. } in keys {
        sql.push_str(&format!("ALTER TABLE {table} ADD CONSTRAINT {name} {definition};"));
    }
    for (table, trigger) in rules::list_triggers(inside, "D").await? {
        sql.push_str(&format!("ALTER TABLE {table} ENABLE TRIGGER {trigger};"));
    }
    Ok(inside.run(&sql).await?)
}
