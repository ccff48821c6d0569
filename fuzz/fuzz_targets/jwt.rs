//! `cargo +nightly fuzz run jwt`: see `meshward_fuzz::jwt`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| meshward_fuzz::jwt(input));
