//! The C header and its Rust mirror describe the same memory.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on should say where")]
#![expect(clippy::print_stdout, reason = "a test that was skipped should say so")]

use std::mem::{offset_of, size_of};
use std::path::Path;
use std::process::Command;

use gevinst_abi::arrow::{ArrowArray, ArrowArrayStream, ArrowSchema};
use gevinst_abi::raw::{Bytes, ChannelV1, ErrorOut, Head, Host, Sink};
use gevinst_abi::{ABI_MAJOR, ABI_MINOR, Code, HEADER, MAGIC};

/// A line of C: a static assertion that an expression has a value.
fn same(c: &str, rust: impl std::fmt::Display) -> String {
    format!("_Static_assert(({c}) == {rust}, \"{c}\");\n")
}

macro_rules! layout {
    ($out:ident, $c:literal, $rust:ty, [$($field:ident),* $(,)?]) => {
        $out.push_str(&same(concat!("sizeof(", $c, ")"), size_of::<$rust>()));
        $($out.push_str(&same(
            concat!("offsetof(", $c, ", ", stringify!($field), ")"),
            offset_of!($rust, $field),
        ));)*
    };
}

/// What the header must say, from what the mirror says.
fn assertions() -> String {
    let mut out = String::from("#include \"gevinst_channel.h\"\n");
    layout!(out, "gv_bytes", Bytes, [ptr, len]);
    layout!(out, "gv_sink", Sink, [ctx, write]);
    layout!(out, "gv_error", ErrorOut, [struct_size, code, retry_after_ms, field, message]);
    layout!(out, "gv_host", Host, [struct_size, abi_minor, ctx, log, now_us, secret, get_extension]);
    let table = "gevinst_channel_v1_t";
    out.push_str(&same(&format!("sizeof({table})"), size_of::<ChannelV1>()));
    for (field, offset) in [
        ("magic", offset_of!(Head, magic)),
        ("abi_major", offset_of!(Head, abi_major)),
        ("abi_minor", offset_of!(Head, abi_minor)),
        ("struct_size", offset_of!(Head, struct_size)),
        ("reserved", offset_of!(Head, reserved)),
        ("describe", offset_of!(ChannelV1, describe)),
        ("open", offset_of!(ChannelV1, open)),
        ("check", offset_of!(ChannelV1, check)),
        ("apply", offset_of!(ChannelV1, apply)),
        ("query", offset_of!(ChannelV1, query)),
        ("observe", offset_of!(ChannelV1, observe)),
        ("cancel", offset_of!(ChannelV1, cancel)),
        ("close", offset_of!(ChannelV1, close)),
        ("get_extension", offset_of!(ChannelV1, get_extension)),
    ] {
        out.push_str(&same(&format!("offsetof({table}, {field})"), offset));
    }
    layout!(
        out,
        "struct ArrowSchema",
        ArrowSchema,
        [format, name, metadata, flags, n_children, children, dictionary, release, private_data]
    );
    layout!(
        out,
        "struct ArrowArray",
        ArrowArray,
        [
            length,
            null_count,
            offset,
            n_buffers,
            n_children,
            buffers,
            children,
            dictionary,
            release,
            private_data
        ]
    );
    layout!(
        out,
        "struct ArrowArrayStream",
        ArrowArrayStream,
        [get_schema, get_next, get_last_error, release, private_data]
    );
    out.push_str(&same("GEVINST_MAGIC", format!("UINT64_C({MAGIC})")));
    out.push_str(&same("GEVINST_ABI_MAJOR", ABI_MAJOR));
    out.push_str(&same("GEVINST_ABI_MINOR", ABI_MINOR));
    for (name, code) in [
        ("GV_BAD_CONFIG", Code::BadConfig),
        ("GV_BAD_REQUEST", Code::BadRequest),
        ("GV_UNSUPPORTED", Code::Unsupported),
        ("GV_AUTH", Code::Auth),
        ("GV_RATE_LIMITED", Code::RateLimited),
        ("GV_UNAVAILABLE", Code::Unavailable),
        ("GV_NOT_APPLIED", Code::NotApplied),
        ("GV_UNKNOWN_OUTCOME", Code::UnknownOutcome),
        ("GV_CANCELLED", Code::Cancelled),
        ("GV_TOO_LARGE", Code::TooLarge),
        ("GV_INTERNAL", Code::Internal),
    ] {
        out.push_str(&same(name, code as i32));
        assert_eq!(Code::from_i32(code as i32), Some(code), "{name}");
    }
    // The types of the slots, not only their places.
    out.push_str(
        "static int32_t describe(gv_sink o, gv_error *e) { (void)o; (void)e; return GV_OK; }\n\
         const gevinst_channel_v1_t gevinst_channel_v1 = { .magic = GEVINST_MAGIC, .abi_major = 1,\n\
         .struct_size = sizeof(gevinst_channel_v1_t), .describe = describe };\n",
    );
    out
}

fn compile(dir: &Path, compiler: &str, arguments: &[&str], source: &str, name: &str) -> Option<String> {
    std::fs::write(dir.join("gevinst_channel.h"), HEADER).unwrap();
    let input = dir.join(name);
    std::fs::write(&input, source).unwrap();
    let output = Command::new(compiler)
        .args(arguments)
        .args(["-Wall", "-Wextra", "-Werror", "-fsyntax-only"])
        .arg(&input)
        .output();
    match output {
        Ok(output) => Some(String::from_utf8_lossy(&output.stderr).into_owned()),
        Err(error) => {
            println!("skipped: no compiler `{compiler}` ({error})");
            None
        }
    }
}

/// Protects plugins in C from a header that says something else than the host does.
#[test]
fn the_header_is_strict_c11_and_lays_out_as_the_mirror() {
    let dir = tempfile::tempdir().unwrap();
    let arguments = ["-std=c11", "-pedantic"];
    if let Some(errors) = compile(dir.path(), "cc", &arguments, &assertions(), "layout.c") {
        assert_eq!(errors, "");
        // The check itself can fail: an assertion that is false is an error.
        let wrong = assertions().replace("sizeof(gv_error)) == 1032", "sizeof(gv_error)) == 1031");
        assert_ne!(compile(dir.path(), "cc", &arguments, &wrong, "wrong.c").unwrap(), "");
    }
}

/// Protects plugins in C++.
#[test]
fn the_header_is_cpp_as_well() {
    let dir = tempfile::tempdir().unwrap();
    let source =
        "#include \"gevinst_channel.h\"\nint main() { return sizeof(gevinst_channel_v1) == 96 ? 0 : 1; }\n";
    if let Some(errors) = compile(dir.path(), "c++", &["-std=c++17"], source, "main.cpp") {
        assert_eq!(errors, "");
    }
}
