//! Offers as rows of a table.

use hotelhub_core::ids::PropertyId;

use super::{ask::Ask, links, shell::Shell, words};
use crate::{access::Permission, availability::Offer};

/// One kind of room for the stay that was asked for.
pub(super) struct OfferRow {
    pub(super) name: String,
    pub(super) code: String,
    pub(super) left: i64,
    /// Rupiah, if every night has a rate.
    pub(super) total: Option<String>,
    /// Where to book it, if that is possible.
    pub(super) book: Option<String>,
    /// Why it is not.
    pub(super) obstacles: Vec<&'static str>,
}

pub(super) fn rows(
    offers: &[Offer],
    property: PropertyId,
    ask: Ask,
    shell: &Shell,
) -> Vec<OfferRow> {
    offers.iter().map(|it| row(it, property, ask, shell)).collect()
}

fn row(offer: &Offer, property: PropertyId, ask: Ask, shell: &Shell) -> OfferRow {
    let found = offer.obstacles(ask.party);
    let mut obstacles: Vec<_> = found.iter().map(|it| words::obstacle(shell.t, *it)).collect();
    if !shell.may(Permission::ReservationWrite) {
        obstacles.push(shell.t.obstacle_not_yours);
    }
    obstacles.extend(shell.no_business());
    let book = obstacles.is_empty().then(|| links::book(property, offer.room_type, ask));
    OfferRow {
        name: offer.name.clone(),
        code: offer.code.clone(),
        left: offer.left(),
        total: offer.total().map(|it| shell.language.rupiah(it)),
        book,
        obstacles,
    }
}
