//! Workers beside the platform's own: several at a time, also of the test kinds.

/// One process that works on jobs. Two of them at a time differ in their number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Worker {
    /// From 0.
    pub number: usize,
    /// Which executable it is.
    pub program: WorkerProgram,
    /// The classes it takes tickets of, with commas between.
    pub classes: &'static str,
}

/// An executable that works on jobs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum WorkerProgram {
    /// `tenant-api work`.
    TenantApi,
    /// `test-worker work`: the same engine with kinds that only tests have. It also reads
    /// `LEDGER_URL`.
    TestWorker,
}

impl WorkerProgram {
    /// The executable's name.
    #[must_use]
    pub const fn executable(self) -> &'static str {
        match self {
            Self::TenantApi => "tenant-api",
            Self::TestWorker => "test-worker",
        }
    }
}

impl Worker {
    /// A worker with the kinds of the product.
    #[must_use]
    pub const fn of_product(number: usize, classes: &'static str) -> Self {
        Self { number, program: WorkerProgram::TenantApi, classes }
    }

    /// A worker with the kinds of tests.
    #[must_use]
    pub const fn of_tests(number: usize, classes: &'static str) -> Self {
        Self { number, program: WorkerProgram::TestWorker, classes }
    }
}
