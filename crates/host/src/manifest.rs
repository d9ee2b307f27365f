//! The sidecar manifest: what a plugin says of itself before any of its code runs.
//!
//! Beside `libgevinst_native_ads.so` may lie `libgevinst_native_ads.gevinst.json`:
//!
//! ```json
//! { "id": "native-ads", "version": "0.3.0", "abi": [1, 0], "sha256": "9f86d0…" }
//! ```
//!
//! JSON, because a plugin's build writes it and programs read it. Only `id`, `version` and `abi` are required;
//! unknown keys are ignored, so that a later version may add some. A manifest of another ABI major, or with
//! another hash than the library's, keeps the library from being loaded. Without a manifest nothing is lost but
//! the early refusal.

use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

use crate::error::HostError;

/// Larger files are no manifests.
const MANIFEST_BYTES_MAX: u64 = 1 << 20;

/// What a plugin says of itself before any of its code runs.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Manifest {
    /// The plugin's name.
    pub id: String,
    /// Its own version.
    pub version: String,
    /// Major and minor of the ABI it was built for.
    pub abi: (u32, u32),
    /// SHA-256 of the library, in hexadecimal.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sha256: Option<String>,
}

impl Manifest {
    /// Where the manifest of a library is looked for.
    pub fn path_for(library: &Path) -> PathBuf {
        library.with_extension("gevinst.json")
    }

    /// Reads the manifest beside a library, if there is one, and holds it against the library's hash.
    ///
    /// # Errors
    /// [`HostError::BadManifest`] when it cannot be read or names another hash, [`HostError::WrongAbi`].
    pub(crate) fn beside(library: &Path, sha256: &str) -> Result<Option<Self>, HostError> {
        let path = Self::path_for(library);
        let bad = |reason: String| HostError::BadManifest { path: path.clone(), reason };
        let text = match std::fs::metadata(&path) {
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Ok(meta) if meta.len() > MANIFEST_BYTES_MAX => {
                return Err(bad(format!("is larger than {MANIFEST_BYTES_MAX} bytes")));
            }
            _ => std::fs::read_to_string(&path).map_err(|error| bad(format!("cannot be read: {error}")))?,
        };
        let manifest: Self =
            serde_json::from_str(&text).map_err(|error| bad(format!("cannot be understood: {error}")))?;
        let host = (gevinst_abi::ABI_MAJOR, gevinst_abi::ABI_MINOR);
        if manifest.abi.0 != host.0 {
            return Err(HostError::WrongAbi { path: library.to_owned(), plugin: manifest.abi, host });
        }
        match &manifest.sha256 {
            Some(told) if !told.eq_ignore_ascii_case(sha256) => {
                Err(bad(format!("says that the library's SHA-256 is {told}, but it is {sha256}")))
            }
            _ => Ok(Some(manifest)),
        }
    }
}
