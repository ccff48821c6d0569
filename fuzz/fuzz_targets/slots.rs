//! `cargo +nightly fuzz run slots`: see `meshward_fuzz::slots`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| meshward_fuzz::slots(input));
