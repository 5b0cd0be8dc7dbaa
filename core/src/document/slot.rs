//! One slot of a wire struct: what the domain makes of it, and the table form the wire structs are written in.

use super::{
    field::{Field, List, Must, WireValue},
    path::{Path, Problems},
};

/// A part of a document that becomes a part of a domain value and back.
pub trait Slot: Sized {
    /// What the domain holds for it.
    type Domain;

    /// Reads the part; `None` only after a problem was reported.
    fn read(self, at: Path<'_>, problems: &mut Problems) -> Option<Self::Domain>;

    /// Writes the part.
    fn write(value: &Self::Domain) -> Self;

    /// Whether the key is left out of the document.
    fn is_absent(&self) -> bool {
        false
    }
}

impl<T: WireValue + Clone> Slot for Field<T> {
    type Domain = T;

    fn read(self, at: Path<'_>, problems: &mut Problems) -> Option<T> {
        self.into_result().map_err(|problem| problems.report(at, problem)).ok()
    }

    fn write(value: &T) -> Self {
        Self::new(value.clone())
    }
}

impl<T: WireValue + Clone> Slot for Must<T> {
    type Domain = T;

    fn read(self, at: Path<'_>, problems: &mut Problems) -> Option<T> {
        let Some(field) = self.0 else {
            problems.report(at, format!("is missing; give {}", T::remedy()));
            return None;
        };
        field.read(at, problems)
    }

    fn write(value: &T) -> Self {
        Self::new(value.clone())
    }
}

impl<S: Slot> Slot for Option<S> {
    type Domain = Option<S::Domain>;

    fn read(self, at: Path<'_>, problems: &mut Problems) -> Option<Self::Domain> {
        // A part that cannot be read is already reported, and a document with a problem is never used.
        Some(self.and_then(|slot| slot.read(at, problems)))
    }

    fn write(value: &Self::Domain) -> Self {
        value.as_ref().map(S::write)
    }

    fn is_absent(&self) -> bool {
        self.is_none()
    }
}

impl<S: Slot> Slot for List<S> {
    type Domain = Vec<S::Domain>;

    fn read(self, at: Path<'_>, problems: &mut Problems) -> Option<Self::Domain> {
        let length = self.0.len();
        let mut read = Vec::with_capacity(length);
        for (index, slot) in self.0.into_iter().enumerate() {
            read.extend(slot.read(at.index(index), problems));
        }
        if read.len() < length {
            problems.drop_entry();
        }
        Some(read)
    }

    fn write(value: &Self::Domain) -> Self {
        Self(value.iter().map(S::write).collect())
    }

    fn is_absent(&self) -> bool {
        self.0.is_empty()
    }
}

/// Declares a wire struct. Each line is a key of the contract, in its order: `field: Type`, or
/// `field ("key"): Type` where the domain calls it otherwise. With `for Domain` the struct is also read into
/// and written from the domain type, field by field; without it the file does so by hand. The name stands twice
/// because serde wants it as a text to let an object, and nothing else, become the struct.
macro_rules! wire {
    ($(#[$meta:meta])* $name:ident ($own:literal) for $domain:ident {
        $($(#[$field_meta:meta])* $field:ident $(($key:literal))?: $type:ty,)+
    }) => {
        wire! { $(#[$meta])* $name ($own) { $($(#[$field_meta])* $field $(($key))?: $type,)+ } }

        impl $crate::document::slot::Slot for $name {
            type Domain = $domain;

            fn read(
                self,
                at: $crate::document::path::Path<'_>,
                problems: &mut $crate::document::path::Problems,
            ) -> Option<$domain> {
                $(let $field = $crate::document::slot::Slot::read(
                    self.$field,
                    at.key(wire!(@key $field $($key)?)),
                    problems,
                );)+
                Some($domain { $($field: $field?,)+ })
            }

            fn write(value: &$domain) -> Self {
                Self { $($field: $crate::document::slot::Slot::write(&value.$field),)+ }
            }
        }
    };
    ($(#[$meta:meta])* $name:ident ($own:literal) {
        $($(#[$field_meta:meta])* $field:ident $(($key:literal))?: $type:ty,)+
    }) => {
        $(#[$meta])*
        #[derive(Debug, Clone, PartialEq, Default, serde::Serialize, serde::Deserialize, schemars::JsonSchema)]
        #[serde(deny_unknown_fields, remote = $own)]
        pub struct $name {
            $(
                $(#[$field_meta])*
                #[serde(default, skip_serializing_if = "crate::document::slot::Slot::is_absent")]
                $(#[serde(rename = $key)])?
                pub $field: $type,
            )+
        }

        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                Self::serialize(self, serializer)
            }
        }

        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::deserialize($crate::document::object::ObjectOnly(deserializer))
            }
        }
    };
    (@key $field:ident) => { stringify!($field) };
    (@key $field:ident $key:literal) => { $key };
}

pub(crate) use wire;
