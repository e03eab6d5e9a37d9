//! What a test's DNS server knows, and where it fails.

use std::{
    collections::HashMap,
    net::IpAddr,
    sync::{Mutex, MutexGuard, PoisonError},
};

use hickory_proto::rr::{
    Name, RData, RecordType,
    rdata::{A, AAAA, CAA, CNAME, TXT},
};

/// How a name fails.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Fault {
    /// The server says that it cannot say.
    ServFail,
    /// The server says that it does not want to.
    Refused,
    /// Nothing is said at all.
    Silence,
}

/// Records by name, and faults. Names are written without a dot at the end.
#[derive(Debug, Default)]
pub struct Zone(Mutex<Known>);

#[derive(Debug, Default)]
struct Known {
    records: HashMap<String, Vec<RData>>,
    faults: HashMap<String, Fault>,
    questions: u64,
}

impl Zone {
    /// The TXT records of a name from now on.
    pub fn set_txt(&self, name: &str, texts: &[&str]) {
        let texts = texts.iter().map(|it| RData::TXT(TXT::new(vec![(*it).to_owned()])));
        self.set(name, RecordType::TXT, texts.collect());
    }

    /// The CNAME of a name from now on.
    pub fn set_cname(&self, name: &str, target: &str) {
        let target = Name::from_ascii(format!("{target}.")).unwrap_or_default();
        self.set(name, RecordType::CNAME, vec![RData::CNAME(CNAME(target))]);
    }

    /// The addresses of a name from now on, of both families.
    pub fn set_addresses(&self, name: &str, addresses: &[IpAddr]) {
        let of = |wanted: fn(&&IpAddr) -> bool| {
            addresses.iter().filter(wanted).map(|it| match it {
                IpAddr::V4(it) => RData::A(A(*it)),
                IpAddr::V6(it) => RData::AAAA(AAAA(*it)),
            })
        };
        self.set(name, RecordType::A, of(|it| it.is_ipv4()).collect());
        self.set(name, RecordType::AAAA, of(|it| it.is_ipv6()).collect());
    }

    /// Which authority may issue for a name from now on; nobody if it is empty.
    pub fn set_issuer(&self, name: &str, issuer: &str) {
        let issuer = Name::from_ascii(issuer).ok().filter(|it| !it.is_root());
        let record = RData::CAA(CAA::new_issue(false, issuer, Vec::new()));
        self.set(name, RecordType::CAA, vec![record]);
    }

    /// Forgets all that is known of a name.
    pub fn forget(&self, name: &str) {
        self.known().records.remove(&key(name));
    }

    /// Makes every question for a name, or below it, fail.
    pub fn fail(&self, name: &str, fault: Fault) {
        self.known().faults.insert(key(name), fault);
    }

    /// Mends a name.
    pub fn mend(&self, name: &str) {
        self.known().faults.remove(&key(name));
    }

    /// How many questions came.
    #[must_use]
    pub fn questions(&self) -> u64 {
        self.known().questions
    }

    fn set(&self, name: &str, kind: RecordType, records: Vec<RData>) {
        let mut known = self.known();
        let of_name = known.records.entry(key(name)).or_default();
        of_name.retain(|it| it.record_type() != kind);
        of_name.extend(records);
    }

    /// What is known of a name; `None`: it does not exist.
    pub(super) fn find(&self, name: &str) -> Result<Option<Vec<RData>>, Fault> {
        let mut known = self.known();
        known.questions += 1;
        let name = key(name);
        let mut above = Some(name.as_str());
        while let Some(it) = above {
            if let Some(fault) = known.faults.get(it) {
                return Err(*fault);
            }
            above = it.split_once('.').map(|(_, rest)| rest);
        }
        let has_below = known.records.keys().any(|it| it.ends_with(&format!(".{name}")));
        Ok(known.records.get(&name).cloned().or_else(|| has_below.then(Vec::new)))
    }

    fn known(&self) -> MutexGuard<'_, Known> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn key(name: &str) -> String {
    name.trim_end_matches('.').to_ascii_lowercase()
}
