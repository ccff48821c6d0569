//! `cargo +nightly fuzz run policy`: see `meshward_fuzz::policy`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| meshward_fuzz::policy(input));
