//! The corpus, through a real Envoy.

use integration_tests::through_envoy::CorpusEnvoy;
use meshward_testkit::{Corpus, Mistake, Run, load};

fn lines(mistakes: &[Mistake]) -> String {
    mistakes.iter().map(|m| format!("\n{m}")).collect()
}

#[test]
fn envoy_does_what_the_corpus_says() {
    let corpus = Corpus::of_checkout().unwrap_or_else(|mistakes| panic!("{}", lines(&mistakes)));
    let run = Run::start(&load::testdata()).unwrap();
    let envoy = CorpusEnvoy::start(&corpus, &run);
    let mut failed = Vec::new();
    for topic in &corpus.topics {
        let found = envoy.run(&run, topic);
        println!(
            "{}: {} cases, {} exchanges, {} differences",
            topic.name,
            topic.file.case.len(),
            topic.exchanges(),
            found.len()
        );
        failed.extend(found);
    }
    assert!(failed.is_empty(), "{}", lines(&failed));
    assert!(
        envoy.envoy.log.lines_with("panicked").is_empty(),
        "the filter panicked"
    );
}
