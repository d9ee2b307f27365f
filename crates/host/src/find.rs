//! From a plugin's name to its file, hash and manifest, without running any of its code.
//!
//! A plugin `native-ads` is the library `libgevinst_native_ads.so` (`.dylib`, `.dll`). Something with a path
//! separator or a library's extension is taken as a path. The folders come from the caller.

use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
use std::fs::File;
use std::io::Read;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::error::HostError;
use crate::manifest::Manifest;

/// A library that was found and read, but not loaded.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plugin {
    path: PathBuf,
    sha256: String,
    manifest: Option<Manifest>,
}

impl Plugin {
    /// Finds a plugin by its name in the first of `dirs` that has it, or by its path.
    ///
    /// # Errors
    /// [`HostError::NotFound`] with everything that was looked for, and as [`Plugin::at`].
    pub fn find(name: &str, dirs: &[PathBuf]) -> Result<Self, HostError> {
        let looked: Vec<PathBuf> = if is_path(name) {
            vec![PathBuf::from(name)]
        } else {
            dirs.iter().map(|dir| dir.join(file_name(name))).collect()
        };
        match looked.iter().find(|path| path.is_file()) {
            Some(path) => Self::at(path),
            None => Err(HostError::NotFound {
                name: name.to_owned(),
                looked,
                installed: installed(dirs).into_iter().map(|(name, _)| name).collect(),
            }),
        }
    }

    /// The plugin at a path: reads, hashes, and reads the manifest beside it.
    ///
    /// # Errors
    /// [`HostError::Unreadable`], [`HostError::NotALibrary`] when the file does not even start like one,
    /// [`HostError::BadManifest`], [`HostError::WrongAbi`] when the manifest names another major.
    pub fn at(path: &Path) -> Result<Self, HostError> {
        let unreadable = |source| HostError::Unreadable { path: path.to_owned(), source };
        // Absolute, so that the loader never searches and a change of folder changes nothing.
        let absolute = path.canonicalize().map_err(unreadable)?;
        let mut file = File::open(&absolute).map_err(unreadable)?;
        let mut hasher = Sha256::new();
        let mut chunk = vec![0; 64 << 10];
        let mut start: Option<[u8; 4]> = None;
        loop {
            let n = match file.read(&mut chunk) {
                Ok(0) => break,
                Ok(n) => n,
                Err(error) if error.kind() == std::io::ErrorKind::Interrupted => continue,
                Err(error) => return Err(unreadable(error)),
            };
            if start.is_none() {
                start = chunk[..n].first_chunk::<4>().copied();
            }
            hasher.update(&chunk[..n]);
        }
        if !start.is_some_and(|start| LIBRARY_STARTS.contains(&start)) {
            let reason = "it does not start like one".to_owned();
            return Err(HostError::NotALibrary { path: absolute, reason });
        }
        let sha256: String = hasher.finalize().iter().map(|byte| format!("{byte:02x}")).collect();
        let manifest = Manifest::beside(&absolute, &sha256)?;
        Ok(Self { path: absolute, sha256, manifest })
    }

    /// Where it is: absolute, without links.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// SHA-256 of the library, in hexadecimal.
    pub fn sha256(&self) -> &str {
        &self.sha256
    }

    /// The manifest beside it, if there is one.
    pub fn manifest(&self) -> Option<&Manifest> {
        self.manifest.as_ref()
    }
}

/// The plugins in the folders, by name; of one name the first counts. Nothing is read of them but their names.
pub fn installed(dirs: &[PathBuf]) -> Vec<(String, PathBuf)> {
    let mut found: Vec<(String, PathBuf)> = Vec::new();
    for dir in dirs {
        let mut here: Vec<_> = std::fs::read_dir(dir)
            .into_iter()
            .flatten()
            .filter_map(|entry| {
                let path = entry.ok()?.path();
                Some((name_of(path.file_name()?.to_str()?)?, path))
            })
            .filter(|(_, path)| path.is_file())
            .collect();
        here.sort();
        for (name, path) in here {
            if !found.iter().any(|(known, _)| *known == name) {
                found.push((name, path));
            }
        }
    }
    found.sort();
    found
}

/// What every plugin's file name starts with, behind the platform's own prefix.
const STEM: &str = "gevinst_";

/// First bytes of what this platform's loader may take.
#[cfg(not(target_vendor = "apple"))]
const LIBRARY_STARTS: [[u8; 4]; 1] = [*b"\x7fELF"];
/// First bytes of what this platform's loader may take: thin and universal Mach-O.
#[cfg(target_vendor = "apple")]
const LIBRARY_STARTS: [[u8; 4]; 3] =
    [[0xcf, 0xfa, 0xed, 0xfe], [0xca, 0xfe, 0xba, 0xbe], [0xce, 0xfa, 0xed, 0xfe]];

