//! One change of the schema, for every tenant database.
//!
//! What holds:
//!
//! - **One process leads.** It holds a lock of its session with the control database; when it dies,
//!   the next one goes on from the tables. Two that work on one database for a moment take turns
//!   there, and the second finds the work done: no migration runs twice. One that knows an older
//!   schema than another leaves the lead to that one.
//! - **New tenants first.** While a run is `preparing`, templates are built at the version, so
//!   that whoever signs up meanwhile needs no migration.
//! - **Rings**: canaries, one in a hundred, one in ten, all others. A ring begins when the one
//!   before has nothing left to do. A canary that fails halts the run, and so do too many others.
//! - **No hotel waits.** A migration that does not get its locks in a moment is given up and tried
//!   again later, ever more rarely: while it stands in line, the hotel's own work stands behind it.
//! - **Whoever cannot be migrated is put in quarantine** with the server's reason, and keeps
//!   serving on the schema that it has. A resumed run tries it again.
//! - A tenant that is being moved or deleted is left alone until that has ended.
//!
//! What a run does not do: take a schema back, or wait for a person. Progress is what the tables
//! say.

mod crew;
mod judge;
mod leader;
mod migrate;
mod orders;
mod rings;
mod tenants;
mod work;

pub use self::leader::Leader;
