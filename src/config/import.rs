//! `[import]`: the bounds of an import, which keep memory and transactions small.

use super::reader::Reader;

/// The bounds of an import.
#[derive(Debug, Clone)]
pub struct ImportSettings {
    /// The largest single document, in bytes.
    pub max_document_bytes: u64,
    /// The most nodules in one document.
    pub max_nodules_per_document: usize,
    /// How many documents share a transaction.
    pub documents_per_transaction: usize,
}

impl ImportSettings {
    pub(super) fn read(reader: &mut Reader) -> Option<Self> {
        let bytes = reader.number("import.max_document_bytes", 1024..=1 << 30);
        let nodules = reader.number("import.max_nodules_per_document", 1..=1_000_000);
        let documents = reader.number("import.documents_per_transaction", 1..=10_000);
        Some(Self {
            max_document_bytes: bytes?,
            max_nodules_per_document: usize::try_from(nodules?).ok()?,
            documents_per_transaction: usize::try_from(documents?).ok()?,
        })
    }
}
