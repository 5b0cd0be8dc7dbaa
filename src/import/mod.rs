//! Bytes to documents: streaming, bounded, with file, line and JSON path.
