//! Wire fields that keep a wrong value's sentence instead of stopping the document at it.

use std::{borrow::Cow, fmt, marker::PhantomData};

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{
    Deserialize, Deserializer, Serialize, Serializer,
    de::{self, IgnoredAny, MapAccess, SeqAccess, Visitor},
};

/// The marker of a required key in a generated schema; [`super::schema`] turns it into `required`.
pub(crate) const REQUIRED_MARK: &str = "x-lobewatch-required";

/// A domain value that a document carries as one text, number or truth value.
pub trait WireValue: Sized {
    /// What a document must hold here, such as `a text`.
    const EXPECTED: &'static str;

    /// Reads a text.
    ///
    /// # Errors
    /// A sentence that says what is wrong and what to write instead.
    fn from_text(text: &str) -> Result<Self, String> {
        Err(wrong_type(Self::EXPECTED, &format!("the text `{}`", shown(text))))
    }

    /// Reads a number without a fraction.
    ///
    /// # Errors
    /// As [`WireValue::from_text`].
    fn from_whole(number: u64) -> Result<Self, String> {
        Err(wrong_type(Self::EXPECTED, &format!("the number {number}")))
    }

    /// Reads any other number.
    ///
    /// # Errors
    /// As [`WireValue::from_text`].
    fn from_number(number: f64) -> Result<Self, String> {
        Err(wrong_type(Self::EXPECTED, &format!("the number {number}")))
    }

    /// Reads `true` or `false`.
    ///
    /// # Errors
    /// As [`WireValue::from_text`].
    fn from_bool(value: bool) -> Result<Self, String> {
        Err(wrong_type(Self::EXPECTED, &format!("{value}")))
    }

    /// What to give where the value is missing.
    #[must_use]
    fn remedy() -> String {
        Self::EXPECTED.to_owned()
    }

    /// Writes the value as documents carry it.
    ///
    /// # Errors
    /// Those of the serializer.
    fn write<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error>;

    /// The JSON Schema of the value.
    fn schema() -> Schema;
}

fn wrong_type(expected: &str, found: &str) -> String {
    format!("must be {expected}, not {found}; correct the value")
}

/// At most 60 characters of a text, for a message; control characters are made visible.
pub(crate) fn shown(text: &str) -> String {
    let mut characters = text.chars();
    let mut start = String::new();
    for character in characters.by_ref().take(60) {
        if character.is_control() {
            start.extend(character.escape_unicode());
        } else {
            start.push(character);
        }
    }
    if characters.next().is_some() { format!("{start}…") } else { start }
}

/// One value of a document: read, or the sentence about what is wrong with it.
#[derive(Debug, Clone, PartialEq)]
pub struct Field<T>(Result<T, Box<str>>);

impl<T> Field<T> {
    /// A legal value.
    pub const fn new(value: T) -> Self {
        Self(Ok(value))
    }

    /// The value, or what is wrong with it.
    ///
    /// # Errors
    /// The sentence about the value that was found.
    pub fn into_result(self) -> Result<T, Box<str>> {
        self.0
    }

    /// The value, where it is legal.
    pub fn value(&self) -> Option<&T> {
        self.0.as_ref().ok()
    }
}

impl<T: WireValue> Serialize for Field<T> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.0 {
            Ok(value) => value.write(serializer),
            Err(problem) => serializer.serialize_str(problem),
        }
    }
}

impl<'de, T: WireValue> Deserialize<'de> for Field<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(FieldVisitor(PhantomData))
    }
}

struct FieldVisitor<T>(PhantomData<T>);

impl<T> FieldVisitor<T> {
    fn field<E>(read: Result<T, String>) -> Result<Field<T>, E> {
        Ok(Field(read.map_err(String::into_boxed_str)))
    }
}

impl<'de, T: WireValue> Visitor<'de> for FieldVisitor<T> {
    type Value = Field<T>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(T::EXPECTED)
    }

    fn visit_str<E: de::Error>(self, text: &str) -> Result<Field<T>, E> {
        Self::field(T::from_text(text))
    }

    fn visit_bool<E: de::Error>(self, value: bool) -> Result<Field<T>, E> {
        Self::field(T::from_bool(value))
    }

    fn visit_u64<E: de::Error>(self, number: u64) -> Result<Field<T>, E> {
        Self::field(T::from_whole(number))
    }

    fn visit_i64<E: de::Error>(self, number: i64) -> Result<Field<T>, E> {
        // Only negative numbers come this way; no whole field takes one, and a measure says so itself.
        #[expect(
            clippy::cast_precision_loss,
            reason = "the number is refused or shown, never stored rounded"
        )]
        Self::field(T::from_number(number as f64))
    }

    fn visit_f64<E: de::Error>(self, number: f64) -> Result<Field<T>, E> {
        Self::field(T::from_number(number))
    }

    fn visit_unit<E: de::Error>(self) -> Result<Field<T>, E> {
        Self::field(Err("must not be null here; leave the entry out".to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<Field<T>, A::Error> {
        while list.next_element::<IgnoredAny>()?.is_some() {}
        Self::field(Err(wrong_type(T::EXPECTED, "a list")))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut object: A) -> Result<Field<T>, A::Error> {
        while object.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Self::field(Err(wrong_type(T::EXPECTED, "an object")))
    }
}

impl<T: WireValue> JsonSchema for Field<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Field".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        T::schema()
    }
}

/// A required value; absent and null are both "missing" and are reported with all other problems.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(transparent, bound(serialize = "T: WireValue", deserialize = "T: WireValue"))]
pub struct Must<T>(pub(crate) Option<Field<T>>);

impl<T> Must<T> {
    /// A legal value.
    pub const fn new(value: T) -> Self {
        Self(Some(Field::new(value)))
    }

    /// The value, where it is there and legal.
    pub fn value(&self) -> Option<&T> {
        self.0.as_ref()?.value()
    }
}

impl<T> Default for Must<T> {
    fn default() -> Self {
        Self(None)
    }
}

impl<T: WireValue> JsonSchema for Must<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        "Must".into()
    }

    fn json_schema(_: &mut SchemaGenerator) -> Schema {
        let mut schema = T::schema();
        schema.insert(REQUIRED_MARK.to_owned(), true.into());
        schema
    }
}

/// A list; absent, null and empty all mean that nothing was reported.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(transparent)]
pub struct List<T>(pub Vec<T>);

impl<T> Default for List<T> {
    fn default() -> Self {
        Self(Vec::new())
    }
}

impl<'de, T: Deserialize<'de>> Deserialize<'de> for List<T> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Option::<Vec<T>>::deserialize(deserializer).map(|list| Self(list.unwrap_or_default()))
    }
}

impl<T: JsonSchema> JsonSchema for List<T> {
    fn inline_schema() -> bool {
        true
    }

    fn schema_name() -> Cow<'static, str> {
        format!("List_of_{}", T::schema_name()).into()
    }

    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        Option::<Vec<T>>::json_schema(generator)
    }
}
