//! A share of a whole with its Wilson interval.

/// A whole smaller than this is a small number: its share is shown with that mark.
///
/// Reporting convention of the clinical reference, needs local approval.
pub const SMALL_BELOW: u32 = 30;

/// Standard normal quantile of a two-sided 95 per cent interval.
const Z: f64 = 1.959_963_984_540_054;

/// A count out of a whole.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Proportion {
    count: u32,
    whole: u32,
}

/// Bounds of a share, each between 0 and 1.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Interval {
    /// Lower bound.
    pub lower: f64,
    /// Upper bound.
    pub upper: f64,
}

impl Proportion {
    /// `None` where there is no whole, or the count is more than the whole.
    #[must_use]
    pub const fn new(count: u32, whole: u32) -> Option<Self> {
        if whole == 0 || count > whole { None } else { Some(Self { count, whole }) }
    }

    /// The share, between 0 and 1.
    #[must_use]
    pub fn share(self) -> f64 {
        f64::from(self.count) / f64::from(self.whole)
    }

    /// The 95 per cent interval of Wilson (1927), the score interval without continuity correction.
    ///
    /// It stays between 0 and 1 and does not collapse at none or all, unlike the interval of the normal approximation.
    #[must_use]
    pub fn wilson_95(self) -> Interval {
        let (share, n) = (self.share(), f64::from(self.whole));
        let square = Z * Z;
        let centre = share + square / (2.0 * n);
        let half = Z * (share * (1.0 - share) / n + square / (4.0 * n * n)).sqrt();
        let scale = 1.0 + square / n;
        Interval {
            lower: ((centre - half) / scale).clamp(0.0, 1.0),
            upper: ((centre + half) / scale).clamp(0.0, 1.0),
        }
    }

    /// Whether the whole is so small that the share has to be marked.
    #[must_use]
    pub const fn is_small(self) -> bool {
        self.whole < SMALL_BELOW
    }

    /// The share with its interval in percent, one decimal: `76.2 % (95 % interval 69.2 to 82.1)`.
    #[must_use]
    pub fn in_words(self) -> String {
        let Interval { lower, upper } = self.wilson_95();
        let [share, lower, upper] = [self.share(), lower, upper].map(|part| part * 100.0);
        format!("{share:.1} % (95 % interval {lower:.1} to {upper:.1})")
    }
}
