//! `cargo +nightly fuzz run graphql`: see `meshward_fuzz::graphql`.
#![no_main]

libfuzzer_sys::fuzz_target!(|input: &[u8]| meshward_fuzz::graphql(input));
