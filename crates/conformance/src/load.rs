//! Family `load`: the library and what it says of itself.

use gevinst_host::wire::Capability;

use crate::bench::{Bench, Found, Stop, Test, ensure};
use crate::report::Family;

pub(crate) const TESTS: &[Test] = &[
    Test {
        family: Family::Load,
        name: "load.library",
        must: "load, and export a table of this ABI's major version with every required slot",
        needs: &[],
        run: |bench| bench.start().map(drop),
    },
    Test {
        family: Family::Load,
        name: "load.describe_is_pure_and_valid",
        must: "describe itself as the contract says, the same every time, before anything is open",
        needs: &["load.library"],
        run: describe_is_pure_and_valid,
    },
    Test {
        family: Family::Load,
        name: "load.version",
        must: "say the ABI version that its table has, and what its manifest says",
        needs: &["load.describe_is_pure_and_valid"],
        run: version,
    },
    Test {
        family: Family::Load,
        name: "load.capabilities_suffice",
        must: "claim to do something, and to tell an arm's state where it can change it",
        needs: &["load.describe_is_pure_and_valid"],
        run: capabilities_suffice,
    },
    Test {
        family: Family::Load,
        name: "load.schema_knows_the_config",
        must: "have a configuration schema that knows every key of a good configuration",
        needs: &["load.describe_is_pure_and_valid"],
        run: schema_knows_the_config,
    },
];

fn describe_is_pure_and_valid(bench: &Bench<'_>) -> Found {
    let mut first = bench.start()?;
    let told = first.describe(bench.terms())?;
    bench.set_day(3, 5);
    let again = first.describe(bench.terms())?;
    ensure(again == told, || "the second description differs from the first".to_owned())?;
    let elsewhere = bench.start()?.describe(bench.terms())?;
    ensure(elsewhere == told, || "another process describes itself differently".to_owned())?;
    bench.description().map(drop)
}

fn version(bench: &Bench<'_>) -> Found {
    let description = bench.description()?;
    let major = gevinst_host::ABI_MAJOR;
    ensure(description.abi.0 == major, || {
        format!("its table has major {major}, its description says {}", description.abi.0)
    })?;
    let Some(manifest) = bench.plugin.manifest() else { return Ok(()) };
    for (what, told, described) in
        [("id", &manifest.id, &description.id), ("version", &manifest.version, &description.version)]
    {
        ensure(told == described, || {
            format!("its manifest has the {what} `{told}`, its description `{described}`")
        })?;
    }
    ensure(manifest.abi == description.abi, || "manifest and description name different ABIs".to_owned())
}

fn capabilities_suffice(bench: &Bench<'_>) -> Found {
    use Capability::{Apply, Observe, Query};
    let claimed = [bench.can(Apply)?, bench.can(Query)?, bench.can(Observe)?];
    ensure(claimed.contains(&true), || "it claims none of `apply`, `query` and `observe`".to_owned())?;
    ensure(!claimed[0] || claimed[1], || {
        "it claims `apply` without `query`: what became of a lost answer could never be found out".to_owned()
    })
}

fn schema_knows_the_config(bench: &Bench<'_>) -> Found {
    let schema = &bench.description()?.config_schema;
    let Some(properties) = schema.get("properties").and_then(|properties| properties.as_object()) else {
        return Err(Stop::Skip("the schema lists no properties".to_owned()));
    };
    let config = bench.config();
    let unknown =
        config.as_object().and_then(|config| config.keys().find(|key| !properties.contains_key(*key)));
    ensure(unknown.is_none(), || {
        format!("the schema has no property `{}`", unknown.map_or("", |key| key.as_str()))
    })
}
