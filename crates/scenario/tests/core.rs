//! Every scenario of the repository, on the core.

use scenario::{CoreEngine, Scenario, run};

#[test]
fn every_scenario_holds_on_the_core() {
    let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/../../scenarios");
    let mut played = 0;
    let mut failures = String::new();
    let mut files: Vec<_> = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    files.sort();
    for file in files {
        let scenario = Scenario::parse(&std::fs::read_to_string(&file).unwrap()).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for failure in run(&scenario, &mut <CoreEngine>::default()) {
            failures += &format!("{}: {failure}\n", file.display());
        }
        played += 1;
    }
    assert!(failures.is_empty(), "\n{failures}");
    assert!(played > 0, "{folder} holds no scenario");
}
