//! Chance that repeats: a small xorshift generator, seeded per patient. Never for secrets.

/// A sequence of throws that depends on the seed and the index only.
pub struct Dice(u64);

impl Dice {
    pub fn new(seed: u64, index: u64) -> Self {
        // SplitMix64 spreads neighbouring seeds apart; xorshift must not start at zero.
        let mut mixed = seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(index.wrapping_add(1));
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        Self((mixed ^ (mixed >> 31)).max(1))
    }

    fn throw(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }

    /// A whole number from `least` to `most`, both included; `least` where they are in the wrong order.
    pub fn between(&mut self, least: i64, most: i64) -> i64 {
        let span = u64::try_from(most - least).map_or(1, |span| span + 1);
        least + i64::try_from((self.throw() >> 11) % span).unwrap_or(0)
    }

    /// True in `percent` of a hundred throws.
    pub fn chance(&mut self, percent: i64) -> bool {
        self.between(1, 100) <= percent
    }

    /// One of a list that is never empty.
    pub fn pick<T: Copy, const N: usize>(&mut self, list: &[T; N]) -> T {
        const { assert!(N > 0, "there is nothing to pick from") };
        let at = usize::try_from(self.throw() >> 11).unwrap_or(0) % N;
        let [first, ..] = list.as_slice() else { unreachable!("the list is not empty") };
        *list.get(at).unwrap_or(first)
    }
}
