//! The corpus, and a fake host for unit tests.
