//! The `meshward` command.

fn main() {}
