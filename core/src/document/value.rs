//! How each domain value is written in a document: texts, dates, codes, numbers.

use std::num::NonZeroU32;

use schemars::{Schema, json_schema};
use serde::Serializer;

use super::field::{WireValue, shown};
use crate::domain::{
    dates::{DateError, DayText, PartialDate},
    lung::{Lobe, Place, Segment},
    measure::{
        Centimetres, CoordinateMm, CubicMillimetres, DistanceMm, Gray, Litres, Millimetres, Millisievert,
        Percent, PercentPredicted,
    },
    operation::Asa,
    patient::Ecog,
    primary::Morphology,
    text::{ClinicSlug, NoduleId, OperationId, PrimaryId, StudyId, StudyKey, Text, TherapyId, TreatmentId},
    tier::Tier,
    vocabulary::Vocabulary,
};

/// The largest number a document writes without a fraction: above it, not every whole number is exact.
const LARGEST_WHOLE: f64 = 9_007_199_254_740_992.0;

fn not_one_of(text: &str, codes: impl Iterator<Item = &'static str>) -> String {
    format!("`{}` is not a known value; write {}", shown(text), one_of(codes))
}

fn one_of(codes: impl Iterator<Item = &'static str>) -> String {
    let codes: Vec<_> = codes.map(|code| format!("`{code}`")).collect();
    format!("one of {}", codes.join(", "))
}

fn enum_schema(codes: impl Iterator<Item = &'static str>) -> Schema {
    let codes: Vec<_> = codes.collect();
    json_schema!({ "type": "string", "enum": codes })
}

impl<T: Vocabulary> WireValue for T {
    const EXPECTED: &'static str = "a text";

    fn from_text(text: &str) -> Result<Self, String> {
        T::parse(text).ok_or_else(|| not_one_of(text, T::ALL.iter().map(|value| value.code())))
    }

    fn remedy() -> String {
        one_of(T::ALL.iter().map(|value| value.code()))
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.code())
    }

    fn schema() -> Schema {
        enum_schema(T::ALL.iter().map(|value| value.code()))
    }
}

/// Closed lists of codes that are no `Vocabulary`.
macro_rules! coded {
    ($($name:ty, $all:expr;)+) => {$(
        impl WireValue for $name {
            const EXPECTED: &'static str = "a text";

            fn from_text(text: &str) -> Result<Self, String> {
                Self::parse(text).ok_or_else(|| not_one_of(text, $all))
            }

            fn remedy() -> String {
                one_of($all)
            }

            fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.code())
            }

            fn schema() -> Schema {
                enum_schema($all)
            }
        }
    )+};
}

coded! {
    Lobe, Lobe::ALL.into_iter().map(Lobe::code);
    Place, Place::ALL.into_iter().map(Place::code);
    Segment, Segment::ALL.into_iter().map(Segment::code);
    Tier, Tier::ALL.into_iter().map(Tier::code);
    HistoryFormat, [HistoryFormat.code()].into_iter();
    Lingula, [Lingula.code()].into_iter();
}

/// The value of `format` in a history document.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct HistoryFormat;

impl HistoryFormat {
    /// The code of the format and its version.
    #[must_use]
    pub const fn code(self) -> &'static str {
        "lobewatch.history/1"
    }

    fn parse(text: &str) -> Option<Self> {
        (text == Self.code()).then_some(Self)
    }
}

/// The only value of a nodule's `sub`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lingula;

impl Lingula {
    /// The code.
    #[must_use]
    pub const fn code(self) -> &'static str {
        "lingula"
    }

    fn parse(text: &str) -> Option<Self> {
        (text == Self.code()).then_some(Self)
    }
}

/// Texts with a parser of their own.
macro_rules! texts {
    ($($name:ty, $longest:literal;)+) => {$(
        impl WireValue for $name {
            const EXPECTED: &'static str = "a text";

            fn from_text(text: &str) -> Result<Self, String> {
                Self::parse(text).map_err(|error| format!("`{}` {error}", shown(text)))
            }

            fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }

            fn schema() -> Schema {
                json_schema!({ "type": "string", "minLength": 1, "maxLength": $longest })
            }
        }
    )+};
}

texts! {
    Text, 10_000;
    StudyId, 100;
    ClinicSlug, 100;
    NoduleId, 100;
    StudyKey, 100;
    OperationId, 100;
    TherapyId, 100;
    TreatmentId, 100;
    PrimaryId, 100;
}

impl WireValue for PartialDate {
    const EXPECTED: &'static str = "a date as text";

    fn from_text(text: &str) -> Result<Self, String> {
        // No date is this long; an endless text must not come back whole in the message.
        if text.len() > 60 {
            return Err(DateError::Form(shown(text)).to_string());
        }
        text.parse().map_err(|error: DateError| error.to_string())
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.exact().and_then(DayText::of) {
            Some(text) => serializer.serialize_str(text.as_str()),
            None => serializer.collect_str(self),
        }
    }

