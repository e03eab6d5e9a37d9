//! Who goes first: an order that has nothing to do with when a tenant signed up or how large it is.

use hotelhub_core::ids::TenantId;

/// The ring of canaries.
pub(super) const CANARIES: i32 = 0;
/// The ring of all others.
pub(super) const ALL_OTHERS: i32 = 3;

/// Puts each of `tenants`, which come in random order, into its ring. If none of `canaries` is
/// among them, the first goes ahead.
pub(super) fn assign(tenants: &[TenantId], canaries: &[TenantId]) -> Vec<(TenantId, i32)> {
    let is_given = |it: &&TenantId| canaries.contains(it);
    let (mut first, mut others): (Vec<TenantId>, Vec<TenantId>) =
        (tenants.iter().filter(is_given).copied().collect(), Vec::new());
    if first.is_empty() {
        first.extend(tenants.first());
    }
    others.extend(tenants.iter().filter(|it| !first.contains(it)));
    let of_hundred = tenants.len().div_ceil(100);
    let of_ten = tenants.len().div_ceil(10);
    let ring_of = |position: usize| match position {
        it if it < of_hundred => 1,
        it if it < of_hundred + of_ten => 2,
        _ => ALL_OTHERS,
    };
    let canaries = first.into_iter().map(|it| (it, CANARIES));
    let others = others.into_iter().enumerate().map(|(position, it)| (it, ring_of(position)));
    canaries.chain(others).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sizes(tenants: usize, canaries: usize) -> [usize; 4] {
        let ids: Vec<TenantId> = (0..tenants).map(|_| TenantId::generate()).collect();
        let assigned = assign(&ids, &ids[tenants - canaries..]);
        assert_eq!(assigned.len(), tenants, "each once");
        [0, 1, 2, 3].map(|ring| assigned.iter().filter(|(_, it)| *it == ring).count())
    }

    #[test]
    fn rings_grow() {
        assert_eq!(sizes(0, 0), [0, 0, 0, 0]);
        assert_eq!(sizes(1, 0), [1, 0, 0, 0]);
        assert_eq!(sizes(3, 0), [1, 1, 1, 0]);
        assert_eq!(sizes(50, 0), [1, 1, 5, 43]);
        assert_eq!(sizes(1000, 0), [1, 10, 100, 889]);
    }

    #[test]
    fn given_canaries_go_first_and_a_stranger_among_them_does_not_matter() {
        assert_eq!(sizes(50, 3), [3, 1, 5, 41]);
        let own = [TenantId::generate(), TenantId::generate()];
        let assigned = assign(&own, &[own[1], TenantId::generate()]);
        assert_eq!(assigned, [(own[1], CANARIES), (own[0], 1)]);
    }
}
