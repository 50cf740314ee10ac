use std::collections::HashSet;

use capstan_engine::core::graph::Graph;
use capstan_engine::core::prove::prove;
use capstan_node_types::registry::Registry;

use super::*;

#[test]
fn every_graph_is_valid_and_can_be_published() {
    let registry = Registry::standard();
    for number in 0..500 {
        let spec = graph(11, number, "http://127.0.0.1:9");
        let compiled = Graph::compile(&spec.document, &registry);
        let compiled = compiled.unwrap_or_else(|problems| panic!("graph {number}: {problems:#?}\n{:#}", spec.document));
        let proof = prove(&compiled, &registry);
        assert!(proof.errors(&[]).is_empty(), "graph {number}: {:#?}\n{:#}", proof.findings, spec.document);
    }
}

#[test]
fn every_graph_that_talks_and_what_it_calls_can_be_published() {
    let registry = Registry::standard();
    let talking = (0..100).map(|number| talking(11, number, "http://127.0.0.1:9"));
    for spec in talking.chain([called(0, "http://127.0.0.1:9"), called(1, "http://127.0.0.1:9")]) {
        let compiled = Graph::compile(&spec.document, &registry);
        let compiled = compiled.unwrap_or_else(|problems| panic!("{problems:#?}\n{:#}", spec.document));
        let proof = prove(&compiled, &registry);
        assert!(proof.errors(&[]).is_empty(), "{:#?}\n{:#}", proof.findings, spec.document);
    }
}

#[test]
fn six_graphs_in_a_row_talk_in_every_way() {
    let ways = [Way::Awaited, Way::Ill, Way::Detached].map(Kind::Calls);
    let tellers = [Teller::Client, Teller::Step, Teller::Nobody].map(Kind::Event);
    for seed in 0..7 {
        let graphs: Vec<GraphSpec> = (0..6).map(|number| talking(seed, number, "http://127.0.0.1:9")).collect();
        for kind in ways.into_iter().chain(tellers).chain([Kind::Emit, Kind::Respond]) {
            let is = |graph: &GraphSpec| graph.nodes.iter().any(|node| node.kind == kind);
            assert!(graphs.iter().any(is), "{kind:?} with seed {seed}");
        }
    }
}

#[test]
fn a_few_graphs_hold_every_kind_of_node_and_every_join() {
    let graphs: Vec<GraphSpec> = (0..150).map(|number| graph(11, number, "http://127.0.0.1:9")).collect();
    let nodes = || graphs.iter().flat_map(|graph| &graph.nodes);
    let kinds: HashSet<_> = nodes().map(|node| std::mem::discriminant(&node.kind)).collect();
    assert_eq!(kinds.len(), 11, "all but the one that ends its worker");
    for of in [Container::ForEach, Container::Loop, Container::Try, Container::Group] {
        for wanted in [true, false] {
            let is = |node: &NodeSpec| node.kind == Kind::Container { of, fails: wanted };
            assert!(nodes().any(is), "{of:?}, which fails: {wanted}");
        }
    }
    assert!(nodes().any(|node| node.wanted == Some(1)) && nodes().any(|node| node.wanted == Some(2)));
    assert!(nodes().any(|node| node.wanted.is_none() && node.sources.len() > 1));
    assert!(nodes().any(|node| !node.losers.is_empty()) && nodes().any(|node| node.finally));
    assert!(nodes().any(|node| node.undoes.is_some() && node.parent.is_some()));
    let deepest = graphs.iter().flat_map(|graph| graph.nodes.iter().map(|node| graph.around(&node.id).count())).max();
    assert_eq!(deepest, Some(2));
}

#[test]
fn a_few_graphs_in_a_row_are_about_everything() {
    let plain = |number: u64| graph(3, number, "http://127.0.0.1:9").nodes.iter().all(|node| node.parent.is_none());
    assert!((0..9).filter(|number: &u64| number.is_multiple_of(PLAIN_EVERY)).all(plain));
    for seed in 0..6 {
        let graphs: Vec<GraphSpec> = (0..9).map(|number| graph(seed, number, "http://127.0.0.1:9")).collect();
        for of in [Container::ForEach, Container::Loop, Container::Try, Container::Group] {
            let is = |node: &NodeSpec| matches!(node.kind, Kind::Container { of: other, .. } if other == of);
            assert!(graphs.iter().any(|graph| graph.nodes.iter().any(is)), "{of:?} with seed {seed}");
        }
        let fails =
            |graph: &GraphSpec| graph.nodes.iter().any(|node| node.parent.is_none() && graph.is_unhandled(&node.id));
        assert!(graphs.iter().any(fails));
    }
}

#[test]
fn graphs_stay_small() {
    let calls = |graph: &GraphSpec| graph.nodes.iter().filter(|node| node.kind.calls()).count();
    let all: Vec<usize> = (0..300).map(|number| calls(&graph(5, number, "http://127.0.0.1:9"))).collect();
    assert!(all.iter().sum::<usize>() < 5 * all.len(), "{} calls in {} graphs", all.iter().sum::<usize>(), all.len());
}

#[test]
fn what_still_runs_in_a_race_when_its_frame_fails_is_not_certain() {
    let mut seen = 0;
    for number in 0..1_500 {
        let spec = graph(11, number, "http://127.0.0.1:9");
        let fails = |parent: &Option<String>| {
            parent.is_some() && spec.nodes.iter().any(|node| node.parent == *parent && node.kind == Kind::Doomed)
        };
        for join in spec.nodes.iter().filter(|node| node.wanted.is_some() && fails(&node.parent)) {
            seen += 1;
            let late = join.sources.iter().filter(|id| spec.node(id).unwrap().is_certain).count();
            assert_eq!(late, 0, "graph {number}: {join:?}");
        }
    }
    assert!(seen > 0);
}
