//! How long the scheduler's stages take, and how the whole grows.
//!
//! `cargo bench -p scheduler`; with a word, what has it in its name: `-- plan/32x1000`.

#![expect(clippy::expect_used, reason = "a bench whose document does not read has nothing to do")]

use std::time::Duration;

use cib::Document;
use criterion::{BenchmarkId, Criterion, Throughput, criterion_group, criterion_main};
use scale::{Hard, SIZES, Size};
use scheduler::Input;

/// What the targets are about.
const USUAL: Size = Size { nodes: 32, resources: 1000 };

/// When the generated documents are.
const NOW: Input = Input { now: 1_400_000_100, sanitized: false };

fn read(text: String) -> Document {
    Document::parse_owned(text).expect("generated documents are well formed")
}

fn name(size: Size) -> String {
    format!("{}x{}", size.nodes, size.resources)
}

/// One stage after the other, each with what it needs.
fn stages(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group(format!("stage/{}", name(USUAL)));
    group.sample_size(20).measurement_time(Duration::from_secs(3));
    let text = scale::document(USUAL);
    group.bench_function("read", |bench| bench.iter(|| read(text.clone())));
    let document = read(text.clone());
    group.bench_function("resolve", |bench| {
        bench.iter_with_large_drop(|| scheduler::resolve(&document, &NOW));
    });
    let resolved = scheduler::resolve(&document, &NOW);
    group.bench_function("assign", |bench| {
        bench.iter_with_large_drop(|| scheduler::assign(&resolved));
    });
    let assigned = scheduler::assign(&resolved);
    group.bench_function("act", |bench| {
        bench.iter_with_large_drop(|| scheduler::act(&resolved, &assigned));
    });
    group.bench_function("act and graph", |bench| {
        bench.iter_with_large_drop(|| {
            scheduler::graph(scheduler::act(&resolved, &assigned), &resolved, &assigned)
        });
    });
    group.finish();
}

/// The whole decision, for documents of every size but the largest, which takes too long to be
/// done ten times.
fn sizes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("plan");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    for size in SIZES.into_iter().filter(|size| size.nodes * size.resources < 1_000_000) {
        let document = read(scale::document(size));
        group.throughput(Throughput::Elements((size.nodes * size.resources) as u64));
        group.bench_function(BenchmarkId::from_parameter(name(size)), |bench| {
            bench.iter_with_large_drop(|| scheduler::plan(&document, &NOW));
        });
    }
    group.finish();
}

/// Shapes that tempt to more than linear work, at one size and at twice that.
fn shapes(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("shape");
    group.sample_size(10).measurement_time(Duration::from_secs(2));
    for shape in Hard::ALL {
        for count in [250_usize, 500] {
            let document = read(scale::hard(shape, count));
            group.throughput(Throughput::Elements(count as u64));
            group.bench_function(BenchmarkId::new(shape.name(), count), |bench| {
                bench.iter_with_large_drop(|| scheduler::plan(&document, &NOW));
            });
        }
    }
    group.finish();
}

criterion_group!(benches, stages, sizes, shapes);
criterion_main!(benches);
