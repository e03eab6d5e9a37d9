//! A hotel's data as a file: taken along, brought, put beside the hotel or in its place.

use std::path::PathBuf;

use clap::{Args, ValueEnum};
use serde::Deserialize;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::{Hub, failure::Failure, operation};

/// Takes all data along.
#[derive(Args)]
pub(crate) struct Export {
    /// The tenant's slug or id
    tenant: String,
    /// The file to write; it must not be there. Left out: the backup is made and stays where it is
    #[arg(long, value_name = "FILE")]
    output: Option<PathBuf>,
    /// Take this backup along instead of making one
    #[arg(long, value_name = "ID", requires = "output")]
    backup: Option<Uuid>,
}

/// Brings data from elsewhere.
#[derive(Args)]
pub(crate) struct Import {
    /// The tenant's slug or id
    tenant: String,
    /// The bundle, as an export wrote it
    file: PathBuf,
    /// Beside the hotel to be looked at, or in its place
    #[arg(long, value_enum, default_value = "preview")]
    end: Brought,
    /// The bundle may be of another hotel of this platform
    #[arg(long)]
    of_another_hotel: bool,
    /// Print the operation's id and do not wait
    #[arg(long)]
    no_wait: bool,
}

/// Goes back to a backup.
#[derive(Args)]
pub(crate) struct Restore {
    /// The tenant's slug or id
    tenant: String,
    /// The backup's id, see `hotelhub backup list`; left out: the preview that is shown
    #[arg(long, value_name = "ID")]
    backup: Option<Uuid>,
    /// Beside the hotel to be looked at, in its place, or away with the preview
    #[arg(long, value_enum)]
    end: End,
    /// Print the operation's id and do not wait
    #[arg(long)]
    no_wait: bool,
}

/// What becomes of data that is brought.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Brought {
    /// Shown beside the hotel for a week, on a host name of its own
    Preview,
    /// In the hotel's place; what was there is backed up
    Swap,
}

impl Brought {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Preview => "preview",
            Self::Swap => "swap",
        }
    }
}

/// What becomes of the data.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum End {
    /// Shown beside the hotel for a week, on a host name of its own
    Preview,
    /// In the hotel's place; what was there is backed up
    Swap,
    /// The preview goes
    Discard,
}

impl End {
    const fn as_str(self) -> &'static str {
        match self {
            Self::Preview => "preview",
            Self::Swap => "swap",
            Self::Discard => "discard",
        }
    }
}

#[derive(Deserialize)]
struct Made {
    figures: Figures,
}

#[derive(Deserialize)]
struct Figures {
    backup_id: Option<Uuid>,
}

/// Makes a backup, waits, and writes it to a file.
pub(super) async fn export(hub: &Hub, it: Export) -> Result<(), Failure> {
    if let Some(file) = it.output.as_ref().filter(|it| it.exists()) {
        let what = format!("`{}` is there already: name another file", file.display());
        return Err(Failure::Usage(what));
    }
    let backup = match it.backup {
        Some(id) => id,
        None => {
            let asked = hub.client.post(&["tenants", &it.tenant, "export"], &json!({})).await?;
            let Some(_) = &it.output else {
                return operation::watch_and_show(hub, &asked, false).await;
            };
            let operation::Operation { id, .. } = asked.read()?;
            let done = operation::watch(hub, &id).await?;
            let made: Made = done.read()?;
            made.figures.backup_id.ok_or_else(|| {
                Failure::failed("the backup has no id", "look at `hotelhub backup list`")
            })?
        }
    };
    let Some(file) = it.output else { return Ok(()) };
    let path = ["tenants", &it.tenant, "backups", &backup.to_string(), "bundle"];
    let bytes = hub.client.download(&path, &file).await?;
    let said: Value = json!({ "backup_id": backup, "file": file, "bytes": bytes });
    hub.screen.result(&said, || format!("wrote {} ({bytes} bytes)", file.display()))
}

/// Sends a bundle and waits until it is there.
pub(super) async fn import(hub: &Hub, it: Import) -> Result<(), Failure> {
    let path = ["tenants", &it.tenant, "import"];
    let mut query = vec![("end", it.end.as_str())];
    if it.of_another_hotel {
        query.push(("of_another_hotel", "true"));
    }
    let asked = hub.client.upload(&path, &query, &it.file).await?;
    operation::watch_and_show(hub, &asked, it.no_wait).await
}

/// Asks for a restore and waits until it is done.
pub(super) async fn restore(hub: &Hub, it: Restore) -> Result<(), Failure> {
    let mut body = json!({ "end": it.end.as_str() });
    if let (Some(id), Some(fields)) = (it.backup, body.as_object_mut()) {
        fields.insert("backup_id".to_owned(), json!(id));
    }
    let asked = hub.client.post(&["tenants", &it.tenant, "restore"], &body).await?;
    operation::watch_and_show(hub, &asked, it.no_wait).await
}
