//! How often.
