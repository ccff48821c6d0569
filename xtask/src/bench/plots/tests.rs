use super::*;
use crate::paths;

/// What the manual shows.
const MANUAL: &str = "docs/src/operations/cost";

#[test]
fn the_pictures_of_the_manual_are_those_of_its_report() {
    let dir = paths::root().join(MANUAL);
    let text = fs::read_to_string(dir.join("report.json")).unwrap();
    let report: Report = serde_json::from_str(&text).unwrap();
    let pictures = pictures(&report).unwrap();
    assert_eq!(pictures.len(), 3);
    for (name, svg) in pictures {
        let shown = fs::read_to_string(dir.join(name)).unwrap();
        assert!(
            shown == svg,
            "`{name}` is not what its report says: cargo xtask bench --from {MANUAL}/report.json --plots {MANUAL}"
        );
    }
}

#[test]
fn every_load_has_its_words() {
    for case in &CASES {
        assert!(
            LOADS.iter().any(|(load, _)| *load == case.load),
            "{}",
            case.name
        );
    }
}

#[test]
fn a_report_without_memory_has_no_picture_of_it() {
    let report: Report = serde_json::from_str(
        r#"{"envoy":"1","rounds":1,"memory":[],"cases":[{"name":"proxy","cpu_us_per_request":9.0,"cpu_us_median":10.0,
            "cpu_us_half":[9.0,11.0],"requests_per_second":1.0,"p50_us":1.0,"p99_us":1.0,"ratios":{},"ratio_halves":{}},
            {"name":"of-another-version","cpu_us_per_request":9.0,"cpu_us_median":10.0,"cpu_us_half":[9.0,11.0],
            "requests_per_second":1.0,"p50_us":1.0,"p99_us":1.0,"ratios":{},"ratio_halves":{}}]}"#,
    )
    .unwrap();
    let pictures = pictures(&report).unwrap();
    let names: Vec<_> = pictures.iter().map(|(name, _)| *name).collect();
    assert_eq!(names, ["cpu.svg"]);
    assert!(!pictures[0].1.contains("of-another-version"));
}
