//! How many copies should be ready, and how many of them on which server.

use super::store::Room;

/// As many as signed up lately, within the bounds.
pub(super) fn target(demand: u32, (least, most): (u32, u32)) -> u32 {
    demand.max(least).min(most)
}

/// Spreads the target over the servers in proportion to their room; none gets more than it has.
/// What is left over by rounding goes to the roomiest.
pub(super) fn spread(target: u32, hosts: &[Room]) -> Vec<u32> {
    let room: u64 = hosts.iter().map(|it| u64::from(it.free)).sum();
    let target = u64::from(target).min(room);
    let mut shares: Vec<u64> =
        hosts.iter().map(|it| target * u64::from(it.free) / room.max(1)).collect();
    let mut left = target - shares.iter().sum::<u64>();
    let mut order: Vec<usize> = (0..hosts.len()).collect();
    order.sort_by_key(|at| std::cmp::Reverse(hosts.get(*at).map(|it| it.free)));
    for at in order {
        if let Some(share) = shares.get_mut(at)
            && left > 0
        {
            *share += 1;
            left -= 1;
        }
    }
    shares.into_iter().map(|it| u32::try_from(it).unwrap_or(u32::MAX)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hosts::DbHost;

    fn hosts(free: &[u32]) -> Vec<Room> {
        free.iter().map(|free| Room { host: DbHost::test(), free: *free, ready: 0 }).collect()
    }

    #[test]
    fn demand_counts_within_the_bounds() {
        assert_eq!(target(0, (4, 64)), 4);
        assert_eq!(target(20, (4, 64)), 20);
        assert_eq!(target(1_000, (4, 64)), 64);
        assert_eq!(target(1_000, (0, 0)), 0);
    }

    #[test]
    fn room_decides_and_what_is_left_over_goes_to_the_roomiest() {
        assert_eq!(spread(4, &hosts(&[1_000])), [4]);
        assert_eq!(spread(8, &hosts(&[100, 300])), [2, 6]);
        assert_eq!(spread(5, &hosts(&[100, 300])), [1, 4]);
        assert_eq!(spread(3, &hosts(&[10, 10])), [2, 1]);
    }

    #[test]
    fn nobody_gets_more_than_there_is_room_for() {
        assert_eq!(spread(64, &hosts(&[3, 0, 2])), [3, 0, 2]);
        assert_eq!(spread(4, &hosts(&[])), [0_u32; 0]);
        assert_eq!(spread(4, &hosts(&[0])), [0]);
    }
}
