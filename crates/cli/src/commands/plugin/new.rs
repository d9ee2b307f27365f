//! `gevinst plugin new`: a crate that builds, passes its tests and the conformance suite, ready to be changed.
//!
//! The files are those of `templates/plugin`. Nothing is written over, and nothing is left behind of a crate that could not be
//! written whole.

use std::fs;
use std::path::{Component, Path, PathBuf};

use gevinst_experiment::PluginName;

use crate::failure::{Failure, Kind};
use crate::output::say;

/// Where each template goes.
const FILES: [(&str, &str); 8] = [
    ("Cargo.toml", include_str!("../../../templates/plugin/Cargo.toml.in")),
    ("README.md", include_str!("../../../templates/plugin/README.md.in")),
    (".gitignore", include_str!("../../../templates/plugin/gitignore.in")),
    ("good.toml", include_str!("../../../templates/plugin/good.toml.in")),
    ("src/lib.rs", include_str!("../../../templates/plugin/src/lib.rs.in")),
    ("src/platform.rs", include_str!("../../../templates/plugin/src/platform.rs.in")),
    ("tests/channel.rs", include_str!("../../../templates/plugin/tests/channel.rs.in")),
    ("tests/conformance.rs", include_str!("../../../templates/plugin/tests/conformance.rs.in")),
];

/// Writes the crate `DIR/NAME`.
pub(super) fn run(name: &str, dir: &Path, sdk: Option<&Path>) -> Result<(), Failure> {
    let name = checked(name)?;
    let folder = dir.join(&name);
    if folder.exists() {
        return Err(Failure::new(Kind::Input, format!("`{}` is there already", folder.display()))
            .hint("take another name, or another `--dir`"));
    }
    let (sdk, lock) = match sdk {
        Some(path) => {
            let sdk = given(path)?;
            // The versions that the SDK is tested with; inside the checkout they are the workspace's anyway.
            let lock =
                sdk.ancestors().nth(2).map(|root| root.join("Cargo.lock")).filter(|lock| lock.is_file());
            (Some(sdk), lock.filter(|_| in_workspace(dir).is_none()))
        }
        None => (in_workspace(dir), None),
    };
    let written = write(&folder, &name, sdk.as_deref()).and_then(|()| match lock {
        Some(lock) => {
            fs::copy(&lock, folder.join("Cargo.lock")).map(drop).map_err(|error| failed(&lock, &error))
        }
        None => Ok(()),
    });
    written.inspect_err(|_| {
        // The folder was not there before; what it holds is ours.
        let _ = fs::remove_dir_all(&folder);
    })?;
    let library = library(&name);
    say(&format!(
        "wrote {}\nnext: `cargo test` in it; then `cargo build` and `gevinst plugin test target/debug/{library} --config good.toml`",
        folder.display()
    ))
}

/// A plugin's name that also makes a crate's.
fn checked(name: &str) -> Result<String, Failure> {
    let parsed: PluginName = name.parse().map_err(|mistake: gevinst_experiment::Mistake| {
        let failure = Failure::new(Kind::Usage, mistake.message.clone());
        match &mistake.help {
            Some(help) => failure.hint(help.clone()),
            None => failure,
        }
    })?;
    Ok(parsed.as_str().to_owned())
}

/// The folder of `gevinst-sdk` that was named.
fn given(path: &Path) -> Result<PathBuf, Failure> {
    let found = [path.to_path_buf(), path.join("crates/sdk")].into_iter().find(|path| is_sdk(path));
    let wrong = || {
        Failure::new(Kind::Input, format!("`{}` is not the folder of `gevinst-sdk`", path.display()))
            .hint("name `crates/sdk` of a checkout of gevinst")
    };
    let found = found.ok_or_else(wrong)?;
    std::path::absolute(found).map_err(|_| wrong())
}

/// The SDK beside which the crate is going to live, when it is written into a checkout of gevinst.
fn in_workspace(dir: &Path) -> Option<PathBuf> {
    let dir = std::path::absolute(dir).ok()?;
    dir.ancestors().map(|folder| folder.join("crates/sdk")).find(|sdk| is_sdk(sdk))
}