fn is_path(name: &str) -> bool {
    name.contains(std::path::is_separator) || name.ends_with(DLL_SUFFIX)
}

fn file_name(name: &str) -> String {
    format!("{DLL_PREFIX}{STEM}{}{DLL_SUFFIX}", name.replace('-', "_"))
}

/// The plugin's name in a file name; underscores stand for the hyphens of the name.
fn name_of(file_name: &str) -> Option<String> {
    let name = file_name.strip_prefix(DLL_PREFIX)?.strip_prefix(STEM)?.strip_suffix(DLL_SUFFIX)?;
    (!name.is_empty()).then(|| name.replace('_', "-"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects the way from a name to a file and back.
    #[test]
    #[cfg(target_os = "linux")]
    fn names_and_files_belong_together() {
        assert_eq!(file_name("native-ads"), "libgevinst_native_ads.so");
        assert_eq!(name_of("libgevinst_native_ads.so").as_deref(), Some("native-ads"));
        assert_eq!(name_of("libgevinst_.so"), None);
        assert_eq!(name_of("libother.so"), None);
        assert!(is_path("./x") && is_path("libx.so") && !is_path("native-ads"));
    }

    /// Protects the user from "not found" without a word about where was looked and what there is.
    #[test]
    #[cfg(target_os = "linux")]
    fn not_found_says_where_and_what_else() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::write(dir.path().join("libgevinst_email.so"), b"\x7fELF").unwrap();
        let error = Plugin::find("emial", &[dir.path().to_owned()]).unwrap_err();
        let path = dir.path().join("libgevinst_emial.so");
        assert_eq!(
            error.to_string(),
            format!("no plugin `emial`; looked for `{}`; there are `email`", path.display())
        );
    }

    /// Protects against handing a text file, or an empty one, to the loader.
    #[test]
    fn what_does_not_start_like_a_library_is_refused() {
        let dir = tempfile::tempdir().unwrap();
        for content in ["", "#!/", "hello, world"] {
            let path = dir.path().join("x.so");
            std::fs::write(&path, content).unwrap();
            assert!(matches!(Plugin::at(&path), Err(HostError::NotALibrary { .. })), "{content:?}");
        }
        assert!(matches!(Plugin::at(&dir.path().join("none.so")), Err(HostError::Unreadable { .. })));
    }

    /// Protects the hash that experiments are pinned to, by the value that another program computes.
    #[test]
    #[cfg(target_os = "linux")]
    fn the_hash_is_that_of_the_whole_file() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("x.so");
        std::fs::write(&path, b"\x7fELFabc").unwrap();
        let plugin = Plugin::at(&path).unwrap();
        assert_eq!(plugin.sha256(), SHA_OF_ELF_ABC);
    }

    /// `printf '\x7fELFabc' | sha256sum`
    #[cfg(target_os = "linux")]
    const SHA_OF_ELF_ABC: &str = "03c42d2f2e631af1d37fa7ae9e7958dca97844988ed443fe68b5fe402bdb7670";

    /// Protects the rule that a manifest can only refuse, and refuses before anything is loaded.
    #[test]
    #[cfg(target_os = "linux")]
    fn a_manifest_of_another_major_or_hash_refuses() {
        let dir = tempfile::tempdir().unwrap();
        let path = dir.path().join("libgevinst_x.so");
        let manifest = dir.path().join("libgevinst_x.gevinst.json");
        std::fs::write(&path, b"\x7fELFabc").unwrap();
        let at = |text: &str| {
            std::fs::write(&manifest, text).unwrap();
            Plugin::at(&path)
        };
        let good =
            format!(r#"{{"id":"x","version":"1.0.0","abi":[1,7],"sha256":"{SHA_OF_ELF_ABC}","new":1}}"#);
        assert_eq!(at(&good).unwrap().manifest().unwrap().abi, (1, 7));
        let error = at(r#"{"id":"x","version":"1.0.0","abi":[2,0]}"#).unwrap_err().to_string();
        assert!(error.ends_with("speaks channel ABI 2.0, this program speaks 1.0"), "{error}");
        let error = at(r#"{"id":"x","version":"1.0.0","abi":[1,0],"sha256":"00"}"#).unwrap_err().to_string();
        assert!(error.contains("says that the library's SHA-256 is 00, but it is"), "{error}");
        assert!(at("not json").unwrap_err().to_string().contains("cannot be understood"));
    }
}
