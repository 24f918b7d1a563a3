//! A sort for orders that are not transitive.

use std::cmp::Ordering;

/// Sorts as a merge sort of linked lists does, halves rounded down first.
///
/// Compatibility: some of Pacemaker's comparisons are not transitive, so the result depends on
/// which pairs are compared; GLib's list sort compares these. The standard library's sort may
/// panic on such comparisons.
pub(crate) fn merge_sort<T: Copy>(
    list: Vec<T>,
    compare: &mut impl FnMut(T, T) -> Ordering,
) -> Vec<T> {
    let mut list = list;
    if list.len() > 1 {
        let mut spare = list.clone();
        sort_into(&mut spare, &mut list, compare);
    }
    list
}

/// Sorts what is in both slices alike into `target`; `spare` is left in no order.
fn sort_into<T: Copy>(
    spare: &mut [T],
    target: &mut [T],
    compare: &mut impl FnMut(T, T) -> Ordering,
) {
    if target.len() < 2 {
        return;
    }
    let half = target.len() / 2;
    let (Some((spare_left, spare_right)), Some((left, right))) =
        (spare.split_at_mut_checked(half), target.split_at_mut_checked(half))
    else {
        return;
    };
    sort_into(left, spare_left, compare);
    sort_into(right, spare_right, compare);
    let (mut left, mut right) = (spare_left.iter().copied(), spare_right.iter().copied());
    let (mut one, mut other) = (left.next(), right.next());
    for place in target {
        let takes_left = match (one, other) {
            (Some(one), Some(other)) => compare(one, other).is_le(),
            (one, _) => one.is_some(),
        };
        let (next, side) =
            if takes_left { (&mut one, &mut left) } else { (&mut other, &mut right) };
        if let Some(next) = std::mem::replace(next, side.next()) {
            *place = next;
        }
    }
}