    fn schema() -> Schema {
        const PLAIN: &str = r"\d{4}(-\d{2}(-\d{2})?)?";
        let pattern = format!(r"^({PLAIN}|\[{PLAIN}\.\.({PLAIN})?\]|\[\.\.{PLAIN}\])$");
        json_schema!({ "type": "string", "pattern": pattern })
    }
}

impl WireValue for Morphology {
    const EXPECTED: &'static str = "a text";

    fn from_text(text: &str) -> Result<Self, String> {
        Self::parse(text).ok_or_else(|| {
            format!(
                "`{}` is not a morphology code; write four digits, a slash and the behaviour digit, such as 9180/3",
                shown(text)
            )
        })
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }

    fn schema() -> Schema {
        json_schema!({ "type": "string", "pattern": "^[89][0-9]{3}/[012369]$" })
    }
}

impl WireValue for bool {
    const EXPECTED: &'static str = "true or false";

    fn from_bool(value: bool) -> Result<Self, String> {
        Ok(value)
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(*self)
    }

    fn schema() -> Schema {
        json_schema!({ "type": "boolean" })
    }
}

impl WireValue for u32 {
    const EXPECTED: &'static str = "a whole number from 0";

    fn from_whole(number: u64) -> Result<Self, String> {
        Self::try_from(number).map_err(|_| format!("{number} is too large; check the digits"))
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(*self)
    }

    fn schema() -> Schema {
        json_schema!({ "type": "integer", "minimum": 0, "maximum": u32::MAX })
    }
}

impl WireValue for NonZeroU32 {
    const EXPECTED: &'static str = "a whole number from 1";

    fn from_whole(number: u64) -> Result<Self, String> {
        let number = u32::from_whole(number)?;
        Self::new(number)
            .ok_or_else(|| "must be at least 1; leave the entry out where there is none".to_owned())
    }

    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_u32(self.get())
    }

    fn schema() -> Schema {
        json_schema!({ "type": "integer", "minimum": 1, "maximum": u32::MAX })
    }
}

/// Small classes with a closed range.
macro_rules! classes {
    ($($name:ty, $least:literal, $most:literal, $expected:literal;)+) => {$(
        impl WireValue for $name {
            const EXPECTED: &'static str = $expected;

            fn from_whole(number: u64) -> Result<Self, String> {
                u8::try_from(number).ok().and_then(Self::new).ok_or_else(|| {
                    format!("{number} is not a known class; write {}", Self::EXPECTED)
                })
            }

            fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_u8(self.get())
            }

            fn schema() -> Schema {
                json_schema!({ "type": "integer", "minimum": $least, "maximum": $most })
            }
        }
    )+};
}

classes! {
    Asa, 1, 5, "a whole number from 1 to 5";
    Ecog, 0, 5, "a whole number from 0 to 5";
}

/// Numbers with a unit, written without a fraction where they have none.
macro_rules! measures {
    ($($name:ty, $low:literal: $least:literal, $most:literal;)+) => {$(
        impl WireValue for $name {
            const EXPECTED: &'static str = "a number";

            fn from_whole(number: u64) -> Result<Self, String> {
                #[expect(clippy::cast_precision_loss, reason = "what is too large to be exact is refused by its limit")]
                Self::from_number(number as f64)
            }

            fn from_number(number: f64) -> Result<Self, String> {
                Self::new(number).map_err(|error| format!("{number} {error}"))
            }

            fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                write_number(self.get(), serializer)
            }

            fn schema() -> Schema {
                json_schema!({ "type": "number", $low: $least, "maximum": $most })
            }
        }
    )+};
}

measures! {
    Millimetres, "exclusiveMinimum": 0, 500;
    DistanceMm, "minimum": 0, 500;
    CoordinateMm, "minimum": -1_000, 1_000;
    Centimetres, "exclusiveMinimum": 0, 100;
    CubicMillimetres, "exclusiveMinimum": 0, 100_000_000;
    Percent, "minimum": 0, 100;
    PercentPredicted, "minimum": 0, 300;
    Litres, "exclusiveMinimum": 0, 15;
    Millisievert, "minimum": 0, 1_000;
    Gray, "exclusiveMinimum": 0, 200;
}

fn write_number<S: Serializer>(number: f64, serializer: S) -> Result<S::Ok, S::Error> {
    if number.fract() == 0.0 && number.abs() < LARGEST_WHOLE {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "whole and within the exact range, as just checked"
        )]
        return serializer.serialize_i64(number as i64);
    }
    serializer.serialize_f64(number)
}
