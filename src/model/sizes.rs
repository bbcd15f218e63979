//! Classes of frames by their length.

/// The shortest frame that is longer than those that Ethernet carries without an agreement on longer ones.
pub const BEYOND_ETHERNET: u32 = 1519;

/// Frames longer than this never crossed Ethernet, even with jumbo frames (9216 bytes and 22 of header).
pub const BEYOND_JUMBO: u32 = 9216 + 22;

/// RMON size classes (RFC 2819 etherStatsPkts…), with what is longer divided as switches do: baby giants, with room for tags and labels, jumbo frames,
/// and what no link carries. Lower and upper bounds in bytes of the captured frame without FCS.
pub const SIZE_CLASSES: [(u32, u32); 9] = [
    (0, 64),
    (65, 127),
    (128, 255),
    (256, 511),
    (512, 1023),
    (1024, BEYOND_ETHERNET - 1),
    (BEYOND_ETHERNET, 1600),
    (1601, BEYOND_JUMBO),
    (BEYOND_JUMBO + 1, u32::MAX),
];

/// The size class of a wire length.
#[inline]
pub fn size_class(wire: u32) -> usize {
    // Powers of two from 128 to 1024 by their bits; the others do not begin at one.
    let doublings = wire.clamp(64, 1024).ilog2() - 6;
    let beyond = usize::from(wire >= BEYOND_ETHERNET) + usize::from(wire > 1600) + usize::from(wire > BEYOND_JUMBO);
    doublings as usize + usize::from(wire > 64) + beyond
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_length_is_in_the_class_whose_bounds_hold_it() {
        let bounds = SIZE_CLASSES.iter().flat_map(|(from, to)| [*from, *to]);
        for wire in bounds.chain(1..10_000) {
            let (from, to) = SIZE_CLASSES[size_class(wire)];
            assert!((from..=to).contains(&wire), "{wire}: {from} to {to}");
        }
        assert!(SIZE_CLASSES.windows(2).all(|pair| pair[0].1 + 1 == pair[1].0));
    }
}
