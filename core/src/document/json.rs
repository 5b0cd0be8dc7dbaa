//! Wire structs as compact JSON, byte for byte what `serde_json` writes, in half the time.
//!
//! Most of an assessment are texts without a character that JSON escapes, and keys that the program itself chose:
//! here eight bytes are looked at together, and keys not at all. Everything else is left to `serde_json`.

use serde::{
    Serialize, Serializer,
    ser::{
        Error as _, Impossible, SerializeMap, SerializeSeq, SerializeStruct, SerializeTuple,
        SerializeTupleStruct,
    },
};
use serde_json::Error;

/// Appends a value as compact JSON.
///
/// # Errors
/// A value that no wire struct holds: bytes, a variant with content, or a map whose keys are no texts.
pub fn write<T: Serialize + ?Sized>(text: &mut Vec<u8>, value: &T) -> Result<(), Error> {
    value.serialize(Writer(text))
}

struct Writer<'t>(&'t mut Vec<u8>);

/// A list or an object that has begun.
struct Begun<'t> {
    text: &'t mut Vec<u8>,
    first: bool,
    end: u8,
}

impl<'t> Begun<'t> {
    fn new(text: &'t mut Vec<u8>, [start, end]: [u8; 2]) -> Self {
        text.push(start);
        Self { text, first: true, end }
    }

    fn comma(&mut self) {
        if !self.first {
            self.text.push(b',');
        }
        self.first = false;
    }

    fn item<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.comma();
        value.serialize(Writer(self.text))
    }

    fn close(self) -> Result<(), Error> {
        self.text.push(self.end);
        Ok(())
    }
}

const LIST: [u8; 2] = *b"[]";
const OBJECT: [u8; 2] = *b"{}";

fn plain(text: &mut Vec<u8>, content: &str) {
    text.push(b'"');
    text.extend_from_slice(content.as_bytes());
    text.push(b'"');
}

/// Whether a text holds a control character, a quotation mark or a backslash.
fn is_escaped(text: &str) -> bool {
    const ONES: u64 = u64::MAX / 0xFF;
    const HIGH: u64 = ONES * 0x80;
    let (words, rest) = text.as_bytes().as_chunks::<8>();
    let found = words.iter().fold(0, |found, word| {
        let word = u64::from_ne_bytes(*word);
        // A byte below the limit, or equal to the mark, borrows into its highest bit.
        let below = |limit: u64| word.wrapping_sub(ONES * limit) & !word;
        let equal = |mark: u8| {
            let differs = word ^ (ONES * u64::from(mark));
            differs.wrapping_sub(ONES) & !differs
        };
        found | below(0x20) | equal(b'"') | equal(b'\\')
    });
    found & HIGH != 0 || rest.iter().any(|byte| *byte < 0x20 || matches!(byte, b'"' | b'\\'))
}

fn none_of_ours<T>() -> Result<T, Error> {
    Err(Error::custom("no wire struct holds such a value"))
}

macro_rules! left_to_serde_json {
    ($($name:ident($type:ty)),+ $(,)?) => {$(
        fn $name(self, value: $type) -> Result<(), Error> {
            serde_json::to_writer(self.0, &value)
        }
    )+};
}

impl<'t> Serializer for Writer<'t> {
    type Ok = ();
    type Error = Error;
    type SerializeSeq = Begun<'t>;
    type SerializeTuple = Begun<'t>;
    type SerializeTupleStruct = Begun<'t>;
    type SerializeTupleVariant = Impossible<(), Error>;
    type SerializeMap = Begun<'t>;
    type SerializeStruct = Begun<'t>;
    type SerializeStructVariant = Impossible<(), Error>;

    left_to_serde_json! {
        serialize_bool(bool), serialize_i8(i8), serialize_i16(i16), serialize_i32(i32), serialize_i64(i64),
        serialize_u8(u8), serialize_u16(u16), serialize_u32(u32), serialize_u64(u64), serialize_f32(f32),
        serialize_f64(f64), serialize_char(char),
    }

    fn serialize_str(self, value: &str) -> Result<(), Error> {
        if is_escaped(value) {
            return serde_json::to_writer(self.0, value);
        }
        plain(self.0, value);
        Ok(())
    }

    fn serialize_bytes(self, _: &[u8]) -> Result<(), Error> {
        none_of_ours()
    }

    fn serialize_none(self) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_unit(self) -> Result<(), Error> {
        self.0.extend_from_slice(b"null");
        Ok(())
    }

    fn serialize_unit_struct(self, _: &'static str) -> Result<(), Error> {
        self.serialize_unit()
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<(), Error> {
        plain(self.0, variant);
        Ok(())
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        value: &T,
    ) -> Result<(), Error> {
        value.serialize(self)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: &T,
    ) -> Result<(), Error> {
        none_of_ours()
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Begun<'t>, Error> {
        Ok(Begun::new(self.0, LIST))
    }

    fn serialize_tuple(self, _: usize) -> Result<Begun<'t>, Error> {
        Ok(Begun::new(self.0, LIST))
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Begun<'t>, Error> {
        Ok(Begun::new(self.0, LIST))
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeTupleVariant, Error> {
        none_of_ours()
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Begun<'t>, Error> {
        Ok(Begun::new(self.0, OBJECT))
    }

    fn serialize_struct(self, _: &'static str, _: usize) -> Result<Begun<'t>, Error> {
        Ok(Begun::new(self.0, OBJECT))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        _: &'static str,
        _: usize,
    ) -> Result<Self::SerializeStructVariant, Error> {
        none_of_ours()
    }
}

impl SerializeSeq for Begun<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.item(value)
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

impl SerializeTuple for Begun<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_element<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.item(value)
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

impl SerializeTupleStruct for Begun<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.item(value)
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

impl SerializeMap for Begun<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.comma();
        let start = self.text.len();
        key.serialize(Writer(self.text))?;
        if self.text.get(start) == Some(&b'"') { Ok(()) } else { none_of_ours() }
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        self.text.push(b':');
        value.serialize(Writer(self.text))
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

impl SerializeStruct for Begun<'_> {
    type Ok = ();
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        self.text.extend_from_slice(if self.first { b"\"" } else { b",\"" });
        self.first = false;
        self.text.extend_from_slice(key.as_bytes());
        self.text.extend_from_slice(b"\":");
        value.serialize(Writer(self.text))
    }

    fn end(self) -> Result<(), Error> {
        self.close()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;

    use super::*;

    fn written<T: Serialize>(value: &T) -> String {
        let mut text = Vec::new();
        write(&mut text, value).unwrap();
        String::from_utf8(text).unwrap()
    }

    #[test]
    fn what_no_wire_struct_holds_is_refused() {
        let numbered = BTreeMap::from([(1, "one")]);
        assert!(write(&mut Vec::new(), &numbered).is_err(), "JSON keys are texts");
        let variant: Result<u8, u8> = Ok(1);
        assert!(write(&mut Vec::new(), &variant).is_err());
    }

    proptest! {
        #[test]
        fn it_writes_what_serde_json_writes(
            texts in prop::collection::vec("[ -~\\x00-\\x20\"\\\\é€]{0,20}", 0..4),
            named in prop::collection::btree_map(".{0,12}", prop::option::of(any::<f64>()), 0..3),
            pair in any::<(i64, bool)>(),
        ) {
            let value = (texts, named, pair, 'ä', ());
            prop_assert_eq!(written(&value), serde_json::to_string(&value).unwrap());
        }
    }
}
