//! The advisory locks that provisioners hold against each other.
//!
//! Two with one number would wait for each other for ever; the compiler refuses that here. Those of
//! one operation or one copy are made of its id instead.

/// A lock, by what its holder alone does.
#[repr(i64)]
#[derive(Debug, Clone, Copy)]
pub(crate) enum Lock {
    /// Changes the control schema. In the control database.
    ControlSchema = 0x686f_7465_6c01,
    /// Builds a template. On the database server, where `hotelhub db-host doctor` looks for it.
    Template = 0x686f_7465_6c02,
    /// Leads the fleet migrations. In the control database.
    Fleet = 0x686f_7465_6c03,
    /// Takes room on a database server: between the count of what is there and its own row nobody
    /// else takes any. In the control database, for one transaction.
    Room = 0x686f_7465_6c04,
    /// Restores a backup for a trial. In the control database.
    Drill = 0x686f_7465_6c05,
    /// Deletes backups whose time is over. In the control database.
    Expiry = 0x686f_7465_6c06,
    /// Issues certificates. In the control database.
    Certificates = 0x686f_7465_6c07,
}

impl Lock {
    /// The number that PostgreSQL knows it by.
    pub(crate) const fn key(self) -> i64 {
        self as i64
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_doctor_of_a_server_knows_the_lock_of_a_template() {
        assert_eq!(Lock::Template.key(), 114_827_903_462_402);
    }
}
