//! Kinds that only tests have: each does one thing that a job may do, or that may happen to it.

mod calls;
mod ends;
mod plain;

use std::sync::Arc;

use hotelhub_core::life::Access;
use tenant_api::worker::Registry;

pub(crate) use self::calls::Ledger;
use self::{
    calls::{TestCall, TestLimitedCall, TestPatientCall, TestSharedCall},
    ends::{TestAbort, TestFail, TestPanic},
    plain::{TestCpu, TestInsert, TestNoop, TestSleep},
};

/// As most kinds of hotels.
const OPEN: &[Access] = &[Access::Full, Access::Grace];

/// The registry with the kinds of tests.
pub(crate) fn add(registry: Registry, ledger: Arc<Ledger>) -> Registry {
    let none = Arc::new(());
    registry
        .with::<TestNoop>(Arc::clone(&none))
        .with::<TestInsert>(Arc::clone(&none))
        .with::<TestSleep>(Arc::clone(&none))
        .with::<TestCpu>(Arc::clone(&none))
        .with::<TestFail>(Arc::clone(&none))
        .with::<TestPanic>(Arc::clone(&none))
        .with::<TestAbort>(none)
        .with::<TestCall>(Arc::clone(&ledger))
        .with::<TestLimitedCall>(Arc::clone(&ledger))
        .with::<TestSharedCall>(Arc::clone(&ledger))
        .with::<TestPatientCall>(ledger)
}
