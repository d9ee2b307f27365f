//! Loading a library: the only place where foreign code gets in.
//!
//! RTLD_NOW, so that a missing symbol shows at once; RTLD_LOCAL, so that libraries do not see each other;
//! RTLD_NODELETE and never closed, for threads and callbacks of a plugin may outlive every channel. Magic, major
//! version and required slots are checked before anything is called. Loading itself runs the library's
//! constructors: that is why it happens in a child process.

use std::ffi::c_void;
use std::path::Path;

use gevinst_abi::call::{Table, TableError};
use libloading::os::unix::Library;
use serde::{Deserialize, Serialize};

use crate::error::HostError;

/// Majors whose symbols are looked for, to say "speaks 2.0" rather than "is no plugin".
const MAJORS_LOOKED_FOR: std::ops::RangeInclusive<u32> = 1..=16;

/// Why a library was not loaded, in a form that goes through a pipe.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum LoadError {
    /// The loader refused it.
    NotALibrary(String),
    /// It has no symbol of any major.
    NotAPlugin,
    /// It has another major.
    WrongAbi((u32, u32)),
    /// Its table cannot be used.
    BadTable(String),
}

impl LoadError {
    pub(crate) fn at(self, path: &Path) -> HostError {
        let path = path.to_owned();
        let host = (gevinst_abi::ABI_MAJOR, gevinst_abi::ABI_MINOR);
        match self {
            Self::NotALibrary(reason) => HostError::NotALibrary { path, reason },
            Self::NotAPlugin => HostError::NotAPlugin { path },
            Self::WrongAbi(plugin) => HostError::WrongAbi { path, plugin, host },
            Self::BadTable(reason) => HostError::BadTable { path, reason },
        }
    }
}

/// Loads the library at an absolute path and checks its table.
///
/// # Safety
/// The library's constructors run, and its functions must keep to the contract. Nobody can promise that for
/// foreign code; what is promised is that this process may be lost.
pub(crate) unsafe fn load(path: &Path) -> Result<Table, LoadError> {
    debug_assert!(path.is_absolute(), "the loader would search for {}", path.display());
    let flags = libc::RTLD_NOW | libc::RTLD_LOCAL | libc::RTLD_NODELETE;
    // SAFETY: see above.
    let library =
        unsafe { Library::open(Some(path), flags) }.map_err(|error| LoadError::NotALibrary(chain(&error)))?;
    // Never unloaded: dropping the handle would do no harm with NODELETE, but says the wrong thing.
    let library = std::mem::ManuallyDrop::new(library);
    // SAFETY: a data symbol of that name is a table by the contract; what is there is checked below.
    let symbol = |major: u32| unsafe {
        let name = format!("{}{major}\0", gevinst_abi::SYMBOL_STEM);
        library.get::<*const c_void>(name.as_bytes()).ok().map(|symbol| symbol.into_raw().cast_const())
    };
    let Some(table) = symbol(gevinst_abi::ABI_MAJOR) else {
        let other = MAJORS_LOOKED_FOR.filter_map(symbol).next();
        // SAFETY: the first 24 bytes of a table are the same in every major.
        let head = other.and_then(|table| unsafe { Table::head(table) });
        return Err(match head {
            Some(head) => LoadError::WrongAbi((head.abi_major, head.abi_minor)),
            None => LoadError::NotAPlugin,
        });
    };
    // SAFETY: see above.
    unsafe { Table::check(table) }.map_err(|error| match error {
        TableError::WrongMajor { plugin, .. } => LoadError::WrongAbi(plugin),
        other => LoadError::BadTable(other.to_string()),
    })
}

/// An error with all its causes: libloading's own text is just "dlopen failed".
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(error) = cause {
        text.push_str(": ");
        text.push_str(&error.to_string());
        cause = error.source();
    }
    text
}
