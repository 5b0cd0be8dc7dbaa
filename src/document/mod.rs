//! The wire formats `lobewatch.history/1` and `lobewatch.assessment/1`.
