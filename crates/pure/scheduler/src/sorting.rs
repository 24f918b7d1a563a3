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
    if list.len() < 2 {
        return list;
    }
    let mut left = list;
    let right = left.split_off(left.len() / 2);
    let left = merge_sort(left, compare);
    let right = merge_sort(right, compare);
    let mut merged = Vec::with_capacity(left.len() + right.len());
    let (mut left, mut right) = (left.into_iter().peekable(), right.into_iter().peekable());
    while let (Some(one), Some(other)) = (left.peek(), right.peek()) {
        let next = if compare(*one, *other).is_le() { left.next() } else { right.next() };
        merged.extend(next);
    }
    merged.extend(left);
    merged.extend(right);
    merged
}
