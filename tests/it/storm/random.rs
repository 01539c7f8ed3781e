//! Random numbers of a storm: the seed decides all of them.

use std::time::Duration;

/// Generator of random numbers (SplitMix64).
pub struct StormRandom(u64);

impl StormRandom {
    pub fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        mixed ^ (mixed >> 31)
    }

    /// Returns a number below the limit.
    pub fn below(&mut self, limit: u64) -> u64 {
        self.next() % limit.max(1)
    }

    /// Returns true in this share of the cases.
    pub fn percent(&mut self, percent: u64) -> bool {
        self.below(100) < percent
    }

    pub fn pick<T: Copy>(&mut self, choices: &[T]) -> T {
        choices[usize::try_from(self.below(choices.len() as u64)).unwrap_or(0)]
    }

    /// Returns a duration: mostly short, sometimes of the order of the limit.
    pub fn duration(&mut self, limit_ms: u64) -> Duration {
        let limit = match self.below(4) {
            0 => limit_ms,
            1 => limit_ms / 4,
            _ => limit_ms / 20,
        };
        Duration::from_millis(self.below(limit + 1))
    }
}
