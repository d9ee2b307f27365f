//! The program `gevinst`.
fn main() {}
