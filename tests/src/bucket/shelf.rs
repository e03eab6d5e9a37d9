//! What lies in the bucket.

use std::{
    collections::BTreeMap,
    sync::{Mutex, MutexGuard, PoisonError},
};

use actix_web::web::Bytes;

use super::BucketFault;

/// An object.
#[derive(Clone, Debug)]
pub(super) struct Kept {
    pub(super) bytes: Bytes,
    /// Which writing it is.
    pub(super) tag: u64,
}

/// The objects, and uploads that are not put together yet.
#[derive(Debug, Default)]
pub(super) struct Shelf {
    pub(super) objects: BTreeMap<String, Kept>,
    pub(super) uploads: BTreeMap<String, BTreeMap<u32, Bytes>>,
    pub(super) fault: BucketFault,
    /// How many objects were given by half.
    pub(super) stalled: u64,
    next: u64,
}

impl Shelf {
    /// Puts an object there; its tag.
    pub(super) fn put(&mut self, name: &str, bytes: Bytes) -> u64 {
        let tag = self.number();
        self.objects.insert(name.to_owned(), Kept { bytes, tag });
        tag
    }

    /// Begins an upload; its name.
    pub(super) fn begin(&mut self) -> String {
        let name = format!("upload-{}", self.number());
        self.uploads.insert(name.clone(), BTreeMap::new());
        name
    }

    /// Puts the parts of an upload together; its tag, or nothing if there is no such upload.
    pub(super) fn complete(&mut self, upload: &str, name: &str) -> Option<u64> {
        let parts = self.uploads.remove(upload)?;
        let whole: Vec<u8> = parts.into_values().flatten().collect();
        Some(self.put(name, whole.into()))
    }

    fn number(&mut self) -> u64 {
        self.next += 1;
        self.next
    }
}

/// The shelf; one that a test left in the middle is as good as any.
pub(super) fn open(shelf: &Mutex<Shelf>) -> MutexGuard<'_, Shelf> {
    shelf.lock().unwrap_or_else(PoisonError::into_inner)
}
