//! Deterministic random numbers: jitter, shuffles and faults depend on a seed, not on the machine.

/// Returns a number determined by the parts alone.
pub(super) fn mix(parts: &[u64]) -> u64 {
    parts.iter().fold(0, |state, part| step(state ^ part))
}

/// Returns a text as a part for [`mix`].
pub(super) fn text(text: &str) -> u64 {
    // FNV-1a: short and stable across versions of Rust, unlike the standard library's hasher.
    text.bytes()
        .fold(0xcbf2_9ce4_8422_2325, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3))
}

/// Returns the indices `0..length` in an order determined by the seed.
pub(super) fn order(length: usize, seed: u64) -> Vec<usize> {
    let mut indices: Vec<(u64, usize)> =
        (0..length).map(|index| (mix(&[seed, index as u64]), index)).collect();
    indices.sort_unstable();
    indices.into_iter().map(|(_, index)| index).collect()
}

/// Single step of SplitMix64.
fn step(state: u64) -> u64 {
    let mut z = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
