//! SeaORM models of lobewatch: one file per table, no behaviour.
