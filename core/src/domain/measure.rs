//! Numbers with their unit. Stored unrounded: rounding hides or makes growth.

/// Why a number is refused.
#[derive(Debug, Clone, Copy, PartialEq, thiserror::Error)]
pub enum MeasureError {
    /// Not above zero.
    #[error("must be above 0; leave it out where it was not measured")]
    NotPositive,
    /// Below zero.
    #[error("must not be below 0")]
    Negative,
    /// Beyond what the body allows: a slip of unit or digits.
    #[error("is beyond {0}; check the unit and the digits")]
    Beyond(f64),
}

macro_rules! measure {
    ($($(#[$meta:meta])* $name:ident ($lowest:ident, $limit:literal);)+) => {$(
        $(#[$meta])*
        #[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
        pub struct $name(f64);

        impl $name {
            /// Checks the number against what can be measured at all.
            ///
            /// # Errors
            /// Names the limit that is broken.
            pub fn new(value: f64) -> Result<Self, MeasureError> {
                measure!(@lowest $lowest value);
                if value > $limit {
                    return Err(MeasureError::Beyond($limit));
                }
                Ok(Self(value))
            }

            /// The number in its unit.
            #[must_use]
            pub const fn get(self) -> f64 {
                self.0
            }
        }
    )+};
    (@lowest positive $value:ident) => {
        if $value.is_nan() || $value <= 0.0 {
            return Err(MeasureError::NotPositive);
        }
    };
    (@lowest signed $value:ident) => {
        if $value.is_nan() || $value < -1_000.0 {
            return Err(MeasureError::Beyond(-1_000.0));
        }
    };
    (@lowest zero $value:ident) => {
        if $value.is_nan() || $value < 0.0 {
            return Err(MeasureError::Negative);
        }
    };
}

measure! {
    /// A length in millimetres, above 0. The bound is half a metre: past it the unit is wrong.
    Millimetres(positive, 500.0);
    /// A distance or margin in millimetres, 0 included.
    DistanceMm(zero, 500.0);
    /// One coordinate of a place in the chest, millimetres; may be below 0.
    CoordinateMm(signed, 1_000.0);
    /// A length in centimetres, above 0.
    Centimetres(positive, 100.0);
    /// A volume in cubic millimetres, above 0.
    CubicMillimetres(positive, 100_000_000.0);
    /// A share in percent, 0 to 100.
    Percent(zero, 100.0);
    /// A percentage of the predicted value, 0 to 300.
    PercentPredicted(zero, 300.0);
    /// A volume in litres, above 0.
    Litres(positive, 15.0);
    /// A radiation dose of an imaging study in millisievert.
    Millisievert(zero, 1_000.0);
    /// A radiation dose of a therapy in gray, above 0.
    Gray(positive, 200.0);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn zero_is_a_margin_but_not_a_diameter() {
        assert_eq!(Millimetres::new(0.0), Err(MeasureError::NotPositive));
        assert_eq!(DistanceMm::new(0.0).map(DistanceMm::get), Ok(0.0));
        assert_eq!(DistanceMm::new(-0.1), Err(MeasureError::Negative));
    }

    #[test]
    fn what_no_body_holds_is_refused() {
        assert_eq!(Millimetres::new(500.0).map(Millimetres::get), Ok(500.0));
        assert_eq!(Millimetres::new(500.1), Err(MeasureError::Beyond(500.0)));
        assert_eq!(Millimetres::new(f64::NAN), Err(MeasureError::NotPositive));
        assert_eq!(Millimetres::new(f64::INFINITY), Err(MeasureError::Beyond(500.0)));
    }
}
