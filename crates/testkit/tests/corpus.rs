//! The corpus can be read, and its tokens and placeholders can be filled.

use meshward_testkit::{Corpus, Run, load};

#[test]
fn every_case_can_be_prepared() {
    let corpus = Corpus::of_checkout().unwrap_or_else(|m| panic!("{}", lines(&m)));
    let run = Run::start(&load::testdata()).unwrap();
    for topic in &corpus.topics {
        run.policy_text(topic).unwrap_or_else(|m| panic!("{m}"));
        for case in &topic.file.case {
            run.prepare(topic, case).unwrap_or_else(|m| panic!("{m}"));
        }
        println!("{}: {} cases", topic.name, topic.file.case.len());
    }
}

fn lines(mistakes: &[meshward_testkit::Mistake]) -> String {
    mistakes.iter().map(|m| format!("{m}\n")).collect()
}
