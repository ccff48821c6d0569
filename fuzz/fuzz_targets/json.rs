//! `cargo +nightly fuzz run json`: see `meshward_fuzz::json`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| meshward_fuzz::json(input));
