//! `cargo +nightly fuzz run target`: see `meshward_fuzz::target`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| meshward_fuzz::target(input));
