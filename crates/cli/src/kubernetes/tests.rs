use super::*;

pub(super) fn manifest(place: Place, labels: &[&str]) -> Manifest {
    Manifest {
        name: "meshward-orders".parse().unwrap(),
        target: Target {
            namespace: "shop".parse().unwrap(),
            labels: labels.iter().map(|l| l.parse().unwrap()).collect(),
            place,
        },
        phase: Phase::Authn,
        module: "/etc/f.wasm".parse().unwrap(),
        pull_secret: None,
        clusters: Vec::new(),
        buffer: 1 << 20,
        stats_tags: false,
    }
}

#[test]
fn a_plugin_carries_the_bundle_as_a_value() {
    let bundle = json!({ "metadata": { "name": "orders" } });
    let objects =
        manifest(Place::Sidecar, &["app=orders"]).objects(Form::WasmPlugin(bundle.clone()));
    let [plugin] = objects.as_slice() else {
        panic!("{objects:?}");
    };
    let spec = &plugin["spec"];
    assert_eq!(spec["pluginConfig"], bundle);
    assert_eq!(spec["selector"]["matchLabels"], json!({ "app": "orders" }));
    assert_eq!(spec["failStrategy"], "FAIL_RELOAD");
    assert_eq!(spec["match"], json!([{ "mode": "SERVER" }]));
}

#[test]
fn a_filter_carries_it_as_text_and_is_discovered_under_its_name() {
    let objects = manifest(Place::Gateway, &[]).objects(Form::EnvoyFilter("{}".to_owned()));
    let [filter] = objects.as_slice() else {
        panic!("{objects:?}");
    };
    assert!(filter["spec"].get("workloadSelector").is_none());
    let patches = filter["spec"]["configPatches"].as_array().unwrap();
    let [config, inserted] = patches.as_slice() else {
        panic!("{patches:?}");
    };
    for patch in patches {
        assert_eq!(patch["match"]["context"], "GATEWAY");
        assert_eq!(
            patch["patch"]["value"]["name"],
            "meshward.shop.meshward-orders"
        );
    }
    let plugin = &config["patch"]["value"]["typed_config"]["config"];
    assert_eq!(plugin["configuration"]["value"], "{}");
    assert_eq!(plugin["allow_on_headers_stop_iteration"], true);
    assert_eq!(inserted["patch"]["operation"], "INSERT_FIRST");
}

#[test]
fn large_bodies_get_large_buffers() {
    let mut manifest = manifest(Place::Sidecar, &[]);
    manifest.buffer = 5 << 20;
    let objects = manifest.objects(Form::EnvoyFilter("{}".to_owned()));
    let listener = &objects[0]["spec"]["configPatches"][2];
    assert_eq!(listener["applyTo"], "LISTENER");
    assert_eq!(
        listener["patch"]["value"]["per_connection_buffer_limit_bytes"],
        5 << 20
    );
}

#[test]
fn clusters_and_labels_of_counters_are_patches_of_their_own_beside_a_plugin() {
    let mut manifest = manifest(Place::Sidecar, &["app=orders"]);
    manifest.clusters = vec!["idp=https://idp.test:443".parse().unwrap()];
    manifest.stats_tags = true;
    let objects = manifest.objects(Form::WasmPlugin(json!({})));
    let names: Vec<_> = objects
        .iter()
        .map(|o| o["metadata"]["name"].as_str().unwrap())
        .collect();
    assert_eq!(
        names,
        [
            "meshward-orders-clusters",
            "meshward-orders",
            "meshward-orders-stats"
        ]
    );
    let cluster = &objects[0]["spec"]["configPatches"][0];
    assert_eq!(
        (&cluster["applyTo"], &cluster["patch"]["value"]["name"]),
        (&json!("CLUSTER"), &json!("idp"))
    );
    let tags =
        &objects[2]["spec"]["configPatches"][0]["patch"]["value"]["stats_config"]["stats_tags"];
    assert_eq!(tags.as_array().unwrap().len(), 8);
}
