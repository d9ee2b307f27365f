//! A program that is nothing but a channel's child process: what tests start in place of `gevinst`.

fn main() {
    gevinst_host::child_main_if_asked(std::env::args_os());
    std::process::exit(2);
}
