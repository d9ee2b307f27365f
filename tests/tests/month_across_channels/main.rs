//! A month across e-mail, native advertising and LinkedIn, by the program: what it decides, what it keeps to itself, and several
//! channels at once in one process.

mod month;
mod secrets;
mod together;
mod world;
