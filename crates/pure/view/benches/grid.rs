//! How long what a page shows takes to compute.
//!
//! `cargo bench -p view`; the grid of 1,000 resources on 32 nodes has to be there in 50 ms.

#![expect(clippy::expect_used, reason = "a bench whose document does not read has nothing to do")]

use std::time::Duration;

use cib::Document;
use criterion::{Criterion, criterion_group, criterion_main};
use scale::Size;
use view::Seen;

const NOW: i64 = 1_400_000_100;

fn read(text: String) -> Document {
    Document::parse_owned(text).expect("generated documents are well formed")
}

fn seen(document: &Document) -> Seen<'_> {
    Seen { document, cluster: None, now: NOW }
}

fn grids(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("grid");
    group.sample_size(20).measurement_time(Duration::from_secs(3));
    let size = Size { nodes: 32, resources: 1000 };
    let (steady, lost) = (read(scale::steady(size)), read(scale::document(size)));
    for (name, document) in [("32x1000", &steady), ("32x1000, a node lost", &lost)] {
        group.bench_function(name, |bench| {
            bench.iter_with_large_drop(|| view::grid(seen(document)));
        });
    }
    group.finish();
}

fn survival(criterion: &mut Criterion) {
    let mut group = criterion.benchmark_group("status");
    group.sample_size(10).measurement_time(Duration::from_secs(3));
    for (nodes, resources) in [(3, 10), (5, 50), (16, 500), (32, 1000)] {
        let document = read(scale::steady(Size { nodes, resources }));
        group.bench_function(format!("{nodes}x{resources}"), |bench| {
            bench.iter_with_large_drop(|| view::status(seen(&document)));
        });
    }
    group.finish();
}

criterion_group!(benches, grids, survival);
criterion_main!(benches);