fn is_sdk(folder: &Path) -> bool {
    let manifest = fs::read_to_string(folder.join("Cargo.toml")).ok();
    let manifest = manifest.and_then(|text| text.parse::<toml::Table>().ok());
    let name = manifest.as_ref().and_then(|manifest| manifest.get("package")?.get("name")?.as_str());
    name == Some("gevinst-sdk")
}

/// The file that Cargo makes of the crate.
fn library(name: &str) -> String {
    use std::env::consts::{DLL_PREFIX, DLL_SUFFIX};
    format!("{DLL_PREFIX}gevinst_{}{DLL_SUFFIX}", name.replace('-', "_"))
}

fn write(folder: &Path, name: &str, sdk: Option<&Path>) -> Result<(), Failure> {
    let from = std::path::absolute(folder).map_err(|error| failed(folder, &error))?;
    let fill = |text: &str| {
        text.replace("{{sdk}}", &dependency("gevinst-sdk", sdk, &from))
            .replace("{{conformance}}", &dependency("gevinst-conformance", sdk.map(beside).as_deref(), &from))
            .replace("{{library}}", &format!("target/debug/{}", library(name)))
            .replace("{{crate}}", &format!("gevinst_{}", name.replace('-', "_")))
            .replace("{{name}}", name)
    };
    for (file, template) in FILES {
        let path = folder.join(file);
        let parent = path.parent().unwrap_or(folder);
        fs::create_dir_all(parent).map_err(|error| failed(parent, &error))?;
        fs::write(&path, fill(template)).map_err(|error| failed(&path, &error))?;
    }
    Ok(())
}

fn failed(path: &Path, error: &std::io::Error) -> Failure {
    Failure::new(Kind::Input, format!("failed to write `{}`: {error}", path.display()))
}

fn beside(sdk: &Path) -> PathBuf {
    sdk.with_file_name("conformance")
}

/// A line of the manifest: by path where the sources are known, else by this program's version.
fn dependency(name: &str, path: Option<&Path>, from: &Path) -> String {
    match path {
        Some(path) => format!("{name} = {{ path = {} }}", toml::Value::from(route(from, path))),
        None => format!("{name} = \"{}\"", env!("CARGO_PKG_VERSION")),
    }
}

/// How one gets from a folder to another: relative when they share more than the root, so that both can move together.
fn route(from: &Path, to: &Path) -> String {
    let (from, to): (Vec<_>, Vec<_>) = (from.components().collect(), to.components().collect());
    let shared = from.iter().zip(&to).take_while(|(one, other)| one == other).count();
    let is_plain = |parts: &[Component<'_>]| parts.iter().all(|part| matches!(part, Component::Normal(_)));
    let path: PathBuf = if shared > 2 && is_plain(&from[shared..]) && is_plain(&to[shared..]) {
        from[shared..].iter().map(|_| Component::ParentDir).chain(to[shared..].iter().copied()).collect()
    } else {
        to.iter().collect()
    };
    path.display().to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Protects checkouts that are moved: a plugin inside finds the SDK by the way between them.
    #[test]
    fn the_way_to_the_sdk_is_relative_inside_a_checkout() {
        let route = |from: &str, to: &str| route(Path::new(from), Path::new(to));
        assert_eq!(route("/home/x/gevinst/plugins/own", "/home/x/gevinst/crates/sdk"), "../../crates/sdk");
        assert_eq!(route("/tmp/own", "/srv/gevinst/crates/sdk"), "/srv/gevinst/crates/sdk");
        let by_version = dependency("gevinst-sdk", None, Path::new("/tmp/own"));
        assert_eq!(by_version, format!("gevinst-sdk = \"{}\"", env!("CARGO_PKG_VERSION")));
    }

    /// Protects against templates with a place that nothing fills.
    #[test]
    fn every_place_of_a_template_is_filled() {
        let folder = tempfile::tempdir().expect("a folder for the test");
        let crate_folder = folder.path().join("own-channel");
        write(&crate_folder, "own-channel", None).expect("the folder can be written");
        for (file, _) in FILES {
            let text = fs::read_to_string(crate_folder.join(file)).expect("it was written");
            assert!(!text.contains("{{"), "{file}: {text}");
        }
        let manifest = fs::read_to_string(crate_folder.join("Cargo.toml")).expect("it was written");
        let manifest: toml::Table = manifest.parse().expect("it is TOML");
        assert_eq!(manifest["package"]["name"].as_str(), Some("gevinst-own-channel"));
    }
}
