//! Disease outside the lung: inside the thorax, or anywhere else.

use super::{
    dates::PartialDate,
    text::Text,
    vocabulary::{ExtrathoracicKind, ThoracicSite},
};

/// Disease inside the thorax but outside the lung.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct ThoracicEvent {
    /// Day.
    pub on: Option<PartialDate>,
    /// Site.
    pub site: Option<ThoracicSite>,
    /// Whether it is confirmed.
    pub confirmed: Option<bool>,
    /// Whether it was resected.
    pub resected: Option<bool>,
}

/// Disease outside the thorax, recurrence at the primary site included.
#[derive(Debug, Clone, PartialEq)]
pub struct ExtrathoracicEvent {
    /// Day.
    pub on: Option<PartialDate>,
    /// Kind.
    pub kind: Option<ExtrathoracicKind>,
    /// Site in words.
    pub site: Option<Text>,
    /// Whether it was resected.
    pub resected: Option<bool>,
}
