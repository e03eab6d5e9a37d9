//! One question's answer, byte by byte.

use hickory_proto::{
    op::{Message, MessageType, ResponseCode},
    rr::{Name, RData, Record, RecordType, rdata::SOA},
};

use super::zone::{Fault, Zone};

/// Aliases that are followed, as a resolver does.
const HOPS: usize = 8;
const TTL: u32 = 1;

/// The answer; `None`: silence.
pub(super) fn to(question: &[u8], zone: &Zone) -> Option<Vec<u8>> {
    let asked = Message::from_vec(question).ok()?;
    let query = asked.queries.first()?.clone();
    let mut answer = Message::new(asked.metadata.id, MessageType::Response, asked.metadata.op_code);
    answer.metadata.recursion_desired = asked.metadata.recursion_desired;
    answer.metadata.recursion_available = true;
    answer.add_query(query.clone());
    match look(zone, query.name(), query.query_type()) {
        Ok((code, records)) => {
            if records.is_empty() {
                answer.add_authority(soa(query.name()));
            }
            answer.add_answers(records);
            answer.metadata.response_code = code;
        }
        Err(Fault::ServFail) => answer.metadata.response_code = ResponseCode::ServFail,
        Err(Fault::Refused) => answer.metadata.response_code = ResponseCode::Refused,
        Err(Fault::Silence) => return None,
    }
    answer.to_vec().ok()
}

fn look(zone: &Zone, name: &Name, kind: RecordType) -> Result<(ResponseCode, Vec<Record>), Fault> {
    let mut name = name.clone();
    let mut records = Vec::new();
    for _ in 0..HOPS {
        let Some(found) = zone.find(&name.to_ascii())? else {
            return Ok((ResponseCode::NXDomain, records));
        };
        let record = |data: &RData| Record::from_rdata(name.clone(), TTL, data.clone());
        records.extend(found.iter().filter(|it| it.record_type() == kind).map(record));
        let alias = found.iter().find_map(|it| match it {
            RData::CNAME(alias) if kind != RecordType::CNAME => Some((it, alias.0.clone())),
            _ => None,
        });
        let Some((data, target)) = alias else { break };
        records.push(record(data));
        name = target;
    }
    Ok((ResponseCode::NoError, records))
}

fn soa(name: &Name) -> Record {
    let soa = SOA::new(name.clone(), name.clone(), 1, 60, 60, 60, 1);
    Record::from_rdata(name.clone(), TTL, RData::SOA(soa))
}
